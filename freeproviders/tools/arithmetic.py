"""Works out sums that models write in place of a number: ``6*12+2``, ``(3 + 4) / 2``. Numbers only, bounded size."""

import math
import re

from freeproviders.tools.words import number

__all__ = ["evaluated"]

_TOKEN = re.compile(r"\s*(\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|\*\*|[-+*/()])")
_MAX_LENGTH = 80
_LARGEST_POWER = 64


class _NoSum(Exception):
    """The text is no sum of numbers."""


def evaluated(written: str) -> int | float | None:
    """The number that a text of numbers, ``+ - * / **`` and brackets comes to, or None."""
    written = written.strip()
    plain = number(
        written.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3}){1,12}(?:\.\d*)?", written) else written
    )
    if plain is not None or len(written) > _MAX_LENGTH:
        return plain
    tokens = _TOKEN.findall(written)
    if "".join(tokens) != "".join(written.split()) or not any(token[0].isdigit() for token in tokens):
        return None
    try:
        value = _sum(tokens)
    except (_NoSum, ArithmeticError):
        return None
    return value if not tokens and math.isfinite(value) else None


def _sum(tokens: list[str]) -> int | float:
    value = _product(tokens)
    while tokens and tokens[0] in ("+", "-"):
        value = value + _product(tokens) if tokens.pop(0) == "+" else value - _product(tokens)
    return value


def _product(tokens: list[str]) -> int | float:
    value = _power(tokens)
    while tokens and tokens[0] in ("*", "/"):
        if tokens.pop(0) == "*":
            value = value * _power(tokens)
        else:
            divided = value / _power(tokens)
            value = int(divided) if divided.is_integer() and isinstance(value, int) else divided
    return value


def _power(tokens: list[str]) -> int | float:
    value = _unit(tokens)
    if tokens and tokens[0] == "**":
        tokens.pop(0)
        exponent = _power(tokens)
        if abs(exponent) > _LARGEST_POWER or abs(value) > 1e9:
            raise _NoSum
        raised = value**exponent
        if isinstance(raised, complex):
            raise _NoSum
        return raised
    return value


def _unit(tokens: list[str]) -> int | float:
    if not tokens:
        raise _NoSum
    first = tokens.pop(0)
    if first in ("-", "+"):
        return -_power(tokens) if first == "-" else _power(tokens)
    if first == "(":
        value = _sum(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise _NoSum
        return value
    plain = number(first)
    if plain is None:
        raise _NoSum
    return plain
