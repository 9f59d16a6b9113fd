"""Asks a JSON Schema what a reader must know: where a reference leads, which types fit, which bounds hold.

Only what function schemas use is understood; a keyword unknown here never refuses a value.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["bounds_problem", "branches", "format_problem", "matches", "nullable", "resolved", "types_of"]

_MAX_HOPS = 16
_LONGEST_MATCHED = 4_000
_FORMATS = {
    "date": (re.compile(r"\d{4}-\d\d-\d\d([T_ ].{0,40})?|[-+]?\d{1,20}(\.\d{1,9})?"), "2024-01-31"),
    "date-time": (re.compile(r"\d{4}-\d\d-\d\d([T_ ].{0,40})?|[-+]?\d{1,20}(\.\d{1,9})?"), "2024-01-31T12:00:00"),
    "time": (re.compile(r"\d\d:\d\d.{0,40}"), "12:00:00"),
    "uuid": (re.compile(r"(urn:uuid:)?\{?[0-9a-fA-F-]{32,36}\}?"), "123e4567-e89b-42d3-a456-426614174000"),
    "email": (re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}"), "name@example.org"),
}
"""What texts of a format look like, and an example. Every text that a parser takes passes, some that none takes too."""


def resolved(schema: Any, root: Mapping[str, Any], hops: int = _MAX_HOPS) -> Mapping[str, Any]:
    """The schema with its ``$ref`` followed and its ``allOf`` joined; an unknown reference allows anything.

    Args:
        schema: The schema of a place.
        root: The whole schema, in which ``$ref`` points.
        hops: How many references to follow: they may go round in circles.
    """
    for left in range(hops, 0, -1):
        if not isinstance(schema, Mapping):
            return {}
        every = schema.get("allOf")
        if isinstance(schema.get("$ref"), str):
            schema = _pointed(schema["$ref"], root)
        elif isinstance(every, list):
            own = {word: value for word, value in schema.items() if word != "allOf"}
            schema = _joined([own, *(resolved(part, root, left // 2) for part in every)])
        else:
            return schema
    return {}


def _joined(parts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """One schema that asks for what all of them ask."""
    joined: dict[str, Any] = {}
    for part in parts:
        properties = {**joined.get("properties", {}), **part.get("properties", {})}
        required = [*joined.get("required", ()), *part.get("required", ())]
        joined.update(part)
        joined.update({word: value for word, value in (("properties", properties), ("required", required)) if value})
    return joined


def _pointed(reference: str, root: Mapping[str, Any]) -> Any:
    place: Any = root
    for step in filter(None, reference.removeprefix("#").split("/")):
        key = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, Mapping) or key not in place:
            return {}
        place = place[key]
    return place


def branches(schema: Mapping[str, Any]) -> list[Any]:
    """The alternatives of ``anyOf`` or ``oneOf``."""
    for word in ("anyOf", "oneOf"):
        if isinstance(found := schema.get(word), list):
            return list(found)
    return []


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the types that fit; empty if any does."""
    declared = schema.get("type")
    if isinstance(declared, str):
        nullable = schema.get("nullable") is True
        return (declared, "null") if nullable else (declared,)
    if isinstance(declared, list):
        return tuple(str(name) for name in declared)
    if "properties" in schema or "required" in schema:
        return ("object",)
    return ("array",) if "items" in schema or "prefixItems" in schema else ()


def nullable(schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether null fits."""
    known = resolved(schema, root)
    choices = branches(known)
    if any(nullable(choice, root) for choice in choices):
        return True
    kinds = types_of(known)
    return "null" in kinds or (not kinds and not choices) or None in (known.get("enum") or ())


def bounds_problem(value: Any, schema: Mapping[str, Any]) -> str:
    """Which bound the value breaks, in words; empty if none."""
    if isinstance(value, (str, list)):
        pattern = schema.get("pattern")
        if isinstance(value, str) and isinstance(pattern, str) and not matches(pattern, value):
            return f"must match {pattern}"
        low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
        return _outside(len(value), schema.get(low), schema.get(high), "length")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        problem = _outside(value, schema.get("minimum"), schema.get("maximum"), "value")
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if isinstance(above, (int, float)) and not isinstance(above, bool) and value <= above:
            return f"value must be above {above}"
        if isinstance(below, (int, float)) and not isinstance(below, bool) and value >= below:
            return f"value must be below {below}"
        return problem
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text. One that Python cannot read, or a very long text, is let pass."""
    try:
        return len(text) > _LONGEST_MATCHED or re.search(pattern, text) is not None
    except re.error:
        return True


def format_problem(value: Any, schema: Mapping[str, Any]) -> str:
    """Why a text cannot be of its schema's format, in words; empty if it can, or if nothing is known of the format."""
    form = schema.get("format")
    if not isinstance(value, str) or not isinstance(form, str) or form not in _FORMATS:
        return ""
    pattern, example = _FORMATS[form]
    return "" if pattern.fullmatch(value.strip()) else f"must be a {form} such as {example}, got {value[:60]!r}"


def _outside(size: float, low: Any, high: Any, what: str) -> str:
    if isinstance(low, (int, float)) and size < low:
        return f"{what} must be at least {low}"
    if isinstance(high, (int, float)) and size > high:
        return f"{what} must be at most {high}"
    return ""
