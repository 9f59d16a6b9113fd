"""The subcommands of `freeproviders`, one module each.

A module has ``add(commands)``, which adds its parser and sets ``run`` to a function from the options to the exit code,
and stands in the list in ``freeproviders.__main__``. What a subcommand needs is imported when it runs.
"""

import sys

__all__ = ["fail", "say"]

_USAGE_ERROR = 2


def say(line: str) -> None:
    """Writes a line for the person, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fail(message: str) -> int:
    """Writes what went wrong, and gives the exit code for it."""
    sys.stderr.write(f"freeproviders: {message}\n")
    return _USAGE_ERROR
