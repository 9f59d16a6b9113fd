"""What a value may become for a type without loss: ``"25"`` an integer, ``"true"`` a truth value, 3 a text."""

import math
from collections.abc import Callable
from typing import Any

from freeproviders.tools.arithmetic import evaluated
from freeproviders.tools.nodes import Bare, CallNode, Expression
from freeproviders.tools.words import number

__all__ = ["CHANGES", "is_of"]


def is_of(value: Any, kind: str) -> bool:
    """Whether a value has a type."""
    if isinstance(value, Expression):
        return False
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _CLASSES.get(kind, object))


_CLASSES: dict[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def _to_integer(value: Any) -> int | None:
    made = _to_number(value)
    return int(made) if made is not None and float(made).is_integer() else None


def _to_number(value: Any) -> int | float | None:
    if isinstance(value, (Bare, Expression)):
        return evaluated(str(value))
    if isinstance(value, str):
        return number(value.strip().replace(",", "") if _thousands(value.strip()) else value.strip())
    return value if isinstance(value, float) and math.isfinite(value) else None


def _thousands(written: str) -> bool:
    groups = written.lstrip("+-").split(".")[0].split(",")
    return 1 <= len(groups[0]) <= 3 and len(groups) > 1 and all(len(group) == 3 for group in groups[1:])


def _to_boolean(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(value.strip().casefold()) if isinstance(value, str) else None


def _to_string(value: Any) -> str | None:
    if isinstance(value, CallNode):
        return value.source if value.complete else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float, str)) else None


CHANGES: dict[str, Callable[[Any], Any]] = {
    "integer": _to_integer,
    "number": _to_number,
    "boolean": _to_boolean,
    "string": _to_string,
}
"""By type, what makes a value of it, or None where that would lose something."""
