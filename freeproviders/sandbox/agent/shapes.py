"""Signature types (`list[string]`, `{a: integer, b?: "x"|"y"}`) read into JSON Schema, the one form the rest knows."""

from __future__ import annotations

import json
import re
from typing import Any

Schema = dict[str, Any]

_DECODER = json.JSONDecoder()
_FIELD = re.compile(r"\s*([^:?(){},]+)(\??):\s*")
_BAR = re.compile(r"\s*\|\s*")
_KIND = re.compile(r"(string|integer|number|boolean|null|object|any)\b(?:\(([^()]*)\))?")
_LIST = "list["
_DEEPEST = 30


def parameters(text: str, at: int = 0) -> tuple[Schema, int]:
    """Read a signature's parameters.

    Args:
        text: Text with the signature.
        at: Where its opening parenthesis stands.

    Returns:
        The JSON Schema of the arguments, and where the text goes on.

    Raises:
        ValueError: It is no signature.
    """
    reader = _Reader(text, at)
    return reader.fields(")"), reader.at


def shape(text: str, at: int = 0) -> Schema:
    """Read a type, or a JSON Schema that stands in its place; what follows it is ignored.

    Args:
        text: Text with the type.
        at: Where it begins.

    Returns:
        Its JSON Schema.

    Raises:
        ValueError: It is neither.
    """
    try:
        value, _ = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return _Reader(text, at).union()
    if isinstance(value, dict):
        return value
    return _Reader(text, at).union()


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self.text: str = text
        self.at: int = at
        self._depth = 0

    def fields(self, closing: str) -> Schema:
        self._deeper()
        self.at += 1
        properties: dict[str, Schema] = {}
        required: list[str] = []
        while not self._take(closing):
            found = _FIELD.match(self.text, self.at)
            if found is None:
                raise ValueError("a parameter is no name with a type")
            self.at = found.end()
            name = found[1].strip()
            properties[name] = self.union()
            if self._take(" = "):
                properties[name]["default"] = self._literal()
            if not found[2]:
                required.append(name)
            self._take(",")
        self._depth -= 1
        if list(properties) == ["any key"]:
            return {"type": "object", "additionalProperties": properties["any key"]}
        return {"type": "object", "properties": properties, "required": required}

    def union(self) -> Schema:
        parts = [self._one()]
        while found := _BAR.match(self.text, self.at):
            self.at = found.end()
            parts.append(self._one())
        kinds = [part for part in parts if "const" not in part]
        literals = [part["const"] for part in parts if "const" in part]
        if literals:
            kinds.insert(0, {"enum": literals})
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}

    def _one(self) -> Schema:
        if self.text.startswith("{", self.at):
            return self.fields("}")
        if self.text.startswith(_LIST, self.at):
            return self._list()
        if self.text.startswith("[", self.at):
            return self._tuple()
        found = _KIND.match(self.text, self.at)
        if found is None:
            return {"const": self._literal()}
        self.at = found.end()
        if found[1] == "any":
            return {}
        return {"type": found[1], **({"format": found[2]} if found[2] else {})}

    def _list(self) -> Schema:
        self._deeper()
        self.at += len(_LIST)
        items = self.union()
        if not self._take("]"):
            raise ValueError("a list is not closed")
        self._depth -= 1
        return {"type": "array", "items": items}

    def _tuple(self) -> Schema:
        self._deeper()
        self.at += 1
        items: list[Schema] = []
        while not self._take("]"):
            items.append(self.union())
            self._take(", ")
        self._depth -= 1
        return {"type": "array", "prefixItems": items}

    def _literal(self) -> Any:
        value, self.at = _DECODER.raw_decode(self.text, self.at)
        return value

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("a type is too deep")
