"""Writes a JSON value while it arrives, in the form it will have at the end. Where a value begins is for ``deltas``.

Only what is certain is written: whole members and items, fitted to their place in the schema; the brackets of objects
and arrays around them; and the inside of strings where any text fits. At the first thing that may still change its
meaning (a repair, an unknown key, a null that may be dropped, a choice of schemas) the writing stops for good.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.schema import branches, nullable, resolved, types_of
from freeproviders.tools.wording import dumped

__all__ = ["Growth"]

_STOP = re.compile(r'["{}\[\],\\]')
_KEY = re.compile(r'\s*"([^"\\]{1,200})"\s*:\s*')
_CLOSING = {"{": "}", "[": "]"}
_KINDS = {"{": "object", "[": "array"}
_CHECKED_WHOLE = frozenset((
    "enum", "const", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "prefixItems",
    "patternProperties",
))  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Level:
    """An object or array that is being written.

    Attributes:
        closing: The bracket that closes it.
        schema: Its schema.
        known_only: Whether a key that the schema does not name may turn out to be another one.
        keys: Keys written; an item's number in an array.
    """

    closing: str
    schema: Mapping[str, Any]
    known_only: bool = False
    keys: set[str] = field(default_factory=set)

    def before(self) -> str:
        """What separates the next member or item from those before it."""
        return ", " if self.keys else ""

    def inner(self, key: str) -> Any:
        """The schema of a member or item; None if it is not certain."""
        if self.closing == "]":
            items = self.schema.get("items")
            return items if isinstance(items, Mapping) else {}
        properties = self.schema.get("properties") or {}
        if properties or self.known_only:
            return properties.get(key)  # another key may be a misspelt one
        more = self.schema.get("additionalProperties")
        return None if more is False else more if isinstance(more, Mapping) else {}


class Growth:
    """Follows the text of an object or array behind its opening bracket.

    Args:
        schema: Its schema.
        bracket: The opening bracket.
        arguments: Whether these are the arguments of a call: their keys may be misspelt, and their types are taken
            less strictly.

    Attributes:
        written: What is written and not yet taken away.
        silent: Whether nothing more will be written.
    """

    def __init__(self, schema: Mapping[str, Any], bracket: str, *, arguments: bool) -> None:
        self.written: list[str] = []
        self._root = schema
        self._strict = not arguments
        self._levels: list[_Level] = []
        known = _container(schema, schema, bracket)
        self.silent: bool = known is None
        if known is not None:
            self._levels.append(_Level(closing=_CLOSING[bracket], schema=known, known_only=arguments))
            self.written.append(bracket)
        self._begin_member()

    def _begin_member(self, *, closed: bool = False) -> None:
        self._parts: list[str] = []
        self._begun: list[str] = []
        self._depth = 0
        self._inside = self._streams = False
        self._escape = ""
        self._closed = closed  # the member is a container that has been written to its end

    def take(self, text: str) -> None:
        """Take in the next piece."""
        position = 0
        while position < len(text) and not self.silent:
            position = self._through_escape(text, position) if self._escape else self._step(text, position)

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
        elif char == '"':
            self._quote()
        elif self._inside:
            self._plain(char)
        elif self._depth:
            self._depth += {"{": 1, "[": 1, ",": 0}.get(char, -1)
            self._parts.append(char)
        elif char in _CLOSING:
            self._open(char)
        elif char == ",":
            self._end_member()
        else:
            self._close(char)
        return found.end()

    def _plain(self, text: str) -> None:
        if text:
            self._parts.append(text)
            if self._streams:
                self._write(dumped(text)[1:-1])

    def _write(self, text: str) -> None:
        self._begun.append(text)
        self.written.append(text)

    def _place(self) -> tuple[str, Any] | None:
        """The beginning of the member or item whose value starts here, and its schema; None if it is not certain."""
        level, said = self._levels[-1], "".join(self._parts)
        if self._closed:
            return None
        if level.closing == "]":
            return None if said.strip() else (level.before(), level.inner(""))
        found = _KEY.fullmatch(said)
        if found is None or found.group(1) in level.keys:
            return None
        return f"{level.before()}{dumped(found.group(1))}: ", level.inner(found.group(1))

    def _quote(self) -> None:
        opens = not self._inside and self._depth == 0
        place = self._place() if opens else None
        self._parts.append('"')
        self._inside = not self._inside
        self._streams = place is not None and _takes_any_text(place[1], self._root)
        if place is not None and self._streams:
            self._write(f'{place[0]}"')

    def _through_escape(self, text: str, position: int) -> int:
        """Collect an escape; simple ones are passed on, others wait for the end of the member."""
        self._escape += text[position]
        if len(self._escape) == (6 if self._escape[1] == "u" else 2):
            self._parts.append(self._escape)
            self._streams = self._streams and self._escape[1] in '"\\/bfnrt'
            if self._streams:
                self._write(dumped(json.loads(f'"{self._escape}"'))[1:-1])
            self._escape = ""
        return position + 1

    def _open(self, bracket: str) -> None:
        """Step into an object or array, or collect it where it must be seen whole."""
        place = self._place()
        known = None if place is None or place[1] is None else _container(place[1], self._root, bracket)
        if place is None or known is None:
            self._parts.append(bracket)
            self._depth = 1
            return
        self.written.append(place[0] + bracket)
        self._levels[-1].keys.add(self._key())
        self._levels.append(_Level(closing=_CLOSING[bracket], schema=known))
        self._begin_member()

    def _key(self) -> str:
        found = _KEY.match("".join(self._parts))
        return found.group(1) if found else str(len(self._levels[-1].keys))

    def _close(self, bracket: str) -> None:
        """Step out of an object or array; the end of the outermost is left to the final value."""
        level = self._levels[-1]
        if self._closed or "".join(self._parts).strip():
            self._end_member()
        elif level.keys:
            self.silent = True  # a comma before the end
        missing = any(key not in level.keys for key in level.schema.get("required", ())) and bracket == "}"
        if self.silent or missing or bracket != level.closing or len(self._levels) == 1:
            self.silent = True
            return
        self._levels.pop()
        self.written.append(bracket)
        self._begin_member(closed=True)

    def _end_member(self) -> None:
        said, begun = "".join(self._parts), "".join(self._begun)
        whole = "" if self._closed else self._whole(said)
        if (said.strip() if self._closed else not whole) or not whole.startswith(begun):
            self.silent = True
            return
        self.written.append(whole[len(begun) :])
        self._begin_member()

    def _whole(self, said: str) -> str:
        """A complete member or item as it will be in the end, or nothing if that is not certain."""
        level = self._levels[-1]
        try:
            key, value = _member(said, level)
            schema = level.inner(key)
            if schema is None or key in level.keys or (value is None and not nullable(schema, self._root)):
                return ""
            made = dumped(fitted(value, schema, self._root, {}, key, strict_types=self._strict))
            made.encode()  # half a character is not the final one
        except (ValueError, RecursionError, Mismatch):
            return ""
        before = level.before()
        level.keys.add(key)
        return f"{before}{made}" if level.closing == "]" else f"{before}{dumped(key)}: {made}"


def _member(said: str, level: _Level) -> tuple[str, Any]:
    """A member's key and value, or an item's number and value.

    Raises:
        ValueError: If it is not exactly one, in plain JSON.
    """
    if level.closing == "]":
        [item] = json.loads(f"[{said}]")
        return str(len(level.keys)), item
    [(key, value)] = json.loads(f"{{{said}}}").items()
    return key, value


def _sole(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one schema that a value other than null must fit, or None if there is a choice."""
    known = resolved(schema, root)
    if not branches(known):
        return known
    if "properties" in known:
        return None
    choices = [resolved(choice, root) for choice in branches(known)]
    choices = [choice for choice in choices if types_of(choice) != ("null",)]
    return choices[0] if len(choices) == 1 and not branches(choices[0]) else None


def _fits(schema: Any, root: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The schema that every value of this kind fits as far as its end is not known, or None."""
    known = _sole(schema, root)
    if known is None or not _CHECKED_WHOLE.isdisjoint(known):
        return None
    return known if {*types_of(known)} <= {kind, "null"} and types_of(known) != ("null",) else None


def _container(schema: Any, root: Mapping[str, Any], bracket: str) -> Mapping[str, Any] | None:
    return _fits(schema, root, _KINDS[bracket])


def _takes_any_text(schema: Any, root: Mapping[str, Any]) -> bool:
    return schema is not None and _fits(schema, root, "string") is not None
