"""What came of a comparison: a row for each answer, as a table, a plot and HTML. The work is in ``comparing``."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from freeproviders.notebook.markup import BLUE, GREEN, RED, box, chip, details, escaped, markdown, styled, table

__all__ = ["Comparison", "Row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer of one model.

    Attributes:
        model: What the model is called.
        prompt: What it was asked.
        answer: Its text; what had come of it, where it broke off.
        first: Seconds to the first text; None where there was none.
        seconds: Seconds to the end.
        pieces: How many pieces of text it came in.
        error: What ended it; None for a complete answer.
        candidate: Who answered, where the model is a router that says so.
    """

    model: str
    prompt: str
    answer: str
    first: float | None
    seconds: float
    pieces: int
    error: Exception | None = None
    candidate: str = ""

    @property
    def characters(self) -> int:
        """How long the answer is."""
        return len(self.answer)

    @property
    def problem(self) -> str:
        """What went wrong, as class and message; empty where nothing did."""
        return "" if self.error is None else f"{type(self.error).__name__}: {self.error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What several models answered to the same prompts.

    Attributes:
        rows: One for each model and prompt: by model, then by prompt, in the order given.
    """

    rows: tuple[Row, ...]

    @property
    def answers(self) -> Mapping[str, tuple[str, ...]]:
        """The answers of each model, in the order of the prompts."""
        return {name: tuple(row.answer for row in self.rows if row.model == name) for name in self._models}

    @property
    def _models(self) -> list[str]:
        return list(dict.fromkeys(row.model for row in self.rows))

    def table(self) -> Any:
        """The rows as a pandas ``DataFrame``; where pandas is not installed, as a list of dicts with the same names."""
        rows = [_record(row) for row in self.rows]
        try:
            pandas: Any = importlib.import_module("pandas")
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    def plot(self) -> Any:
        """Seconds to the first text and to the end of each answer, as bars, by prompt.

        Returns:
            A matplotlib ``Figure`` that a notebook shows where it is the value of a cell; ``savefig`` keeps it.

        Raises:
            InvalidSetting: If matplotlib is not installed.
        """
        from freeproviders.notebook.plotting import bars

        return bars(self.rows)

    def _repr_html_(self) -> str:
        longest = max((row.seconds for row in self.rows), default=0.0)
        several = len({row.prompt for row in self.rows}) > 1
        heads = ["model", *(["prompt"] if several else []), "first text", "total", "", "pieces", "characters", "result"]
        lines = [
            [
                f"<b>{escaped(row.model)}</b>",
                *([escaped(_short(row.prompt))] if several else []),
                "–" if row.first is None else f"{row.first:.2f} s",
                f"{row.seconds:.2f} s",
                _bar(row, longest),
                str(row.pieces),
                str(row.characters),
                _result(row),
            ]
            for row in self.rows
        ]
        answers = [details(_title(row, several), markdown(row.answer)) for row in self.rows if row.answer]
        prompt = "" if several or not self.rows else escaped(_short(self.rows[0].prompt))
        return box("Comparison", prompt, table(heads, lines), details("answers", styled("margin-left:14px", *answers)))


def _record(row: Row) -> dict[str, Any]:
    return {
        "model": row.model,
        "prompt": row.prompt,
        "first_seconds": row.first,
        "seconds": row.seconds,
        "pieces": row.pieces,
        "characters": row.characters,
        "error": type(row.error).__name__ if row.error is not None else "",
        "message": str(row.error) if row.error is not None else "",
        "candidate": row.candidate,
        "answer": row.answer,
    }


def _bar(row: Row, longest: float) -> str:
    """The waiting and the telling of an answer, as two stretches of one bar."""
    told = 0.0 if row.first is None else row.seconds - row.first
    parts = [(row.seconds - told, ".30"), (told, ".85")]
    tone = BLUE if row.error is None else RED
    inner = (
        styled(f"height:10px;width:{100 * part / (longest or 1):.1f}%;background:rgba({tone},{shade})", "")
        for part, shade in parts
    )
    return styled("display:flex;width:150px;margin-top:5px;border-radius:3px;overflow:hidden", *inner)


def _result(row: Row) -> str:
    if row.error is not None:
        message = styled("font-size:12px;opacity:.8;max-width:320px", escaped(_short(str(row.error), 200)))
        return chip(type(row.error).__name__, RED) + message
    return chip(f"answered by {row.candidate}" if row.candidate else "answered", GREEN)


def _title(row: Row, several: bool) -> str:
    return f"{row.model}: {_short(row.prompt)}" if several else row.model


def _short(text: str, length: int = 80) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
