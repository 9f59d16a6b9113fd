"""The subcommands of `freeproviders`, one module each, and what they share: exit codes, and lines for the person.

A module of a subcommand has ``add(commands)``, which adds its parser and sets ``run`` to a function from the options to
the exit code, and stands in the list in ``freeproviders.__main__``. What it needs is imported when it runs.

Exit codes: 0 for success; 1 where the services asked did not do what was wanted; 2 for wrong words, and for whatever
else kept the command from its work; 130 for Ctrl-C; 141 where nobody reads the output any more.
"""

import os
import sys

from freeproviders.errors import (
    AllProvidersFailed,
    ConnectionFailed,
    InvalidSetting,
    PromptTooLong,
    ProviderError,
    UnknownModel,
    UnsupportedContent,
)
from freeproviders.settings import SANDBOX_VARIABLE

__all__ = ["FAILED", "INTERRUPTED", "PIPE_CLOSED", "WRONG", "clean", "code_of", "explained", "fail", "note", "say"]

FAILED, WRONG = 1, 2
# As of programs that the signals SIGINT and SIGPIPE have ended, which is what shells look for.
INTERRUPTED, PIPE_CLOSED = 128 + 2, 128 + 13

# Nobody but the person can cure these.
_FAULTS = (InvalidSetting, PromptTooLong, UnknownModel, UnsupportedContent)

# What a terminal would obey: a service's words may move no cursor and write to no clipboard, nor (the last two) have
# themselves read backwards.
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0), 0x202D, 0x202E) if chr(code) not in "\n\t"}


def say(line: str) -> None:
    """Writes a line for the person, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def note(line: str) -> None:
    """Writes a line beside the output; what is said there may be a service's words."""
    sys.stderr.write(f"freeproviders: {clean(line)}\n")


def fail(message: str, code: int = WRONG) -> int:
    """Writes what went wrong, and gives the exit code for it."""
    note(message)
    return code


def clean(text: str) -> str:
    """A text without the characters that a terminal obeys, but for line breaks and tabs."""
    return text.translate(_CONTROLS)


def code_of(error: ProviderError) -> int:
    """The exit code for what a call has raised."""
    return WRONG if isinstance(error, _FAULTS) else FAILED


def explained(error: ProviderError) -> str:
    """What a call has raised, for the person; what several services said is a line each."""
    if not isinstance(error, AllProvidersFailed) or not error.attempts:
        return clean(" ".join(filter(None, (str(error), _sandbox_gone(error)))))
    said = dict.fromkeys(map(str, error.attempts))  # asked twice, a service mostly says the same again
    hints = dict.fromkeys(filter(None, (_sandbox_gone(one.error) for one in error.attempts)))
    return clean("\n  ".join(["none of the services could answer", *said, *hints]))


def _sandbox_gone(error: ProviderError | None) -> str:
    """What to look at where nothing can be reached because a variable still names a sandbox that has ended."""
    if not isinstance(error, ConnectionFailed) or not os.environ.get(SANDBOX_VARIABLE):
        return ""
    return f"{SANDBOX_VARIABLE} is set: is that sandbox running?"
