"""Draws the rows: compact while texts arrive, whole at the end."""

from collections.abc import Iterable, Mapping, Sequence

from rich.box import HEAVY_HEAD, SIMPLE_HEAD
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from demo.rows import Row, State

__all__ = ["PIPE_WIDTH", "compact", "whole", "wide_console"]

# Columns of a table that is not shown in a terminal, such as a log of CI.
PIPE_WIDTH = 140
# A narrower terminal gets fewer columns: an error's class shows in its answer anyway.
_WIDE = 110
_LEFT_OUT = ("State", "Total")
# What the other columns and the frame take, so that the newest words of an answer fit beside them.
_BESIDE_WIDE, _BESIDE_NARROW = 84, 66

_STYLES: dict[State, str] = {
    "waiting": "dim",
    "running": "yellow",
    "answered": "green",
    "failed": "red",
    "defect": "bold red reverse",
}


_COLUMNS: Mapping[str, JustifyMethod] = {
    "Service": "left",
    "Framework": "left",
    "Mode": "left",
    "State": "left",
    "First text": "right",
    "Total": "right",
    "Pieces": "right",
}


def wide_console() -> Console:
    """A console as wide as the terminal, or of a fixed width where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def compact(rows: Sequence[Row], width: int) -> Table:
    """One line a row, with the newest words of each answer.

    Args:
        rows: The rows.
        width: Columns of the terminal.
    """
    room = max(width - (_BESIDE_WIDE if width >= _WIDE else _BESIDE_NARROW), 1)
    return _table(rows, width, [_tail(row, room) for row in rows])


def whole(rows: Sequence[Row], width: int) -> RenderableType:
    """All questions and answers in full; below the table where they would be slivers in it."""
    if width >= _WIDE:
        return _table(rows, width, [Text.assemble((row.question, "dim"), "\n", _answer(row)) for row in rows])
    titles = [f"{row.service}, {row.framework} {row.mode}: {row.question}" for row in rows]
    texts = [Text.assemble((title, "dim"), "\n", _answer(row), "\n") for title, row in zip(titles, rows, strict=True)]
    return Group(compact(rows, width), *texts)


def _table(rows: Sequence[Row], width: int, answers: Iterable[Text]) -> Table:
    shown = [name for name in _COLUMNS if width >= _WIDE or name not in _LEFT_OUT]
    table = Table(expand=True, box=HEAVY_HEAD if width >= _WIDE else SIMPLE_HEAD)
    for name in shown:
        table.add_column(name, justify=_COLUMNS[name], no_wrap=True)
    table.add_column("Answer", ratio=1)
    for row, answer in zip(rows, answers, strict=True):
        cells = _cells(row)
        table.add_row(*(cells[name] for name in shown), answer)
    return table


def _cells(row: Row) -> Mapping[str, str | Text]:
    return {
        "Service": row.service,
        "Framework": row.framework,
        "Mode": row.mode,
        "State": Text(row.state, _STYLES[row.state]),
        "First text": _seconds(row.first),
        "Total": _seconds(row.total),
        "Pieces": str(row.pieces),
    }


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f} s"


def _answer(row: Row) -> Text:
    return Text(row.answer, _STYLES[row.state] if row.state in ("failed", "defect") else "")


def _tail(row: Row, room: int) -> Text:
    line = " ".join(row.answer.split())
    cut = row.state in ("waiting", "running") and len(line) > room
    text = Text("…" + line[1 - room :] if cut else line, _answer(row).style, no_wrap=True, overflow="ellipsis")
    return text if line else Text(row.question, "dim", no_wrap=True, overflow="ellipsis")
