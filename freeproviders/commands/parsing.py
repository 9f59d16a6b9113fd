"""How words on the command line are read: complaints in one line that name the nearest word, and examples in the help.

The library is argparse, so that the commands which need nothing but the core have nothing to install. What the options
mean is said in the modules of the subcommands.
"""

import argparse
import contextlib
import math
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from freeproviders.commands import WRONG, note
from freeproviders.settings import nearest

__all__ = ["Parser", "add_services", "add_timeout", "completed", "examples", "read", "service_words"]

_WIDEST, _NARROWEST = 100, 20
_SECRETS = ("key", "token", "cookie", "password", "secret", "authorization")


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line.

    Attributes:
        options: Its options, as they are written.
    """

    def __init__(self, **words: Any) -> None:
        self.options: list[str] = []
        words.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)  # which leaves examples as they are
        words["description"] = _filled(words.get("description") or "")
        # A word cut short would be another one, once there are more options.
        super().__init__(**{**words, "allow_abbrev": False})

    def add_argument(self, *names: Any, **words: Any) -> argparse.Action:
        """Adds an argument, and knows its names."""
        action = super().add_argument(*names, **words)
        self.options.extend(name for name in action.option_strings if name.startswith("--"))
        return action

    def error(self, message: str) -> NoReturn:
        """Ends the program with what is wrong with its words."""
        note(f"{message} (see: {self.prog} --help)")
        raise SystemExit(WRONG)


def _filled(text: str) -> str:
    """A description, wrapped, and begun as a sentence is."""
    width = min(shutil.get_terminal_size().columns, _WIDEST) - 2
    return textwrap.fill(text[:1].upper() + text[1:], max(width, _NARROWEST))


def read(parser: Parser, commands: Any, words: Sequence[str]) -> argparse.Namespace:
    """The options that the words of a command line stand for; ends the program where they are wrong.

    A subcommand that takes any number of words names their attribute as its default ``rest``.

    Args:
        parser: The parser of all.
        commands: Its action of subcommands.
        words: The words after the program's name.
    """
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in commands.choices:
        parser.error(f"unknown command {first!r}.{nearest(first, commands.choices)}")
    options, rest = parser.parse_known_args(words)
    if not hasattr(options, "run"):
        parser.error(f"which command? Known: {', '.join(sorted(commands.choices))}.")
    command: Parser = commands.choices[first]
    unknown = next((word for word in rest if word.startswith("-")), None)
    if unknown is not None:
        command.error(_unknown(unknown.partition("=")[0], command))
    if rest and not hasattr(options, "rest"):
        command.error(f"unexpected: {rest[0]!r}")
    if rest:
        getattr(options, options.rest).extend(rest)  # argparse leaves out what comes after an option
    return options


def _unknown(option: str, command: Parser) -> str:
    """What is wrong with an option; not with its value, which may be a secret."""
    if any(word in option.lower() for word in _SECRETS):
        return (
            f"{option}: secrets are not taken from the command line, where other programs see them. Put them into the "
            "environment (such as GROQ_API_KEY, or FREEPROVIDERS_<NAME>_COOKIES=<file>), or run freeproviders login"
        )
    return f"unknown option {option}.{nearest(option, command.options)}"


def examples(*lines: str) -> str:
    """The end of a help text."""
    return "\n".join(["examples:", *(f"  {line}" for line in lines)])


def add_services(parser: argparse.ArgumentParser, *flags: str, **words: Any) -> None:
    """Adds the argument that names services."""
    completed(parser.add_argument(*flags, metavar="SERVICE", **words), service_words)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Adds the argument for the patience with a service."""
    text = "longest wait for the first piece of an answer, and between two (default: 60)"
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help=text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) < math.inf:
            return seconds
    raise argparse.ArgumentTypeError(f"must be a positive number of seconds, not {text!r}")


def completed(action: argparse.Action, completer: Any) -> None:
    """Names what completes an argument in a shell, to argcomplete."""
    action.completer = completer  # type: ignore[attr-defined]  # where argcomplete looks


def service_words(prefix: str, **_: Any) -> list[str]:
    """Names of services, or the models of the one that is already written: ``yqcloud:``."""
    from freeproviders import registry
    from freeproviders.presets import presets

    name, colon, _model = prefix.partition(":")
    known = (*registry.names(), *(one.name for one in presets().values() if one.status != "retired"))
    if not colon or name not in known:
        return list(known)
    card = registry.get(name).card
    return [f"{name}:{model}" for model in (*card.models, *card.aliases)]
