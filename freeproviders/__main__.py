"""The `freeproviders` command: the list of its subcommands, which live in ``freeproviders.commands``."""

import argparse
import os
import sys
from collections.abc import Sequence

from freeproviders.commands import check, fail, login, sandbox
from freeproviders.commands import list as listing
from freeproviders.errors import ProviderError

_COMMANDS = (check, listing, login, sandbox)
# As of a program that the signal SIGPIPE has ended, which is what shells look for.
_PIPE_CLOSED = 128 + 13


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Words after the command's name; None takes those of the process.

    Returns:
        Exit code: 0 for success, 2 for wrong words and for whatever else kept the subcommand from its work,
        141 where nobody reads its output any more.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ProviderError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("interrupted")
    except BrokenPipeError:
        _give_up_output()
        return _PIPE_CLOSED
    except OSError as error:  # the disk that the output goes to is full, say
        _give_up_output()
        return fail(str(error))
    return code


def _give_up_output() -> None:
    """Who read it has gone; Python would complain of what is left when it flushes that at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="freeproviders", description="Free chat services without an API key.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in _COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
