"""Reads a value as models write it: JSON first, then JSON, Python and JavaScript with their usual damage.

A ``ValueReader`` walks over the text once, from left to right, with look-ahead of bounded length; a nesting limit and a
work budget make it refuse hostile text instead of failing on it. What it repaired is named in ``notes``; containers
that the end of the text cut off are in ``cut``. Strings are in ``strings``, unquoted words in ``words``, call syntax in
``callsyntax``; which value answers a whole text is decided in ``loading``.
"""

from typing import Any

from freeproviders.tools.callsyntax import call_starts, read_call
from freeproviders.tools.lexis import OPENING_QUOTES, skip_blanks
from freeproviders.tools.nodes import Cut, Missing
from freeproviders.tools.result import UnreadableValue
from freeproviders.tools.strings import read_string, starts_string
from freeproviders.tools.words import read_key_word, read_word

__all__ = ["MAX_DEPTH", "ValueReader"]

MAX_DEPTH = 64
MAX_WORK = 12_000
"""How many values one reading may look at (a doubtful quote counts for several); replies need a few hundred."""

_JUNK = 4

_OPENER = {"}": "{", "]": "[", ")": "("}


class ValueReader:
    """One pass over one text.

    Args:
        text: The text to read.
        position: Where to start.
        calls: Whether ``name(...)`` is a call to be kept; otherwise it is unwrapped to its first argument.
        work: Units of work done before on the same text.
    """

    __slots__ = ("calls", "cut", "end", "notes", "opened", "position", "text", "work")

    def __init__(self, text: str, position: int = 0, *, calls: bool = False, work: int = 0) -> None:
        self.text: str = text
        self.position: int = position
        self.end: int = len(text)
        self.calls: bool = calls
        self.notes: dict[str, None] = {}
        self.cut: dict[int, Any] = {}
        self.opened: list[str] = []
        self.work: int = work

    def note(self, word: str) -> None:
        """Record a repair."""
        self.notes[word] = None

    def spend(self, units: int = 1) -> None:
        """Count work; a unit is about what a plain value takes.

        Raises:
            UnreadableValue: If the text needs more than any real reply.
        """
        self.work += units
        if self.work > MAX_WORK:
            raise UnreadableValue("the text is too broken to be read")

    def peek(self) -> str:
        """The next character that is no blank or comment; empty at the end."""
        if self.position < self.end and "!" <= (char := self.text[self.position]) <= "}" and char not in "/#`\\":
            return char  # the usual case, without a call
        self.position = skip_blanks(self.text, self.position, self.notes)
        return self.text[self.position] if self.position < self.end else ""

    def cut_off(self, value: Any) -> None:
        """Record that the end of the text cut this container off."""
        self.cut[id(value)] = value
        self.note("truncated")

    def read(self, place: str = "") -> Any:
        """Read one value.

        Args:
            place: The bracket the value stands in, or empty at the top.
        """
        self.spend()
        char = self.peek()
        if char == "{":
            return self._object()
        if char in ("[", "("):
            return self._array(char)
        if self.calls and call_starts(self, self.opened):
            return read_call(self)
        if char and (char in OPENING_QUOTES or char == "\\" or starts_string(self)):
            return read_string(self, place)
        return read_word(self, place)

    def enter(self, bracket: str) -> None:
        """Step into a container.

        Raises:
            UnreadableValue: If the nesting is too deep.
        """
        if len(self.opened) >= MAX_DEPTH:
            raise UnreadableValue(f"the value is nested deeper than {MAX_DEPTH} levels")
        self.opened.append(bracket)
        self.position += 1

    def leaves(self, container: Any, char: str) -> bool:
        """Whether ``char`` ends the container, which is then left; a bracket that an outer one waits for stays."""
        if char == "":
            self.cut_off(container)
        elif char not in _OPENER:
            return False
        elif _OPENER[char] == self.opened[-1]:
            self.position += 1
        else:
            self.note("bracket")
            if _OPENER[char] not in self.opened:
                self.position += 1
        self.opened.pop()
        return True

    def _array(self, bracket: str) -> Any:
        self.enter(bracket)
        items: list[Any] = []
        commas = _Commas(self)
        while not self.leaves(items, char := self.peek()):
            if commas.took(char):
                continue
            before = self.position
            value = self.read(bracket)
            if not isinstance(value, Cut) or not value.dropped:
                items.append(value)
            self._moved_from(before)
        commas.end(items, bracket)
        if bracket == "(":
            self.note("tuple")
            return items[0] if len(items) == 1 and not commas.last else items
        return items

    def _moved_from(self, before: int) -> None:
        """Pass over a character that nothing could be made of."""
        if self.position == before:
            self.position += 1
            self.note("junk")
            self.spend(_JUNK)

    def ellipsis(self) -> bool:
        """Whether dots stand for items left out here; they are passed over."""
        dots = "..." if self.text.startswith("...", self.position) else "…"
        if dots == "…" and not self.text.startswith("…", self.position):
            return False
        self.position += len(dots)
        self.spend()
        self.note("ellipsis")
        return True

    def _object(self) -> Any:
        self.enter("{")
        members: dict[Any, Any] = {}
        loose: list[Any] = []
        commas = _Commas(self)
        while not self.leaves(members, char := self.peek()):
            if commas.took(char):
                continue
            if char == "{" and commas.missing and members and "[" in self.opened:
                self.note("bracket")  # the next object starts, so this one is over
                self.opened.pop()
                return self._settled(members, loose)
            before = self.position
            self._member(members, loose, char)
            self._moved_from(before)
        commas.end(members, "{")
        return self._settled(members, loose)

    def _settled(self, members: dict[Any, Any], loose: list[Any]) -> Any:
        if not loose:
            return members
        self.note("braces")
        found = loose[0] if len(loose) == 1 and not members and isinstance(loose[0], dict) else loose
        if id(members) in self.cut:
            self.cut_off(found)
        return found

    def _member(self, members: dict[Any, Any], loose: list[Any], char: str) -> None:
        """One ``key: value``; whatever else stands there instead goes to ``loose``."""
        if char in "{[(":
            loose.append(self.read("{"))
            return
        if self.calls and call_starts(self, self.opened[:-1]):
            loose.append(read_call(self))
            return
        key = read_string(self, "key") if char in OPENING_QUOTES or char == "\\" else read_key_word(self)
        if isinstance(key, Cut):
            self.position = self.end  # brackets behind it belong to the key: they close nothing
            return
        self.spend()
        if key in members:
            self.note("duplicate_key")
        value = self._member_value()
        if isinstance(value, Cut) and value.dropped:
            return
        members[str(key)] = value

    def _member_value(self) -> Any:
        char = self.peek()
        if char in (":", "="):
            self.position += 2 if self.text.startswith(("=>", ":="), self.position) else 1
            if char == "=":
                self.note("colon")
            char = self.peek()
        elif char == "":
            return Cut(dropped=True)
        elif char in ",}])":
            self.note("value_missing")
            return Missing if self.calls else None
        else:
            self.note("colon")
        if char == "":
            return Cut(dropped=True)
        if char in ",}])":
            self.note("value_missing")
            return None
        return self.read("{")


class _Commas:
    """The commas of one container: which are too many, which are missing."""

    __slots__ = ("last", "missing", "reader")

    def __init__(self, reader: ValueReader) -> None:
        self.reader = reader
        self.last = True
        self.missing = False

    def took(self, char: str) -> bool:
        """Whether a separator or dots stand here, which are then passed over; otherwise an item begins."""
        if char in ",;" or (self.reader.calls and char in "+&|"):
            if self.last:
                self.reader.note("comma")
            self.last = True
            self.reader.position += 1
            return True
        if self.reader.ellipsis():
            return True
        self.missing = not self.last
        if self.missing:
            self.reader.note("comma_missing")
        self.last = False
        return False

    def end(self, container: Any, bracket: str) -> None:
        """Note a comma before the closing bracket; in a tuple it belongs there."""
        if self.last and container and bracket != "(" and id(container) not in self.reader.cut:
            self.reader.note("comma")
