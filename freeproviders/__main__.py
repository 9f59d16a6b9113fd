"""The `freeproviders` command: the list of its subcommands, which live in ``freeproviders.commands``."""

import argparse
import sys
from collections.abc import Sequence

from freeproviders.commands import check, fail, login, sandbox
from freeproviders.commands import list as listing
from freeproviders.errors import ProviderError

_COMMANDS = (check, listing, login, sandbox)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Words after the command's name; None takes those of the process.

    Returns:
        Exit code: 0 for success, 2 for wrong words and for whatever else kept the subcommand from its work.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ProviderError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("interrupted")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="freeproviders", description="Free chat services without an API key.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in _COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
