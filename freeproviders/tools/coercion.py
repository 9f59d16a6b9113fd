"""Fits a value to a JSON Schema without loss, or refuses.

``"25"`` becomes 25 where an integer is wanted, ``"true"`` becomes true, a number becomes text where text is wanted.
Nothing is guessed: no text is split at commas, no default is filled in, no cut string is used.
"""

import json
import math
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from freeproviders.tools.changes import CHANGES, is_of
from freeproviders.tools.names import respelled
from freeproviders.tools.nodes import CallNode, Cut, Expression, Missing
from freeproviders.tools.schema import bounds_problem, branches, format_problem, matches, nullable, resolved, types_of
from freeproviders.tools.strict import strict

__all__ = ["Mismatch", "fitted"]

_DEPTH = 64


class Mismatch(Exception):
    """The value does not fit; the message says where and why."""


def fitted(
    value: Any,
    schema: Any,
    root: Mapping[str, Any],
    notes: dict[str, None],
    path: str = "",
    *,
    strict_types: bool = False,
) -> Any:
    """The value as the schema wants it.

    Args:
        value: What a reader found.
        schema: The schema of this place.
        root: The whole schema, in which ``$ref`` points.
        notes: Gains a word for every change.
        path: Where the value stands, for messages.
        strict_types: Whether a number with a fraction for an integer, and an item of another type in an array, are
            refused. Otherwise they are passed on as they are and noted: such schemas are often wrong themselves, and
            the tool's own check gives an agent the better answer.

    Raises:
        Mismatch: If the value does not fit and cannot be made to without loss.
    """
    if _fits_at_once(value, schema):
        return value
    return _Fitter(root, notes, strict_types=strict_types).fit(value, schema, path)


def _fits_at_once(value: Any, schema: Any) -> bool:
    """Whether a plain value has the one type that the schema asks for, as most do; spares them the long way."""
    if type(value) not in _PLAIN or not isinstance(schema, Mapping) or not _KEYWORDS.isdisjoint(schema):
        return False
    kind = schema.get("type")
    return kind == _PLAIN[type(value)] or (kind == "number" and type(value) is int)


_PLAIN: dict[type, str] = {str: "string", int: "integer", bool: "boolean"}
_KEYWORDS = frozenset((
    "$ref", "allOf", "anyOf", "oneOf", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern", "format",
))  # fmt: skip


class _Fitter:
    """One fitting: the root schema and the notes that every step needs."""

    __slots__ = ("notes", "root", "strict_types")

    def __init__(self, root: Mapping[str, Any], notes: dict[str, None], *, strict_types: bool) -> None:
        self.root = root
        self.notes = notes
        self.strict_types = strict_types

    def fit(self, value: Any, schema: Any, path: str) -> Any:
        """The value fitted to one place of the schema."""
        if _fits_at_once(value, schema):
            return value
        known = resolved(schema, self.root)
        if isinstance(value, Cut):
            raise Mismatch(f"{_at(path)} is cut off")
        if path.count(".") + path.count("[") > _DEPTH:
            raise Mismatch(f"`{path[:40]}` is nested too deeply")
        if choices := branches(known):
            return self._first_fit(self._beside_choices(value, known, path), choices, path)
        if "enum" in known or "const" in known:
            return self._listed(value, known, path)
        kinds = types_of(known)
        if not kinds:
            return _plain(value, path)
        made = self._typed(value, kinds, known, path)
        if problem := bounds_problem(made, known) or (self.strict_types and format_problem(made, known)):
            raise Mismatch(f"{_at(path)}: {problem}")
        return made

    def _beside_choices(self, value: Any, schema: Mapping[str, Any], path: str) -> Any:
        """The value fitted to the properties that hold whatever is chosen."""
        if "properties" not in schema:
            return value
        return self.fit(value, {word: part for word, part in schema.items() if word not in _CHOICES}, path)

    def _first_fit(self, value: Any, choices: list[Any], path: str) -> Any:
        """The alternative that needs the fewest changes; the first of equals."""
        best: tuple[int, Any, dict[str, None]] | None = None
        problem = Mismatch(f"{_at(path)} fits no alternative")
        for choice in choices:
            tried: dict[str, None] = {}
            try:
                made = _Fitter(self.root, tried, strict_types=True).fit(value, choice, path)
            except Mismatch as mismatch:
                problem = mismatch
                continue
            if best is None or len(tried) < best[0]:
                best = len(tried), made, tried
        if best is None:
            raise problem
        self.notes.update(best[2])
        return best[1]

    def _listed(self, value: Any, schema: Mapping[str, Any], path: str) -> Any:
        choices = [schema["const"]] if "const" in schema else list(schema["enum"])
        value = _plain(value, path)
        for choice in choices:
            if type(choice) is type(value) and choice == value:
                return choice
        folded = _folded(value)
        alike = [choice for choice in choices if _folded(choice) == folded]
        if len(alike) != 1:
            shown = ", ".join(json.dumps(choice, ensure_ascii=False) for choice in choices[:20])
            raise Mismatch(f"{_at(path)}: expected one of {shown}, got {_shown(value)}")
        self.notes["enum_case"] = None
        return alike[0]

    def _typed(self, value: Any, kinds: tuple[str, ...], schema: Mapping[str, Any], path: str) -> Any:
        for kind in kinds:
            if is_of(value, kind):
                if kind == "array":
                    return self._items(value, schema, path)
                return self._members(value, schema, path) if kind == "object" else _plain(value, path)
        for kind in kinds:
            made = CHANGES[kind](value) if kind in CHANGES else None
            if made is not None:
                self.notes[f"to_{kind}"] = None
                return made
            if kind in ("array", "object"):
                return self._structured(value, kind, schema, path)
        if "integer" in kinds and not self.strict_types and is_of(value, "number"):
            self.notes["fraction"] = None
            return value
        raise Mismatch(f"{_at(path)}: expected {' or '.join(kinds)}, got {_shown(value)}")

    def _structured(self, value: Any, kind: str, schema: Mapping[str, Any], path: str) -> Any:
        """An array or object from JSON text, or an array from the one item it should hold."""
        if isinstance(value, str) and value.lstrip()[:1] == ("[" if kind == "array" else "{"):
            found, read = strict(value, _DEPTH)
            if found:
                self.notes[f"to_{kind}"] = None
                return self.fit(read, schema, path)
        if kind == "array" and "items" in schema and value is not None and not isinstance(value, Expression):
            tried: dict[str, None] = {}
            made = _Fitter(self.root, tried, strict_types=True).fit(value, schema["items"], path)
            if not tried and not isinstance(made, dict):
                self.notes["to_array"] = None
                return [made]
        raise Mismatch(f"{_at(path)}: expected {kind}, got {_shown(value)}")

    def _items(self, value: list[Any], schema: Mapping[str, Any], path: str) -> list[Any]:
        first, inner = schema.get("prefixItems") or [], schema.get("items")
        schemas = chain(first, repeat(inner if isinstance(inner, Mapping) else {}))
        return [
            self._item(item, part, f"{path}[{place}]")
            for place, (item, part) in enumerate(zip(value, schemas, strict=False))
        ]

    def _item(self, item: Any, schema: Mapping[str, Any], path: str) -> Any:
        try:
            return self.fit(item, schema, path)
        except Mismatch:
            if self.strict_types or isinstance(item, Cut) or not _SIMPLE.issuperset(types_of(schema) or ("",)):
                raise
            if "enum" in schema or (made := _plain(item, path)) is None:
                raise
            self.notes["item_type"] = None
            return made

    def _members(self, value: dict[Any, Any], schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        made: dict[str, Any] = {}
        for key, inner in value.items():
            name = key if key in properties else respelled(str(key), properties, value)
            if name is None:
                made[str(key)] = self.fit(inner, _other(str(key), schema, path), f"{path}.{key}")
                continue
            if name != key:
                self.notes["key_spelling"] = None
            if inner is None and name not in schema.get("required", ()) and not nullable(properties[name], self.root):
                self.notes["null_dropped"] = None
                continue
            made[str(name)] = self.fit(inner, properties[name], f"{path}.{name}")
        for key in schema.get("required", ()):
            if key not in made:
                raise Mismatch(f"{_at(f'{path}.{key}')} is missing")
        return made


_SIMPLE = frozenset(("string", "integer", "number", "boolean"))
_CHOICES = ("anyOf", "oneOf")


def _other(key: str, schema: Mapping[str, Any], path: str) -> Any:
    """The schema of a key that is none of the properties.

    Raises:
        Mismatch: If there may be none.
    """
    for pattern, inner in (schema.get("patternProperties") or {}).items():
        if matches(pattern, key):
            return inner
    more = schema.get("additionalProperties")
    if more is False:
        raise Mismatch(f"{_at(f'{path}.{key}')} is not a known key; known: {', '.join(schema.get('properties') or ())}")
    return more if isinstance(more, Mapping) else {}


def _at(path: str) -> str:
    """A place, for messages."""
    return f"`{path.lstrip('.')}`" if path else "the value"


def _folded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.strip().casefold().replace("_", " ").replace("-", " ")


def _plain(value: Any, path: str) -> Any:
    """The value with nothing but JSON types in it."""
    if isinstance(value, dict):
        return {str(key): _plain(inner, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, f"{path}[{place}]") for place, inner in enumerate(value)]
    if isinstance(value, (Cut, CallNode, Expression)) or value is Missing:
        raise Mismatch(f"{_at(path)} is no value")
    if isinstance(value, float) and not math.isfinite(value):
        raise Mismatch(f"{_at(path)} is not finite")
    return str(value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    if isinstance(value, CallNode):
        return "a call"
    kind = {dict: "object", list: "array", bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")
    return "null" if value is None else f"{kind} {str(value)[:60]!r}" if kind == "string" else kind
