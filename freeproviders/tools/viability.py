"""Decides whether brackets, quotes and names at a place of a reply may be the beginning of calls.

The verdict is ``"yes"``, ``"no"`` or ``"more"``, and depends on the text alone: once given for a beginning, it stays
for every continuation. Hence what lets a name pass must let every beginning of that name pass.
"""

import re

from freeproviders.tools.places import Place
from freeproviders.tools.shapes.keys import ARGUMENT_KEYS, NAME_KEYS, WRAPPER_KEYS

__all__ = ["NAME", "QUOTES", "WINDOW", "named", "viable"]

NAME = re.compile(r"[^\W\d][\w.\\:/-]{0,100}")
QUOTES = "\"'`“‘"
WINDOW = 64
"""How many characters a name without proof may take, and how far is looked behind one."""

_KEYS = frozenset((*NAME_KEYS, *ARGUMENT_KEYS, *WRAPPER_KEYS, "id", "type", "thought", "reasoning"))
_BLANKS = re.compile(r"(?:\s|\\n){0,200}")
_KEY = re.compile(r"[\w.\\$-]{1,100}")
_MAX_BLANKS = 200
_MAX_DEPTH = 3


def viable(text: str, position: int, place: Place, depth: int = 0) -> str:
    """Whether the bracket or quote at a position may open calls."""
    blank = _BLANKS.match(text, position + 1)
    inner = position + 1 if blank is None else blank.end()
    if inner >= len(text) or text[inner:] == "\\":
        return "no" if place.final or inner - position > _MAX_BLANKS else "more"
    char, opener = text[inner], text[position]
    if place.asked and opener in "[{" and char not in "]}":
        return "yes"
    if opener == "{":
        return _viable_object(text, inner, place, depth)
    if opener in QUOTES:
        return _quoted(text, inner, place)
    return _viable_item(text, inner, place, depth)


def _viable_item(text: str, position: int, place: Place, depth: int) -> str:
    """The first item of a list."""
    char = text[position]
    if char in "[{(" and depth < _MAX_DEPTH:
        return viable(text, position, place, depth + 1)
    return _quoted(text, position + 1, place) if char in QUOTES else named(text, position, place, listed=True)


def _quoted(text: str, position: int, place: Place) -> str:
    """A name in quotes: of a call, or the first of a pair."""
    while text[position : position + 1] == "`":
        position += 1
    found = NAME.match(text, position)
    if found is None:
        return "more" if position >= len(text) and not place.final else "no"
    name, after = found.group(), found.end()
    if after >= len(text) and not place.final:
        return "more" if place.book.could_start(name) else "no"
    if text[after : after + 1] == "(":
        return "yes" if place.book.could_start(name) and place.book.resolve(name) else "no"
    return "yes" if text[after : after + 1] in (*QUOTES, "”") and place.book.spells(name) else "no"


def named(text: str, position: int, place: Place, *, listed: bool) -> str:
    """Whether the name at a position may be that of a call: before its bracket, or (not in a list) before an object."""
    found = NAME.match(text, position)
    name = found.group() if found else ""
    known = place.book.could_start(name) if name else False
    guess = place.asked or (listed and name[:1].islower())  # a misspelt name; prose in brackets has capitals
    if not name or not (known or (guess and len(name) < WINDOW)):
        return "no"
    after = position + len(name)
    if after >= len(text) and not place.final:
        return "more"
    if text[after : after + 1] == "(":
        return "yes" if place.asked or place.book.resolve(name) else "no"
    if listed or not (place.asked or place.book.spells(name.rstrip(":"))):
        return "no"
    return _before_object(text, after, place)


def _before_object(text: str, after: int, place: Place) -> str:
    """What may stand between a name and its object or brackets."""
    window = text[after : after + WINDOW]
    rest = window.lstrip(" \t\r\n:*")
    if place.asked and rest[:1] in ("<", "["):
        return "yes"
    if rest.startswith("```"):
        rest = rest[3:].lstrip("json").lstrip()
    if not rest or (rest[0] == "`" and len(rest) < 3):
        return "more" if len(window) < WINDOW and not place.final else "no"
    if rest[0] == "=" and place.asked:
        return "yes"
    return "yes" if rest[0] == "{" or (rest[0] == "(" and "\n" not in window[: len(window) - len(rest)]) else "no"


def _viable_object(text: str, position: int, place: Place, depth: int) -> str:
    """The first key of an object must be one that calls have."""
    char = text[position]
    if char in "{[(" and depth < _MAX_DEPTH:
        return viable(text, position, place, depth + 1)
    if char in QUOTES:
        position += 1
    found = _KEY.match(text, position)
    if found is None:
        return "more" if position >= len(text) and not place.final else "no"
    key, after = found.group(), found.end()
    if after >= len(text) and not place.final:
        return "more" if _could_be_key(key, place) else "no"
    is_call = text[after : after + 1] == "(" and place.book.could_start(key) and place.book.resolve(key) is not None
    return "yes" if is_call or (text[after : after + 1] != "(" and _is_key(key, place)) else "no"


def _bare_keys(place: Place) -> list[str]:
    schema = place.book.schemas.get(place.bare) or {}
    return list(schema.get("properties") or ()) if place.edge or place.asked else []


def _could_be_key(key: str, place: Place) -> bool:
    return (
        any(known.startswith(key) for known in _KEYS)
        or place.book.could_start(key)
        or any(known.startswith(key) for known in _bare_keys(place))
    )


def _is_key(key: str, place: Place) -> bool:
    return key in _KEYS or place.book.spells(key) or key in _bare_keys(place)
