"""`freeproviders list`: the services there are, what they can do, and how old that knowledge is."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from freeproviders.commands import say

if TYPE_CHECKING:
    from freeproviders.listing import Row

__all__ = ["add"]

# By weight: what does not fit into a terminal is left out from the end.
_HEAD = ("Service", "Status", "Key", "Evidence", "Can", "Free limits", "Model")
_GAP = "  "
_INDENT = " " * 4
_NOTHING = "-"
_WIDEST = 120
"""Columns of running text."""
_LEGEND = "unofficial: no published interface; stale: nothing newer than half a year is known"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    words = "show the services there are, what they can do, and how old that knowledge is"
    parser = commands.add_parser("list", help=words, description=f"{words}. Nobody is asked anything: see check.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead of a table")
    parser.add_argument("--notes", action="store_true", help="print below each what else to know, and whence")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from freeproviders.listing import rows

    found = list(rows())
    if options.json:
        for row in found:
            say(json.dumps(asdict(row)))
        return 0
    width = shutil.get_terminal_size(fallback=(0, 0)).columns or sys.maxsize  # a file or a pipe has none
    for line in _table(found, width, notes=options.notes):
        say(line)
    return 0


def _table(rows: "Sequence[Row]", width: int, *, notes: bool) -> "Iterator[str]":
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = len(_HEAD)
    while shown > 1 and sum(widths[:shown]) + len(_GAP) * (shown - 1) > width:
        shown -= 1
    texts = [_GAP.join(map(str.ljust, line[:shown], widths)).rstrip() for line in lines]
    yield texts[0]
    for row, text in zip(rows, texts[1:], strict=True):
        yield text
        if notes:
            yield from _notes(row, width, _HEAD[shown:], _cells(row)[shown:])
    left_out = f"; left out here: {', '.join(_HEAD[shown:])}, see --notes" if shown < len(_HEAD) and not notes else ""
    yield from ("", *textwrap.wrap(f"{_LEGEND}{left_out}", min(width, _WIDEST)))


def _notes(row: "Row", width: int, names: "Sequence[str]", cells: "Sequence[str]") -> "Iterator[str]":
    left_out = [f"{name}: {cell}." for name, cell in zip(names, cells, strict=True) if cell != _NOTHING]
    known = f"Known by {row.verified} from: {'; '.join(row.sources)}."
    for text in (" ".join(filter(None, (f"{row.title}.", row.note))), *left_out, known):
        yield from textwrap.wrap(
            text, min(width, _WIDEST), initial_indent=_INDENT, subsequent_indent=_INDENT, break_long_words=False
        )


def _cells(row: "Row") -> tuple[str, ...]:
    age = f"{row.age} days{', stale' if row.stale else ''}"
    can = " ".join(row.can)
    return tuple(cell or _NOTHING for cell in (row.name, row.status, row.key, age, can, row.limits, row.model))
