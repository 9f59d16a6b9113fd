"""`freeproviders chat`: a conversation in the terminal, with one service or with whoever of several answers."""

import argparse
from typing import TYPE_CHECKING, Any

from freeproviders.commands import FAILED
from freeproviders.commands.parsing import add_services, add_timeout, examples

if TYPE_CHECKING:
    from freeproviders.commands.chatting.chat import Chat
    from freeproviders.commands.chatting.lines import Lines

__all__ = ["add"]


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "chat in the terminal, switching services as you like"
    parser = commands.add_parser(
        "chat",
        help=words,
        description=f"{words}. /help lists the commands inside. Without a terminal, each line of the input is a "
        "question or a command, and answers are printed as plain text; the exit code is 1 if any of them failed.",
        epilog=examples(
            "freeproviders chat",
            "freeproviders chat yqcloud:gpt-4",
            "freeproviders chat pi yqcloud             (the first that answers)",
            "freeproviders chat --resume talk.json     (written by /save talk.json)",
        ),
    )
    text = "service to ask, or service:model; of several the first that answers (default: all without a login)"
    add_services(parser, "services", nargs="*", help=text)
    parser.add_argument("--resume", metavar="FILE", help="go on with a conversation that /save has written")
    parser.add_argument("-s", "--system", metavar="TEXT", help="what the model is to be told first")
    add_timeout(parser)
    parser.set_defaults(run=_run, rest="services")


def _run(options: argparse.Namespace) -> int:
    from freeproviders.commands.chatting import saving
    from freeproviders.commands.chatting.chat import Chat
    from freeproviders.commands.chatting.conversation import Conversation
    from freeproviders.commands.chatting.lines import Lines
    from freeproviders.commands.chatting.screens import screen_for
    from freeproviders.commands.chatting.slash import completions
    from freeproviders.commands.services import Services

    conversation, before = saving.load(options.resume) if options.resume else (Conversation(), ())
    services = Services.of(options.services or before, timeout=options.timeout)
    if options.system is not None and options.system != conversation.system:
        conversation.system = options.system
        conversation.forget_thread()
    screen = screen_for()
    chat = Chat(services, conversation, screen, timeout=options.timeout, file=options.resume)
    _greet(chat)
    _talk(chat, Lines(interactive=screen.prompts, complete=completions))
    return FAILED if chat.failures and not screen.prompts else 0


def _greet(chat: "Chat") -> None:
    from freeproviders._version import __version__

    resumed = len(chat.conversation.said) // 2
    before = f"Resumed from {chat.file}, {resumed} question{'s' * (resumed != 1)} so far.\n" if chat.file else ""
    one = len(chat.services.candidates) == 1
    whom = "that service" if one else "whichever of these services answers"
    chat.screen.greet(
        f"freeproviders {__version__} · {chat.services.titles}",
        f"{before}What you type goes to {whom}. /help lists commands, Ctrl-D leaves.",
    )


def _talk(chat: "Chat", lines: "Lines") -> None:
    from freeproviders.commands.chatting.slash import obey

    while True:
        try:
            line = lines.read(*chat.screen.prompt(_short(chat.services.names)))
        except KeyboardInterrupt:
            chat.screen.told("\nCtrl-D leaves.")
            continue
        if line is None:
            break
        if not line.strip():
            continue
        if not line.startswith("/") or line.startswith("//"):
            chat.ask(line.removeprefix("/"))
        elif not obey(chat, line):
            return
    chat.screen.bye()


def _short(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
