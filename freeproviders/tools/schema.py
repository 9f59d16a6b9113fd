"""Asks a JSON Schema what a reader must know: where a reference leads, which types fit, which bounds hold.

Only what function schemas use is understood; a keyword unknown here never refuses a value.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["bounds_problem", "branches", "nullable", "resolved", "types_of"]

_MAX_HOPS = 16


def resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with its ``$ref`` followed and a single ``allOf`` unwrapped; an unknown reference allows anything."""
    for _ in range(_MAX_HOPS):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        every = schema.get("allOf")
        if isinstance(reference, str):
            schema = _pointed(reference, root)
        elif isinstance(every, list) and len(every) == 1 and "properties" not in schema:
            schema = every[0]
        else:
            return schema
    return {}


def _pointed(reference: str, root: Mapping[str, Any]) -> Any:
    place: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
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
    if "properties" in schema:
        return ("object",)
    return ("array",) if "items" in schema else ()


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


def _outside(size: float, low: Any, high: Any, what: str) -> str:
    if isinstance(low, (int, float)) and size < low:
        return f"{what} must be at least {low}"
    if isinstance(high, (int, float)) and size > high:
        return f"{what} must be at most {high}"
    return ""
