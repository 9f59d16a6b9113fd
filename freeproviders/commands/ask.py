"""`freeproviders ask`: one question, from words and the standard input, and its answer as plain text or JSON."""

import argparse
import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from freeproviders.commands import FAILED, clean, code_of, explained, note, say
from freeproviders.commands.parsing import add_services, add_timeout, completed, examples
from freeproviders.errors import InvalidSetting, ProviderError

if TYPE_CHECKING:
    from freeproviders.commands.services import Services
    from freeproviders.reports import Report
    from freeproviders.wire import Event, Prompt

__all__ = ["add"]

_MAX_BYTES = 16 * 1024 * 1024
_CODES = (
    "Exit code: 0 answered, 1 the service failed (what had arrived is shown), 2 wrong words, 130 Ctrl-C, "
    "141 closed pipe."
)

_EXAMPLES = (
    'freeproviders ask "What is a monad?"',
    'cat notes.txt | freeproviders ask "Summarise in three points"',
    'freeproviders ask -p yqcloud:gpt-4 -p flowgpt "Whoever answers first in this order"',
    "freeproviders ask --json -s 'Answer in French.' Good morning | jq -r .text",
)


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "ask one question and print the answer as it arrives"
    parser = commands.add_parser(
        "ask",
        help=words,
        description=f"{words}. The question is the words, the standard input, or both. {_CODES}",
        epilog=examples(*_EXAMPLES),
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="the question")
    text = (
        "service to ask, or service:model; several are asked in turn until one answers (default: all without a login)"
    )
    add_services(parser, "-p", "--provider", action="append", default=[], help=text)
    completed(parser.add_argument("-m", "--model", help="model to ask for (default: the service's)"), _models)
    parser.add_argument("-s", "--system", default="", metavar="TEXT", help="what the model is to be told first")
    parser.add_argument("--temperature", type=float, metavar="NUMBER", help="for services that have it")
    parser.add_argument("--image", action="append", default=[], metavar="FILE", help="image to show; may be repeated")
    add_timeout(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object at the end: text, images, metadata; error"
    )
    parser.set_defaults(run=_run, rest="words")


def _run(options: argparse.Namespace) -> int:
    return _object(options) if options.json else _stream(*_question(options))


def _question(options: argparse.Namespace) -> "tuple[Services, Prompt]":
    from freeproviders.commands import asking
    from freeproviders.commands.services import Services

    services = Services.of(options.provider, timeout=options.timeout)
    if options.image:
        asking.check_sight(services)
    prompt = _prompt(options, services)
    if warning := asking.warning(services, options.temperature):
        note(warning)
    return services, prompt


def _prompt(options: argparse.Namespace, services: "Services") -> "Prompt":
    from freeproviders.commands.asking import image_from
    from freeproviders.wire import Prompt, Turn

    text = "\n\n".join(filter(None, (" ".join(options.words).strip(), _input().strip())))
    if not text:
        raise InvalidSetting('there is no question: freeproviders ask "your question", or pipe it in')
    question = Turn(role="user", text=text, images=tuple(map(image_from, options.image)))
    system = (Turn(role="system", text=options.system),) if options.system else ()
    model = options.model or services.model
    return Prompt(turns=(*system, question), model=model, temperature=options.temperature)


def _input() -> str:
    """What is piped in; nothing where nobody has: from a terminal, or a device, it would be waited for."""
    try:
        kind = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):  # closed, or none at all
        return ""
    if stat.S_ISCHR(kind):
        return ""
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InvalidSetting(f"the input has more than {_MAX_BYTES} bytes, which no service takes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidSetting("the input is not text in UTF-8: convert it first, by iconv for example") from error


def _stream(services: "Services", prompt: "Prompt") -> int:
    wash = clean if sys.stdout.isatty() else str
    ended = "\n"
    try:
        with contextlib.closing(services.face.stream(prompt, listen=_tell)) as events:
            for event in events:
                if text := _text(event):
                    ended = text
                    sys.stdout.write(wash(text))
                    sys.stdout.flush()
    except ProviderError as error:
        _end_line(ended)
        note(explained(error))
        return code_of(error)
    except KeyboardInterrupt:
        _end_line(ended)
        raise
    _end_line(ended)
    return 0


def _text(event: "Event") -> str:
    from freeproviders.wire import Image, Text

    if isinstance(event, Text):
        return event.text
    return f"{event.url or '(an image without an address)'}\n" if isinstance(event, Image) else ""


def _end_line(ended: str) -> None:
    if not ended.endswith("\n"):
        say("")


async def _tell(report: "Report") -> None:
    """Says why it takes long, to a person who sees it."""
    from freeproviders.commands.asking import news

    if sys.stderr.isatty() and (told := news(report)):
        note(told)


def _object(options: argparse.Namespace) -> int:
    from freeproviders.commands.asking import plain_error

    began = time.monotonic()
    found: Mapping[str, Any]
    try:
        services, prompt = _question(options)
        answer = services.face.complete(prompt, listen=_tell)
    except ProviderError as error:
        code = code_of(error)
        if code != FAILED:  # somebody typed it
            note(explained(error))
        found = {"text": getattr(error, "partial", ""), "images": [], "metadata": {}, "error": plain_error(error)}
    else:
        images = [{"url": image.url, "mime_type": image.mime_type} for image in answer.images]
        found, code = {"text": answer.text, "images": images, "metadata": dict(answer.metadata)}, 0
    say(json.dumps({**found, "seconds": round(time.monotonic() - began, 3)}))
    return code


def _models(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Models of the services that are already written, for a shell's completion."""
    from freeproviders import registry
    from freeproviders.commands.services import usual

    del prefix
    cards = [registry.get(name.partition(":")[0]).card for name in parsed_args.provider or usual()]
    return [model for card in cards for model in (*card.models, *card.aliases)]
