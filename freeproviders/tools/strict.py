"""Reads JSON that needs no repair, as fast as it gets.

``pydantic_core`` is used where it is installed (both frameworks bring it); it is no dependency of the core, hence the
late import. Texts that nest too deeply are refused before any parser sees them.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

__all__ = ["nests_deeper", "strict"]


class _NotStrict(ValueError):
    """The text is no plain JSON, or says something that should be flagged."""


@cache
def _loader() -> Callable[[str], Any]:
    try:
        from pydantic_core import from_json
    except ImportError:
        return json.loads
    return from_json


def nests_deeper(text: str, limit: int) -> bool:
    """Whether brackets nest deeper than a limit; brackets in strings count too, so the answer errs towards yes."""
    if text.count("{") + text.count("[") <= limit:
        return False
    depth = 0
    for char in text:
        if char in "{[":
            depth += 1
            if depth > limit:
                return True
        elif char in "}]":
            depth -= 1
    return False


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_keys(inner) for inner in value.values() if isinstance(inner, (dict, list)))
    return sum(_keys(inner) for inner in value if isinstance(inner, (dict, list)))


def strict(text: str, limit: int) -> tuple[bool, Any]:
    """Whether the text is plain JSON, and its value.

    A text with a key given twice, a number that is not finite, a lone surrogate or a doubly escaped line break is left
    to the tolerant reader, which flags it.

    Args:
        text: The text.
        limit: How deep it may nest.
    """
    if nests_deeper(text, limit):
        return False, None
    try:
        value = _loader()(text)
        if isinstance(value, (dict, list)):
            if text.count('":') + text.count('" :') != _keys(value):
                json.loads(text, object_pairs_hook=_unique)
            if "N" in text or "I" in text or "\\" in text or "e" in text or "E" in text:
                json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):  # a lone surrogate gives pydantic_core a TypeError
        return False, None
    return True, value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _NotStrict
    return made
