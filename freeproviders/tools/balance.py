"""Follows brackets and quotes through text that arrives in pieces, to find where an item closes.

It knows just enough not to take a bracket in a string for one outside; apostrophes in words open no string. Where the
quotes themselves are damaged it may miss the end: the item is then read whole when the reply ends.
"""

import re
from functools import cache

__all__ = ["Balance"]


@cache
def _stops(quote: str, marks: str) -> "re.Pattern[str]":
    """What to stop at: in a string its end and escapes, outside brackets and quotes, and marks in both."""
    inner = rf"[{quote}\\]" if quote else r"[\"'{}\[\]()]"
    return re.compile("|".join([inner, *(_MARKS[mark] for mark in marks if not (quote and mark == "\n"))]))


_MARKS = {"<": "<(?=[/|｜]|$)", "`": "`", "\n": "\n"}


class Balance:
    """The state between two pieces."""

    __slots__ = ("before", "depth", "escaped", "marks", "opened", "quote")

    def __init__(self) -> None:
        self.depth: int = 0
        self.quote: str = ""
        self.before: str = " "
        self.escaped: bool = False
        self.opened: bool = False
        self.marks: str = "<`\n"

    def advance(self, text: str, position: int) -> tuple[str, int]:
        """Go on to the next thing of interest.

        Args:
            text: The piece.
            position: Where to go on in it.

        Returns:
            ``"closed"`` and the position behind the bracket that closed the item; ``"<"``, a backtick or a line break
            and its own position; or an empty string and the end of the piece.
        """
        begin, size = position, len(text)
        outside = _stops("", self.marks)
        while position < size:
            if self.quote:
                mark, position = self._string(text, position)
                if mark:
                    return mark, position
                continue
            found = outside.search(text, position)
            if found is None:
                break
            place, char = found.start(), found.group()
            if char in self.marks:
                return char, place
            position = place + 1
            if self._takes(char, text[place - 1] if place > begin else self.before):
                self.before = char
                return "closed", position
        if size > begin:
            self.before = text[-1]
        return "", size

    def _string(self, text: str, position: int) -> tuple[str, int]:
        """Go on in a string: to behind its end or an escape, or to a mark, which is returned."""
        if self.escaped:
            self.escaped = False
            return "", position + 1
        found = _stops(self.quote, self.marks).search(text, position)
        if found is None:
            return "", len(text)
        place, char = found.start(), found.group()
        if char == "\\":
            self.escaped = place + 1 == len(text)
            return "", min(place + 2, len(text))
        if char != self.quote:
            return char, place
        self.quote = ""
        return "", place + 1

    def pass_by(self, char: str) -> None:
        """Go past a character that ``advance`` returned."""
        self.before = char

    def _takes(self, char: str, before: str) -> bool:
        """Take in one character outside strings; whether it closes the item."""
        if char in "\"'":
            if not (before.isalnum() or before == "\\"):
                self.quote = char
        elif char in "{[(":
            self.depth += 1
            self.opened = True
        else:
            self.depth -= 1
            return self.opened and self.depth <= 0
        return False
