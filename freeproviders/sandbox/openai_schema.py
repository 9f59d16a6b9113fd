"""Checks that a JSON Schema is one, as far as servers look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from freeproviders.sandbox import checks

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_BRANCHES = ("anyOf", "oneOf", "allOf")
_KINDS: dict[str, type] = {"properties": dict, **dict.fromkeys(("required", "enum", *_BRANCHES), list)}
_DEEPEST = 50


def check_schema(schema: Any, where: str) -> None:
    """Check the schema of a tool's arguments or of an answer.

    Raises:
        Refusal: 400 that names the place.
    """
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise checks.refuse(f"{where} must be a schema of type object")
    _check(schema, where, 0)


def _check(schema: Any, where: str, depth: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > _DEEPEST:
        raise checks.refuse(f"{where} is no JSON Schema")
    for word, kind in _KINDS.items():
        if not isinstance(schema.get(word, kind()), kind):
            raise checks.refuse(f"{where}.{word} must be of type {kind.__name__}")
    kinds = schema.get("type", [])
    if not all(isinstance(one, str) and one in _TYPES for one in (kinds if isinstance(kinds, list) else [kinds])):
        raise checks.refuse(f"{where}.type is {kinds!r}")
    for name, part in _parts(schema):
        _check(part, f"{where}.{name}", depth + 1)


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from schema.get("properties", {}).items()
    yield from ((word, schema[word]) for word in ("items", "additionalProperties") if word in schema)
    yield from ((word, part) for word in _BRANCHES for part in schema.get(word, []))
