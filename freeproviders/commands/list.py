"""`freeproviders list`: the services there are, what they can do, and how old that knowledge is."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from freeproviders.commands import say

if TYPE_CHECKING:
    from freeproviders.listing import Row

__all__ = ["add"]

_HEAD = ("Service", "Status", "Key", "Last evidence", "Can", "Model")
_GAP = "  "


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    words = "show the services there are, what they can do, and how old that knowledge is"
    parser = commands.add_parser("list", help=words, description=f"{words}. Nobody is asked anything: see check.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead of a table")
    parser.add_argument("--notes", action="store_true", help="print what else to know of each below it")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from freeproviders.listing import rows

    found = list(rows())
    if options.json:
        for row in found:
            say(json.dumps(asdict(row)))
        return 0
    for line in _table(found, notes=options.notes):
        say(line)
    return 0


def _table(rows: "Sequence[Row]", *, notes: bool) -> list[str]:
    lines = [_HEAD, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [_GAP.join(map(str.ljust, line, widths)).rstrip() for line in lines]
    if not notes:
        return texts
    told = [f"{text}\n    {row.note}".rstrip() for row, text in zip(rows, texts[1:], strict=True)]
    return [texts[0], *told]


def _cells(row: "Row") -> tuple[str, ...]:
    age = f"{row.verified}, {row.age} days ago{' (stale)' if row.stale else ''}"
    return (row.name, row.status, row.key, age, " ".join(row.can) or "-", row.model)
