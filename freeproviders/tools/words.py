"""Reads what stands without quotes: numbers, literals, and words that should have been strings."""

import math
import re
from typing import TYPE_CHECKING, Any

from freeproviders.tools.lexis import CLOSING_QUOTE, LITERALS
from freeproviders.tools.nodes import Bare, Cut, Expression

if TYPE_CHECKING:
    from freeproviders.tools.values import ValueReader

__all__ = ["number", "read_key_word", "read_word"]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?(?:[eE][+-]?\d+)?(?=\s*[,}\])])")
_KEY_WORD = re.compile(r"[^\s:=,{}\[\]()\"'“”`]+")
_KEY_WORDS = re.compile(r"(?:[^\s:=,{}\[\]()\"'“”`]|[ \t])+")
_BEHIND_KEY = re.compile(r"\s*[:=\"'”]")
_STOP = re.compile(r"[,{}\[\]()\n\"'“”`;]|\s//|/\*|\\[nrt](?=\s{0,8}[\"}\]])")
_OPENING = "{[("
_ENDS_WORD = frozenset(",}])\n;")
_NEXT_KEY = re.compile(r"\s{0,8}[\w$\"'-]{1,60}\s{0,8}[:=]")


def number(written: str) -> int | float | None:
    """The number that a text is, or None. A leading zero makes an identifier, not a number."""
    found = _NUMBER.fullmatch(written)
    if found is None or len(written) > 400:
        return None
    digits = written.lstrip("+-").replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return None
    sign = "-" if written[0] == "-" else ""
    if digits.isdigit():
        return int(sign + digits)
    value = float(sign + digits)
    return value if math.isfinite(value) else None


def read_key_word(reader: "ValueReader") -> str:
    """Read an unquoted key; a stray quote behind it goes with it."""
    reader.note("key_quotes")
    found = _KEY_WORD.match(reader.text, reader.position)
    if found is None:
        reader.position += 1
        reader.note("junk")
        return ""
    key = _whole_key(reader.text, found)
    reader.position += len(key)
    if reader.text[reader.position : reader.position + 1] in ('"', "'", "”"):
        reader.position += 1
    if reader.position >= reader.end:
        return Cut(key)
    if "\\_" in key:
        reader.note("markdown")
    return key.replace("\\_", "_").strip()


def _whole_key(text: str, first: re.Match[str]) -> str:
    """The first word, or all words up to what ends a key, where it comes right behind them."""
    words = _KEY_WORDS.match(text, first.start())
    key = words.group().rstrip(" \t") if words is not None else first.group()
    return key if _BEHIND_KEY.match(text, first.start() + len(key)) else first.group()


def read_word(reader: "ValueReader", place: str) -> Any:
    """Read a number, a literal or an unquoted string."""
    text, start = reader.text, reader.position
    if plain := _PLAIN_NUMBER.match(text, start):
        reader.position = plain.end()
        written = plain.group()
        value = number(written)
        return Expression(written) if value is None else value
    end = _word_end(reader, place)
    written = text[start:end].rstrip()
    reader.position = end
    if start < end < reader.end and text[end] in "\"'”" and not text[end - 1].isspace():
        reader.position += 1  # the opening quote is missing
        reader.note("quote_opened")
        return written
    return _meaning(reader, written, cut=end >= reader.end, place=place)


def _meaning(reader: "ValueReader", written: str, *, cut: bool, place: str) -> Any:
    if written in LITERALS:
        if written not in ("true", "false", "null"):
            reader.note("literal")
        return LITERALS[written]
    if cut and reader.opened:
        reader.note("truncated")
    value = number(written)
    if value is not None:
        if written[-1:] == "." or written[:1] in ".+" or "_" in written:
            reader.note("number")
        return value
    reader.note("unquoted")
    if cut and reader.opened:
        return Cut(written, dropped=place == "[" or not written)
    return Bare(written)


def _word_end(reader: "ValueReader", place: str) -> int:
    """Where the word ends: at what ends an item here, with brackets in it balanced."""
    text, position, depth = reader.text, reader.position, 0
    while found := _STOP.search(text, position):
        reader.spend()
        char, position = found.group(), found.start()
        if char in _OPENING:
            if not place or (char != "(" and depth == 0 and _value_before(text, reader.position, position)):
                return position
            depth += 1
        elif depth == 0 and not _part_of_word(text, position, char, place):
            return position
        elif char in ")]}":
            depth -= 1
        position += 1
    return reader.end


def _part_of_word(text: str, position: int, char: str, place: str) -> bool:
    """Whether a character that may end a word is part of it here: an apostrophe, or what a call's argument may hold."""
    if char in CLOSING_QUOTE:
        return text[position - 1 : position].isalnum() and text[position + 1 : position + 2].isalnum()
    return place == "(" and (char == "\n" or (char == "," and _thousands(text, position)))


def _value_before(text: str, start: int, position: int) -> bool:
    """Whether a whole number or literal stands before a bracket, so that the comma is what is missing."""
    written = text[start:position].strip()
    return number(written) is not None or written in LITERALS


def _thousands(text: str, position: int) -> bool:
    """Whether the comma is inside a number such as ``$2,000,000``: the digits around it leave no other reading."""
    return text[position + 1 : position + 4].isdigit() and text[position - 1].isdigit()
