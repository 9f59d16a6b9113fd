"""Pieces of a question that ask the same of several things: "in Paris and in Rome" is asked twice."""

from __future__ import annotations

import re
from typing import Any

from freeproviders.sandbox.agent.facts import NAME, names, numbers
from freeproviders.sandbox.agent.offer import Tool

_MOST = 20
_JOINT = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+)"
_SPLIT = re.compile(_JOINT)
_LEAD = r"(?:(?:in|for|of|at|to|about|on)\s+(?:the\s+)?)?"
_NAMES = re.compile(rf"{NAME}(?:{_JOINT}{_LEAD}{NAME}){{1,{_MOST}}}")
_QUOTES = re.compile(rf"\"[^\"\n]{{1,200}}\"(?:{_JOINT}\"[^\"\n]{{1,200}}\"){{1,{_MOST}}}")
_REPEATED = re.compile(rf"\b(in|for|of|at|about)\s+(\w+)(?:{_JOINT}\1\s+\w+){{1,{_MOST}}}")
_NUMBERS = re.compile(rf"(?<![\w.])-?\d+(?:{_JOINT}{_LEAD}-?\d+){{1,{_MOST}}}")


def variants(tool: Tool, piece: str) -> list[str]:
    """Give a piece once for each thing it asks for.

    Args:
        tool: The tool that is to be called.
        piece: A piece of a question.

    Returns:
        The pieces, each with one of the things; the piece alone if the tool takes several at once.
    """
    kinds = [_kind(schema) for schema in _required(tool).values()]
    if kinds == ["string"]:
        return _with_strings(piece)
    if kinds and set(kinds) <= {"integer", "number"} and len(kinds) == 1:
        return _split(piece, _NUMBERS.search(piece), lambda item: [str(one) for one in numbers(item)])
    return [piece]


def numbers_wanted(tool: Tool) -> int:
    """Count the numbers that a tool must be given."""
    return sum(_kind(schema) in ("integer", "number") for schema in _required(tool).values())


def _required(tool: Tool) -> dict[str, Any]:
    wanted = tool.schema.get("required", ())
    return {name: part for name, part in tool.schema.get("properties", {}).items() if name in wanted}


def _kind(schema: Any) -> str:
    if not isinstance(schema, dict) or "enum" in schema:
        return "other"
    return str(schema.get("type", "other"))


def _with_strings(piece: str) -> list[str]:
    quotes = _QUOTES.search(piece)
    if quotes is not None:
        return _split(piece, quotes, lambda item: [item])
    repeated = _REPEATED.search(piece)
    if repeated is not None:
        return _split(piece, repeated, lambda item: [f"{repeated[1]} {item.removeprefix(repeated[1]).strip()}"])
    found = _NAMES.search(piece)
    if found is None or " and " not in found[0]:
        return [piece]
    return _split(piece, found, lambda item: list(names(f"of {item}")))


def _split(piece: str, found: re.Match[str] | None, things: Any) -> list[str]:
    if found is None:
        return [piece]
    items = [thing for item in _SPLIT.split(found[0]) for thing in things(item)]
    return [f"{piece[: found.start()]}{item}{piece[found.end() :]}" for item in dict.fromkeys(items)] or [piece]
