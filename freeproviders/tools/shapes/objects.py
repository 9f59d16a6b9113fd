"""Calls stated as values: objects with a name and arguments under any of the usual keys, lists and wrappers of them."""

from typing import Any

from freeproviders.tools.binding import RawCall
from freeproviders.tools.names import NameBook
from freeproviders.tools.nodes import CallNode, Cut, Missing
from freeproviders.tools.shapes.keys import ARGUMENT_KEYS, NAME_KEYS, WRAPPER_KEYS
from freeproviders.tools.values import ValueReader

__all__ = ["Finder"]

_MAX_TEXTS = 32
_OTHER_KEYS = frozenset(
    ("id", "type", "index", "call_id", "tool_call_id", "thought", "thoughts", "reasoning", "description")
)


class Finder:
    """Finds the calls in one value.

    Args:
        book: The tools.
        reader: The reader that made the value; it knows what was cut off.
        bare: Name of the tool whose arguments may stand alone; empty if none.
    """

    __slots__ = ("bare", "book", "calls", "reader")

    def __init__(self, book: NameBook, reader: ValueReader | None, bare: str = "") -> None:
        self.book: NameBook = book
        self.reader: ValueReader | None = reader
        self.bare: str = bare
        self.calls: list[RawCall] = []

    def find(self, value: Any) -> None:
        """Add the calls of a value to ``calls``."""
        if isinstance(value, CallNode):
            self._node(value)
        elif isinstance(value, dict):
            self._dict(value)
        elif isinstance(value, list) and not self._pair(value) and not self._texts(value):
            for item in value:
                self.find(self._inside(item) if isinstance(item, str) else item)

    def _inside(self, written: str) -> Any:
        """The calls in a string that holds source text of calls."""
        reader = ValueReader(written, calls=True)
        found = [reader.read()]
        while (char := reader.peek()) and char in ",;" and len(found) < _MAX_TEXTS:
            reader.position += 1
            found.append(reader.read())
        whole = not reader.cut and all(isinstance(node, CallNode) and self.book.resolve(node.name) for node in found)
        return found if whole else None

    def _texts(self, items: list[Any]) -> bool:
        """``[name, "key=value", ...]``."""
        if len(items) < 2 or not all(isinstance(item, str) and not isinstance(item, Cut) for item in items):
            return False
        if not self.book.spells(items[0]) or not all("=" in item for item in items[1:]) or not self._whole(items):
            return False
        self.calls.append(RawCall(items[0], {}, items[1:]))
        return True

    def _whole(self, *values: Any) -> bool:
        return self.reader is None or not any(id(value) in self.reader.cut for value in values)

    def _add(self, name: str, named: Any, *containers: Any, stated: bool = True) -> None:
        self.calls.append(RawCall(name, named, complete=self._whole(named, *containers), stated=stated))

    def _node(self, node: CallNode) -> None:
        if node.name == "print" and len(node.positional) == 1 and not self.book.resolve("print"):
            self.find(node.positional[0])
            return
        raw = RawCall(node.name, node.named, node.positional, node.complete, node.source)
        raw.clash = node.clash
        raw.stated = bool(self.book.resolve(node.name))
        self.calls.append(raw)

    def _pair(self, items: list[Any]) -> bool:
        """``[name, {arguments}]``, or several of them in a row."""
        names, objects = items[0::2], items[1::2]
        if not items or len(names) != len(objects) or not all(isinstance(value, dict) for value in objects):
            return False
        if not all(isinstance(name, str) and self.book.resolve(name) for name in names):
            return False
        for name, arguments in zip(names, objects, strict=True):
            self._add(name, arguments)
        return True

    def _dict(self, value: dict[str, Any]) -> None:
        if self._wrapped(value) or self._named(value) or self._keyed(value) or self._set_like(value):
            return
        if self.bare and not isinstance(value.get("name"), str):
            self._add(self.bare, value, stated=False)
            self.calls[-1].notes["arguments_only"] = None

    def _wrapped(self, value: dict[str, Any]) -> bool:
        for key in WRAPPER_KEYS:
            inner = value.get(key)
            if isinstance(inner, (dict, list, CallNode)) and inner and key not in self.book.schemas:
                if isinstance(inner, dict) and self._holds_arguments(value, key):
                    continue
                self.find(inner)
                return True
        return False

    def _holds_arguments(self, value: dict[str, Any], key: str) -> bool:
        """Whether another key of the object names the tool, so that this key is no wrapper."""
        return any(isinstance(value.get(name), str) and name != key for name in NAME_KEYS[:5])

    def _named(self, value: dict[str, Any]) -> bool:
        for key in NAME_KEYS:
            name = value.get(key)
            if isinstance(name, str):
                break
        else:
            return False
        for arguments_key in ARGUMENT_KEYS:
            if arguments_key in value and arguments_key != key:
                self._add(name, value[arguments_key], name)
                return True
        rest = {other: inner for other, inner in value.items() if other != key and other not in _OTHER_KEYS}
        if self.bare and set(value) <= set(self._properties(self.bare)) and not self.book.resolve(name):
            return False
        self._add(name, rest, value, stated=False)
        return True

    def _properties(self, name: str) -> Any:
        return self.book.schemas[name].get("properties") or {}

    def _keyed(self, value: dict[str, Any]) -> bool:
        """``{name: {arguments}}``, where every key is a tool's name."""
        if not value or not all(self.book.spells(key) or self.book.spells(key.split("(")[0]) for key in value):
            return False
        if self.bare and set(value) <= set(self._properties(self.bare)):
            return False
        for key, inner in value.items():
            for arguments in inner if isinstance(inner, list) and inner else [inner]:
                self._add(key, {} if arguments is Missing else arguments, stated=isinstance(arguments, dict))
        return True

    def _set_like(self, value: dict[str, Any]) -> bool:
        """``{"name", "parameters": {...}}``: the name stands where a key should."""
        lone = [key for key, inner in value.items() if inner is Missing]
        if len(lone) != 1 or not self.book.spells(lone[0]):
            return False
        rest = {key: inner for key, inner in value.items() if inner is not Missing}
        inner = next((rest[key] for key in ARGUMENT_KEYS if key in rest), rest)
        self._add(lone[0], inner, value)
        self.calls[-1].notes["name_position"] = None
        return True
