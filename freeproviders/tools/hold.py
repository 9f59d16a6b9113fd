"""Collects one item of a reply while it arrives, and says when it may be complete."""

import re

from freeproviders.tools.balance import Balance
from freeproviders.tools.markers import MARKER_WIDTH, marker_kind
from freeproviders.tools.shapes.markup import MARKUP_START
from freeproviders.tools.shapes.react import REACT_START

__all__ = ["Hold"]

_MARKUP_END = re.compile(r"</(?:function|invoke|tool|call|action)\s{0,4}>", re.IGNORECASE)
_OBSERVATION = re.compile(r"\n[\s*_]{0,12}observation", re.IGNORECASE)
_LOOK = 64
_MAX_ATTEMPTS = 8


class Hold:
    """An item that has begun.

    Args:
        asked: The kind of opener before it: ``"opens"``, ``"fence"`` or none.
        opener: Text of that opener.
        name: A tool's name that stands directly before the item.

    Attributes:
        active: Whether an item is being collected.
    """

    __slots__ = ("_attempts", "_balance", "_kind", "_parts", "active", "asked", "name", "opener")

    def __init__(self, asked: str | None = None, opener: str = "", name: str = "") -> None:
        self.active: bool = asked is not None
        self.asked: str = asked or ""
        self.opener: str = opener
        self.name: str = name
        self._parts: list[str] = []
        self._balance = Balance()
        self._attempts = 0
        self._kind = ""

    def text(self) -> str:
        """What has been collected."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def is_mention(self) -> bool:
        """Whether this is a name with empty brackets outside any block, which prose writes as well."""
        return not self.asked and self.text().endswith("()") and self._kind not in "[{<("

    def keep(self, char: str) -> None:
        """Collect a character that was taken for a delimiter."""
        self._parts.append(char)
        self._balance.pass_by(char)

    def take(self, text: str, position: int, *, final: bool) -> tuple[str, int]:
        """Collect up to the next place where the item may end.

        Returns:
            A status and the position reached: ``"closed"`` behind a bracket that balances, ``"end"`` at a delimiter
            that ends it for certain, ``"maybe"`` at one that may be part of a string, ``"more"`` if the piece is used
            up (what is left behind the position must be given again with more text).
        """
        self._note_kind(text, position)
        while True:
            what, reached = self._balance.advance(text, position)
            if what == "closed":
                self._parts.append(text[position:reached])
                position = reached
                if self._kind != "<" and self._tries():
                    return "closed", reached
            elif what == "":
                self._parts.append(text[position:])
                return "more", len(text)
            else:
                if not final and len(text) - reached < _LOOK and self._undecided(what, text, reached):
                    self._parts.append(text[position:reached])
                    return "more", reached
                end = self._delimiter(what, text, reached, first=reached == position and not self._parts)
                doubtful = bool(self._balance.quote) and self._kind != "<"
                if end >= 0 and not (doubtful and not self._tries()):
                    self._parts.append(text[position:end])
                    return "maybe" if doubtful else "end", end
                self._balance.pass_by(text[reached])
                self._parts.append(text[position : reached + 1])
                position = reached + 1

    def _tries(self) -> bool:
        self._attempts += 1
        return self._attempts <= _MAX_ATTEMPTS

    def _note_kind(self, text: str, position: int) -> None:
        if not self._kind:
            react = REACT_START.match(text, position)
            self._kind = "A" if react else "<" if MARKUP_START.match(text, position) else text[position]
            marks = "<" if self._kind == "<" or self.asked else ""
            marks += "`" if self.asked == "fence" else ""
            self._balance.marks = marks + ("\n" if react else "")

    def _undecided(self, what: str, text: str, position: int) -> bool:
        """Whether more text is needed to tell if a delimiter stands here."""
        rest = text[position:]
        if what == "<":
            return ">" not in rest and "\n" not in rest
        if what == "`":
            return len(rest) < 3 and self.asked == "fence"
        return self._kind == "A" and "\n" not in rest[1:].lstrip() and len(rest) < 28

    def _delimiter(self, what: str, text: str, position: int, *, first: bool) -> int:
        """The end of the item if a delimiter stands here (its own position, or behind it), else -1."""
        if what == "`":
            fenced = self.asked == "fence" and text.startswith("```", position)
            return position if fenced and not first else -1
        if what == "\n":
            return position if self._kind == "A" and _OBSERVATION.match(text, position) else -1
        if self._kind == "<" and (found := _MARKUP_END.match(text, position)):
            return found.end()
        end = text.find(">", position, position + MARKER_WIDTH)
        if end < 0 or not self.asked:
            return -1
        kind = marker_kind(text[position + 1 : end])
        return position if kind == "closes" else -1
