"""`freeproviders check`: which services answer from here, now."""

import argparse
import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from freeproviders.commands import clean, say
from freeproviders.commands.parsing import completed, examples, service_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from freeproviders.checking import Check

__all__ = ["add"]

_NONE_WORKS = 1
# Columns of a table that is not shown in a terminal, such as a log.
_PIPE_WIDTH = 140
_COLUMNS = ("Service", "State", "First text", "Model", "Last evidence")
# A narrower terminal gets the first columns alone: slivers of five tell nobody anything.
_WIDE, _FIRST = 64, 3


def add(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the subcommand."""
    words = "ask services a one-line question and show which of them answer"
    parser = commands.add_parser(
        "check",
        help=words,
        description=f"{words}. Exit code: 0 if any answers, 1 if none does, 2 for wrong words.",
        epilog=examples(
            "freeproviders check",
            "freeproviders check pi yqcloud --timeout 10",
            "freeproviders check --json | jq -r 'select(.works).provider'",
            "freeproviders check --save checked.json",
        ),
    )
    text = "services (default: all that need nothing, and presets with a key)"
    completed(parser.add_argument("names", nargs="*", metavar="SERVICE", help=text), service_words)
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="default: %(default)g")
    parser.add_argument("--proxy", metavar="URL", help="proxy to go through (default: the environment's)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead of a table")
    parser.add_argument("--save", metavar="FILE", help="keep the results, for Router(..., checked=FILE)")
    parser.set_defaults(run=_run, rest="names")


def _run(options: argparse.Namespace) -> int:
    from freeproviders import checking, registry
    from freeproviders.policy import Timeouts
    from freeproviders.proxies import checked_proxy

    names = list(dict.fromkeys(options.names)) or list(checking.ready())
    # Wrong words are told once, before anybody is asked, and not as what each service said.
    for name in names:
        registry.get(name)
    Timeouts(first_byte=options.timeout)
    checked_proxy(options.proxy)
    results = asyncio.run(_shown(options, names))
    if options.save:
        checking.save(results, options.save)
    return 0 if any(one.works for one in results) else _NONE_WORKS


async def _shown(options: argparse.Namespace, names: list[str]) -> "list[Check]":
    if options.json:
        return await _lines(options, names, lambda one: json.dumps(asdict(one)))
    if find_spec("rich") is None:
        return await _lines(options, names, _line)
    return await _table(options, names)


async def _lines(options: argparse.Namespace, names: list[str], line: "Callable[[Check], str]") -> "list[Check]":
    from freeproviders.checking import check

    results = []
    async for one in check(names, timeout=options.timeout, proxy=options.proxy):
        results.append(one)
        say(line(one))
    return results


def _line(one: "Check") -> str:
    """A result as plain text, where there is no rich to draw a table."""
    if one.works:
        return f"{one.provider}: answers, first text after {one.first or 0.0:.2f} s, {one.model}"
    return f"{one.provider}: {one.error}: {clean(one.message)}"


async def _table(options: argparse.Namespace, names: list[str]) -> "list[Check]":
    from rich.live import Live

    from freeproviders.checking import check

    console = _console()
    results: dict[str, Check] = {}
    with Live(_drawn(names, results, console.width), console=console) as shown:
        async for one in check(names, timeout=options.timeout, proxy=options.proxy):
            results[one.provider] = one
            shown.update(_drawn(names, results, console.width))
    if not console.is_terminal:
        console.line()  # which rich leaves out there
    for said in _said(results):
        console.print(said)
    return list(results.values())


def _console() -> "Console":
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def _drawn(names: list[str], results: "Mapping[str, Check]", width: int) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    shown = _COLUMNS if width >= _WIDE else _COLUMNS[:_FIRST]
    for column in shown:
        table.add_column(column, overflow="fold")
    for name in names:
        one = results.get(name)
        if one is None:
            table.add_row(name, Text("asked ...", "dim"))
            continue
        state = Text("answers", "green") if one.works else Text(one.error, "red")
        cells = (name, state, "" if one.first is None else f"{one.first:.2f} s", one.model, one.verified)
        table.add_row(*cells[: len(shown)])
    return table


def _said(results: "Mapping[str, Check]") -> "Iterator[Text]":
    """What those that do not answer said, and what to do: below the table, as no column is wide enough for it."""
    from rich.text import Text

    for name, one in results.items():
        if not one.works:
            # As plain text: what a service says may hold what rich would take for its own markup.
            yield Text.assemble((f"{name}: ", "bold"), f"{clean(one.message)}\n")
