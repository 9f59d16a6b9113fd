"""Prompts that are known by their marks: what stands between one mark and the next. No rule lives here.

One pattern for a whole prompt, with a gap of any text between its marks, would try each place of each mark with each
place of every other. Here each mark is looked for once, behind the one before it, so that a text costs its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A prompt's form.

    Attributes:
        marks: Patterns that follow one another with any text between them. They repeat blanks, dashes and the like
            alone, and begin with something else or at the start of a line: else looking for one takes long.
        names: What the texts between the marks are called, one fewer than marks; "" for one that nobody reads.
    """

    marks: tuple[re.Pattern[str], ...]
    names: tuple[str, ...]

    def read(self, text: str) -> dict[str, str] | None:
        """Take a text apart.

        Args:
            text: Any text.

        Returns:
            The texts between the marks by their names, without the blanks around them, and the named groups of the
            marks; None if a mark is missing.
        """
        parts: dict[str, str] = {}
        end = 0
        for name, mark in zip(("", *self.names), self.marks, strict=True):
            found = mark.search(text, end)
            if found is None:
                return None
            if name:
                parts[name] = text[end : found.start()].strip()
            parts |= found.groupdict()
            end = found.end()
        return parts


def marked(*steps: str) -> Marked:
    """Make a form of its marks and names, in the order of the text: mark, name, mark, name, …, mark."""
    return Marked(marks=tuple(re.compile(step, re.MULTILINE) for step in steps[::2]), names=steps[1::2])
