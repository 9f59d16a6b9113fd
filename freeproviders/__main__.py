"""The `freeproviders` command: the list of its subcommands, which live in ``freeproviders.commands``."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from freeproviders._version import __version__
from freeproviders.commands import (
    INTERRUPTED,
    PIPE_CLOSED,
    ask,
    chat,
    check,
    completion,
    fail,
    image,
    login,
    sandbox,
)
from freeproviders.commands import list as listing
from freeproviders.commands.parsing import Parser, examples, read
from freeproviders.errors import ProviderError

_COMMANDS = (chat, ask, image, listing, check, login, sandbox, completion)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Words after the command's name; None takes those of the process.

    Returns:
        Exit code; see ``freeproviders.commands``.
    """
    _open_streams()
    parser, commands = _parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell wants to know what could come next
        _complete(parser)
    _write_anything()
    options = read(parser, commands, sys.argv[1:] if arguments is None else arguments)
    try:
        code: int = options.run(options)
    except ProviderError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _give_up_output()
        return PIPE_CLOSED
    except OSError as error:  # the disk that the output goes to is full, say
        _give_up_output()
        return fail(str(error))
    return code


def _open_streams() -> None:
    """Where a shell has closed one (``>&-``) there is the device that takes all and has nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(nothing, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # to the end


def _complete(parser: Parser) -> None:
    with contextlib.suppress(ImportError):
        import argcomplete

        argcomplete.autocomplete(parser)


def _write_anything() -> None:
    """A terminal or pipe that knows fewer characters than an answer has gets them escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Who read it has gone; Python would complain of what is left when it flushes that at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> tuple[Parser, Any]:
    parser = Parser(
        prog="freeproviders",
        description="Free chat services without an API key.",
        epilog=examples(
            "freeproviders chat",
            'freeproviders ask "What is a monad?"',
            "freeproviders list",
            "freeproviders ask --help",
        ),
    )
    parser.add_argument("--version", action="version", version=f"freeproviders {__version__}")
    commands = parser.add_subparsers(metavar="command")
    for command in _COMMANDS:
        command.add(commands)
    return parser, commands


if __name__ == "__main__":
    sys.exit(main())
