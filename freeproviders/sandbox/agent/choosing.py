"""Which tool a piece of a question asks for, and how a question falls into pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from freeproviders.sandbox.agent.facts import numbers
from freeproviders.sandbox.agent.filling import parts_of
from freeproviders.sandbox.agent.offer import Tool
from freeproviders.sandbox.rules.text import STOP_WORDS, stem, words

ENOUGH = 2.0
"""A word of the tool's name, or two of its description."""

_NAMED_SCORE = 10.0
_KEY_LENGTH = 6
_LONGEST = 10_000
_GENERIC = frozenset(
    re.findall(
        r"\w+",
        """get fetch tool tools function run call value data name return returns int str float bool none list dict
        number
        result use useful give given string text type input output current two one any arg args optional default
        numbers agent""",
    )
)
_SIGNS = (
    (r"\+|\bplus\b|\bsum\b|\btotal\b|\badd(?:ed|ing)?\b", "add addition plus sum"),
    (r"\d\s*[*x×]\s*\d|\btimes\b|\bmultipl\w+|\bproduct\b|\bdouble\b", "multiply times product multiplication mul"),
    (r"\d\s*[-−]\s*\d|\bminus\b|\bsubtract\w*|\bdifference\b", "subtract minus difference subtraction sub"),
    (r"\d\s*[/÷]\s*\d|\bdivid\w+|\bover\b|\bquotient\b", "divide division quotient div"),
    (r"\^|\*\*|\bpower\b|\bsquared?\b|\bcubed?\b", "power exponent pow square"),
)
_CALCULATOR = "calculator calculate math mathematics arithmetic expression evaluate compute"
_ALIKE = (
    "weather forecast temperature rain sunny hot cold warm umbrella degrees",
    "time clock hour o'clock",
    "search google lookup find look web internet",
    "email mail",
    "translate translation",
    "price cost",
)
_THEN = re.compile(
    r"[,;.]?\s+(?:and\s+)?(?:then|after that|afterwards|finally)\b,?\s*|[;?!\n]\s*|(?<=[a-z0-9)\"'])\.\s+",
    re.IGNORECASE,
)
_AND = re.compile(r"(,\s*(?:and\s+)?|\s+and\s+)")
_BACK = re.compile(
    r"\b(?:(?:the|that|this|its)\s+(?:\w+\s+)?(?:results?|sum|product|answer|output|total|difference|quotient|value|"
    r"number)|(?:it|that|this|them)(?!\s+(?:is|was)\b)|there)\b",
    re.IGNORECASE,
)


def score(tool: Tool, piece: str) -> float:
    """Say how well a tool fits a piece of a question.

    Args:
        tool: The tool.
        piece: The piece.

    Returns:
        A number; `ENOUGH` or more means that it is asked for.
    """
    name = tool.name.lower()
    spaced = " ".join(parts_of(tool.name))
    if _called(piece, name) or _called(piece, spaced):
        return _NAMED_SCORE
    asked = _asked(piece)
    of_name = _keys(spaced) or _keys(tool.description)
    of_text = _keys(tool.description) - of_name
    of_fields = _keys(" ".join(tool.schema.get("properties", {}))) - of_name - of_text
    return 2.0 * len(asked & of_name) + len(asked & of_text) + 0.5 * len(asked & of_fields)


def best(tools: Sequence[Tool], piece: str) -> tuple[Tool, float] | None:
    """Choose the tool that fits best, the first of equals.

    Args:
        tools: The tools.
        piece: A piece of a question.

    Returns:
        The tool and its score; None without tools.
    """
    scored = [(tool, score(tool, piece)) for tool in tools]
    return max(scored, key=lambda pair: pair[1], default=None)


def pieces(question: str, tools: Sequence[Tool]) -> list[str]:
    """Split a question into what is to be done one after the other or side by side.

    Args:
        question: The question.
        tools: The tools: what follows an "and" is a piece of its own if it begins with words of a tool's name.

    Returns:
        The pieces, in order.
    """
    found: list[str] = []
    for part in _THEN.split(question[:_LONGEST]):
        if part.strip():
            found.extend(_beside(part.strip(), tools))
    return found


def refers_back(piece: str) -> bool:
    """Say whether a piece speaks of an earlier result."""
    return _BACK.search(piece) is not None


def resolved(piece: str, result: str) -> str:
    """Put an earlier result in the place of the words that speak of it; in front if none do."""
    short = " ".join(result.split())
    replaced, count = _BACK.subn(lambda found: f"in {short}" if found[0].lower() == "there" else short, piece, count=1)
    return replaced if count else f"{short}, {piece}"


def _beside(part: str, tools: Sequence[Tool]) -> Iterator[str]:
    split = _AND.split(part)
    piece = split[0]
    for joint, more in zip(split[1::2], split[2::2], strict=True):
        if _begins_with_tool(more, tools) and any(score(tool, piece) >= ENOUGH for tool in tools):
            yield piece
            piece = more
        else:
            piece += joint + more
    yield piece


def _begins_with_tool(text: str, tools: Sequence[Tool]) -> bool:
    start = " ".join(text.split()[:4])
    return any(score(tool, start) >= ENOUGH for tool in tools)


def _called(piece: str, name: str) -> bool:
    # words like "now" or "add" are names of tools too, so a plain word must be spoken of as a tool
    low = piece.lower()
    word = rf"(?<![\w-])[`\"']?{re.escape(name)}[`\"']?(?![\w-])"
    if not name.isalpha():
        return re.search(word, low) is not None
    return (
        re.search(rf"\b(?:use|using|call|invoke|run)\s+(?:the\s+)?{word}|{word}\s+(?:tool|function)\b", low) is not None
    )


def _asked(piece: str) -> set[str]:
    keys, low = _keys(piece), piece.lower()
    for alike in _ALIKE:
        group = _keys(alike)
        if keys & group:
            keys |= group
    if next(numbers(piece), None) is not None or refers_back(piece):
        signs = [_keys(meant) for pattern, meant in _SIGNS if re.search(pattern, low)]
        keys = keys.union(*signs, _keys(_CALCULATOR) if signs else ())
    return keys


def _keys(text: str) -> set[str]:
    found = (word for word in words(text) if word not in STOP_WORDS and word not in _GENERIC)
    return {stem(word)[:_KEY_LENGTH] for word in found}
