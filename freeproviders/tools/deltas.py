"""Finds where the arguments of a call, or the value of a schema, begin, and hands them on while they arrive.

What is handed on is a beginning of the JSON text of the final value, as ``growth`` writes it; where that cannot be
promised it falls silent, and the rest comes with the end. The call and the value themselves are read by ``items`` and
``loading``.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from freeproviders.tools.growth import Growth
from freeproviders.tools.loading import certain_start
from freeproviders.tools.names import NameBook

__all__ = ["ArgumentWriter", "JsonWriter"]

_HEAD = re.compile(
    r'\s{0,80}\{\s{0,80}"name"\s{0,80}:\s{0,80}"([^"\\]{1,100})"\s{0,80},'
    r'\s{0,80}"(?:arguments|parameters)"\s{0,80}:\s{0,80}\{'
)
_LONGEST_HEAD = 900
_STEP = 64
_MOST_LOOKS = 500
"""How often a value's beginning is looked for: each time all of the reply is read again."""


class _Writer(ABC):
    """Follows a text to the value in it, and then the value."""

    __slots__ = ("_given", "_growth", "_head")

    def __init__(self) -> None:
        self._head = ""
        self._growth: Growth | None = None
        self._given = ""

    def take(self, text: str) -> str:
        """Take in the next piece.

        Returns:
            The next piece of the value, at least 64 characters long, or an empty string.
        """
        if self._growth is None:
            self._head += text
            text = self._begin(self._head)
        if self._growth is None:
            return ""
        self._growth.take(text)
        piece = "".join(self._growth.written)
        if len(piece) < _STEP:
            self._growth.written = [piece]
            return ""
        self._growth.written = []
        self._given += piece
        return piece

    def rest(self, final: str) -> str | None:
        """What is missing of the final value, or None if it does not go on from what was handed on."""
        return final[len(self._given) :] if final.startswith(self._given) else None

    @abstractmethod
    def _begin(self, head: str) -> str:
        """Look for the value; once it has begun, the text behind its opening bracket."""


class ArgumentWriter(_Writer):
    """The arguments of the call that one item holds.

    Args:
        book: The tools.

    Attributes:
        name: The tool's name once it is certain, else empty.
    """

    __slots__ = ("_book", "_lost", "name")

    def __init__(self, book: NameBook) -> None:
        super().__init__()
        self.name: str = ""
        self._book = book
        self._lost = False

    def _begin(self, head: str) -> str:
        found = None if self._lost else _HEAD.match(head)
        if found and found.group(1) in self._book.schemas:
            self.name = found.group(1)
            self._growth = Growth(self._book.schemas[self.name], "{", arguments=True)
            return head[found.end() :]
        self._lost = self._lost or found is not None or len(head) > _LONGEST_HEAD
        self._head = "" if self._lost else head
        return ""


class JsonWriter(_Writer):
    """The value that a reply holds, between sentences or in a fence.

    Args:
        schema: Its JSON Schema.
    """

    __slots__ = ("_looks", "_schema")

    def __init__(self, schema: Mapping[str, Any]) -> None:
        super().__init__()
        self._schema = schema
        self._looks = 0

    def take(self, text: str) -> str:
        """Take in the next piece.

        Returns:
            The next piece of the value, at least 64 characters long, or an empty string.
        """
        if self._growth is None and "{" not in text and "[" not in text:
            self._head += text  # no value begins here
            return ""
        return super().take(text)

    def _begin(self, head: str) -> str:
        self._looks += 1
        start = certain_start(head) if self._looks < _MOST_LOOKS else -1
        if start < 0:
            return ""
        self._growth = Growth(self._schema, head[start], arguments=False)
        return head[start + 1 :]
