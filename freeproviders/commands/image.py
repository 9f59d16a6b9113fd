"""`freeproviders image`: has an image drawn, and saves it where the person says."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from freeproviders.commands import clean, code_of, explained, fail, say
from freeproviders.commands.parsing import add_services, add_timeout, examples
from freeproviders.errors import InvalidSetting, ProviderError

if TYPE_CHECKING:
    from freeproviders.commands.drawing import Drawn

__all__ = ["add"]


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "have an image drawn: print its address, or save it with -o"
    parser = commands.add_parser(
        "image",
        help=words,
        description=f"{words}. Addresses expire. Exit code: 0 drawn, 1 the service failed, 2 wrong words, 130 Ctrl-C.",
        epilog=examples(
            'freeproviders image "A lighthouse at dusk" -o lighthouse',
            'freeproviders image "A lighthouse at dusk" -o lighthouse.png --overwrite',
            "freeproviders image A red cube, seen from above",
        ),
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="what the image shows")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="save it there; its type's extension is added if missing"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")
    text = "service that draws, or service:model; several are asked in turn (default: aichats:dalle)"
    add_services(parser, "-p", "--provider", action="append", default=[], help=text)
    add_timeout(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object: url, file, mime_type, by; error")
    parser.set_defaults(run=_run, rest="words")


def _run(options: argparse.Namespace) -> int:
    try:
        drawn = _drawn(options)
    except ProviderError as error:
        if options.json:
            from freeproviders.commands.asking import plain_error

            say(json.dumps({**_facts(), "error": plain_error(error)}))
        return fail(explained(error), code_of(error))
    if options.json:
        file = drawn.place if options.output else None
        say(json.dumps(_facts(url=drawn.image.url, file=file, mime_type=drawn.image.mime_type, by=drawn.by)))
    else:
        say(drawn.place if options.output else clean(drawn.place))
    return 0


def _drawn(options: argparse.Namespace) -> "Drawn":
    from freeproviders.commands.drawing import draw, drawing_services

    words = " ".join(options.words).strip()
    if not words:
        raise InvalidSetting('there is nothing to draw: freeproviders image "a red cube" -o cube')
    services = drawing_services(options.provider, timeout=options.timeout)
    return draw(services, words, options.output, overwrite=options.overwrite)


def _facts(**found: str | None) -> dict[str, str | None]:
    return {"url": None, "file": None, "mime_type": None, "by": None, **found}
