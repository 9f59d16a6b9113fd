"""`freeproviders completion SHELL`: what a shell is to be told, so that TAB completes commands, services and models."""

import argparse
from typing import Any

from freeproviders.commands import say
from freeproviders.commands.parsing import examples
from freeproviders.errors import InvalidSetting

__all__ = ["add"]


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "print what makes a shell complete commands, services and models with TAB"
    parser = commands.add_parser(
        "completion",
        help=words,
        description=words,
        epilog=examples(
            'eval "$(freeproviders completion bash)"   # in ~/.bashrc',
            'eval "$(freeproviders completion zsh)"    # in ~/.zshrc, after compinit',
            "freeproviders completion fish > ~/.config/fish/completions/freeproviders.fish   # once",
        ),
    )
    parser.add_argument("shell", choices=["bash", "zsh", "fish"])
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError as error:
        raise InvalidSetting("completion needs argcomplete: pip install 'freeproviders[cli]'") from error
    say(shellcode(["freeproviders"], shell=options.shell).rstrip())
    return 0
