"""Markdown of tables and of words in code."""

from collections.abc import Iterable, Sequence

__all__ = ["code", "codes", "table", "yes"]


def code(word: str) -> str:
    """A word as code."""
    return f"`{word}`"


def codes(words: Iterable[str]) -> str:
    """Words as code, separated by commas."""
    return ", ".join(map(code, words))


def yes(value: object) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a cell is shown as one."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)
