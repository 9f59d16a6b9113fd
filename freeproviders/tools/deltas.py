"""Writes the arguments of a call while they arrive, for callers that show them grow.

Only what is certain is written: whole members in the form they will have at the end, and the inside of strings whose
parameter is plain text. What is written is a beginning of the JSON text of the final arguments; where that cannot be
promised the writer falls silent, and the rest comes with the end of the call. The call itself is read by ``items``.
"""

import json
import re
from typing import Any

from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.names import NameBook
from freeproviders.tools.schema import resolved, types_of
from freeproviders.tools.wording import dumped

__all__ = ["ArgumentWriter"]

_HEAD = re.compile(
    r'\s{0,80}\{\s{0,80}"name"\s{0,80}:\s{0,80}"([^"\\]{1,100})"\s{0,80},'
    r'\s{0,80}"(?:arguments|parameters)"\s{0,80}:\s{0,80}\{'
)
_LONGEST_HEAD = 900
_STOP = re.compile(r'["{}\[\],\\]')
_OPEN_VALUE = re.compile(r'\s*"([^"\\]{1,200})"\s*:\s*"')
_STEP = 64


class ArgumentWriter:
    """Follows the text of one item.

    Args:
        book: The tools.

    Attributes:
        name: The tool's name once it is certain, else empty.
    """

    __slots__ = ("_begun", "_book", "_depth", "_escape", "_head", "_inside", "_parts", "_ready", "_seen", "_silent",
                 "_streams", "_written", "name")  # fmt: skip

    def __init__(self, book: NameBook) -> None:
        self.name: str = ""
        self._book = book
        self._head = ""
        self._silent = False
        self._seen: set[str] = set()
        self._written: list[str] = []
        self._ready: list[str] = []
        self._begin_member()

    def _begin_member(self) -> None:
        self._parts: list[str] = []
        self._begun: list[str] = []
        self._depth = 0
        self._inside = False
        self._streams = False
        self._escape = ""

    def take(self, text: str) -> str:
        """Take in the next piece of the item.

        Returns:
            The next piece of the arguments, at least 64 characters long, or an empty string.
        """
        if not self.name and not self._silent:
            text = self._start(text)
        position = 0
        while self.name and position < len(text) and not self._silent:
            position = self._through_escape(text, position) if self._escape else self._step(text, position)
        piece = "".join(self._ready)
        self._ready = [piece]
        if len(piece) < _STEP:
            return ""
        self._ready = []
        self._written.append(piece)
        return piece

    def rest(self, final: str) -> str | None:
        """What is missing of the final arguments, or None if they do not go on from what was written."""
        written = "".join(self._written)
        return final[len(written) :] if final.startswith(written) else None

    def _start(self, text: str) -> str:
        """Look for the name in the head of the item; the text behind the head."""
        self._head += text
        found = _HEAD.match(self._head)
        if found and found.group(1) in self._book.schemas:
            self.name = found.group(1)
            return self._head[found.end() :]
        self._silent = found is not None or len(self._head) > _LONGEST_HEAD
        return ""

    def _step(self, text: str, position: int) -> int:
        """Go on to behind the next character that matters."""
        found = _STOP.search(text, position)
        end = len(text) if found is None else found.start()
        self._plain(text[position:end])
        if found is None:
            return end
        char = found.group()
        if char == "\\":
            self._escape = char
        elif self._inside and char != '"':
            self._plain(char)
        elif char == '"':
            self._quote()
        elif self._depth == 0 and char not in "{[":
            self._end_member(last=char != ",")
        else:
            self._depth += {"{": 1, "[": 1, ",": 0}.get(char, -1)
            self._parts.append(char)
        return found.end()

    def _plain(self, text: str) -> None:
        if text:
            self._parts.append(text)
            if self._streams:
                self._out(dumped(text)[1:-1])

    def _out(self, text: str) -> None:
        self._begun.append(text)
        self._ready.append(text)

    def _quote(self) -> None:
        self._parts.append('"')
        self._inside = not self._inside
        self._streams = False
        if self._inside and self._depth == 0 and (opened := _OPEN_VALUE.fullmatch("".join(self._parts))):
            key = opened.group(1)
            schema = self._parameter(key)
            if schema is not None and key not in self._seen and _plain_text(schema, self._root()):
                self._out(f'{self._before()}{dumped(key)}: "')
                self._streams = True

    def _through_escape(self, text: str, position: int) -> int:
        """Collect an escape; simple ones are passed on, others wait for the end of the member."""
        self._escape += text[position]
        if len(self._escape) == (6 if self._escape[1] == "u" else 2):
            self._parts.append(self._escape)
            self._streams = self._streams and self._escape[1] in '"\\/bfnrt'
            if self._streams:
                self._out(dumped(json.loads(f'"{self._escape}"'))[1:-1])
            self._escape = ""
        return position + 1

    def _end_member(self, *, last: bool) -> None:
        whole = self._whole("".join(self._parts))
        begun = "".join(self._begun)
        if not whole or not whole.startswith(begun):
            self._silent = True
            return
        self._ready.append(whole[len(begun) :])
        self._begin_member()
        self._silent = last

    def _whole(self, text: str) -> str:
        """The text of a complete member as it will be in the end, or nothing if that is not certain."""
        try:
            pairs = list(json.loads("{" + text + "}").items())
            key, value = pairs[0]
            schema = self._parameter(key)
            if len(pairs) != 1 or key in self._seen or schema is None or value is None:
                return ""
            made = fitted(value, schema, self._root(), {}, key)
        except (ValueError, IndexError, RecursionError, Mismatch):
            return ""
        before = self._before()
        self._seen.add(key)
        return f"{before}{dumped(key)}: {dumped(made)}"

    def _before(self) -> str:
        return ", " if self._seen else "{"

    def _root(self) -> Any:
        return self._book.schemas[self.name]

    def _parameter(self, key: str) -> Any:
        return (resolved(self._root(), self._root()).get("properties") or {}).get(key)


def _plain_text(schema: Any, root: Any) -> bool:
    """Whether any text fits, so that its beginning can be shown before its end is known."""
    known = resolved(schema, root)
    return types_of(known) == ("string",) and "enum" not in known and "const" not in known
