"""Small talk: greetings, sums, jokes, short lists, a haiku; and the honest fallback when no rule fits."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from freeproviders.sandbox.rules.case import Case
from freeproviders.sandbox.rules.text import content_words

_WORD_SIGNS = {
    "multiplied by": "*",
    "divided by": "/",
    "to the power of": "**",
    "plus": "+",
    "minus": "-",
    "times": "*",
    "x": "*",
    "×": "*",
    "÷": "/",
    "^": "**",
}
_SIGNS = re.compile(r"[\d.()+\-*/% ]+")
_SUM = re.compile(r"\d[ )]*[+\-*/%]")
_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_ASKS_SUM = re.compile(
    r"\b(?:what(?:'s| is)|how much is|calculate|compute|solve|evaluate|add|sum)\b|=\s*(?:\?\s*)?$", re.IGNORECASE
)
_BIGGEST_POWER = 64
_LONGEST_SUM = 80

_WHO = (
    "I am the rule-based responder of the freeproviders sandbox, a test server on this machine. "
    "I am not a language model."
)
_LISTS = {
    "fruit": ("apple", "banana", "cherry", "date", "elderberry", "fig", "grape"),
    "colour": ("red", "orange", "yellow", "green", "blue", "indigo", "violet"),
    "color": ("red", "orange", "yellow", "green", "blue", "indigo", "violet"),
    "planet": ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"),
    "animal": ("ant", "bear", "cat", "dog", "eagle", "fox", "goat"),
    "city": ("Amsterdam", "Berlin", "Cairo", "Delhi", "Edinburgh", "Florence", "Geneva"),
    "citie": ("Amsterdam", "Berlin", "Cairo", "Delhi", "Edinburgh", "Florence", "Geneva"),
}
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_COUNT = re.compile(r"\bcount (?:from (?P<first>\d{1,9}) )?(?:up )?to (?P<last>\w{1,9})\b", re.IGNORECASE)
_LIST = re.compile(r"\b(?:list|name|give me|tell me)\s+(?:me\s+)?(?P<most>\w{1,9})\s+(?P<kind>\w+?)s?\b", re.IGNORECASE)
_MOST_COUNTED = 200
_FIXED = (
    (re.compile(r"\b(?:who|what) are you\b|\bare you (?:a|an|the) ", re.IGNORECASE), _WHO),
    (
        re.compile(r"\bjoke\b", re.IGNORECASE),
        "Why do programmers prefer dark mode? Because light attracts bugs.",
    ),
    (
        re.compile(r"\bhaiku\b", re.IGNORECASE),
        "Packets on the wire\nnever leave this small machine\nyet the tests turn green",
    ),
    (re.compile(r"\bhow are you\b", re.IGNORECASE), "I am well, thank you. How can I help you?"),
    (re.compile(r"^\s*(?:thanks|thank you)\b", re.IGNORECASE), "You are welcome."),
    (re.compile(r"^\s*(?:bye|goodbye|see you)\b", re.IGNORECASE), "Goodbye!"),
    (
        re.compile(r"^\s*(?:hello|hi|hey|good (?:morning|evening|afternoon))\b", re.IGNORECASE),
        "Hello! How can I help you today?",
    ),
)


def small_talk(case: Case) -> str | None:
    """Answer greetings, thanks, and the like."""
    return next((said for pattern, said in _FIXED if pattern.search(case.text)), None)


def arithmetic(case: Case) -> str | None:
    """Work out a sum of plain numbers; anything else in it makes the rule pass."""
    text = case.text.lower()
    for word, sign in _WORD_SIGNS.items():
        pattern = rf"(?<=\d)\s*{re.escape(word)}\s*(?=[\d(])" if word != "^" else r"\^"
        text = re.sub(pattern, f" {sign} ", text)
    # runs first, so that a very long one costs no more than its length
    runs = (run.strip() for run in _SIGNS.findall(text))
    found = next((run for run in runs if len(run) <= _LONGEST_SUM and _SUM.search(run)), None)
    if found is None:
        return None
    asked = _ASKS_SUM.search(text) or found == text.strip()
    return _result(found.rstrip(".")) if asked else None


def lists(case: Case) -> str | None:
    """Count, or list a few well-known things."""
    counted = _COUNT.search(case.text)
    if counted is not None:
        first, last = int(counted["first"] or 1), _number(counted["last"])
        if last is not None and last - first < _MOST_COUNTED:
            return ", ".join(map(str, range(first, last + 1)))
    listed = _LIST.search(case.text)
    if listed is None or listed["kind"].lower() not in _LISTS:
        return None
    most = _number(listed["most"]) or 3
    things = _LISTS[listed["kind"].lower()][:most]
    return "\n".join(f"{number}. {thing}" for number, thing in enumerate(things, 1))


def fallback(case: Case) -> str:
    """Say honestly what answers here, with the question's key words so that a test can find them."""
    key_words = ", ".join(content_words(case.text)[:8])
    about = f" Key words of your message: {key_words}." if key_words else ""
    return f"I am the sandbox's rule-based responder, not a language model, and have no rule for this.{about}"


def _number(word: str) -> int | None:
    return int(word) if word.isdecimal() else _NUMBERS.get(word.lower())


def _result(text: str) -> str | None:
    try:
        value = _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if value == int(value):
        return str(int(value))
    return f"{value:.10g}"


def _value(node: ast.AST) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow) and max(abs(left), abs(right)) > _BIGGEST_POWER:
            raise ValueError("the power is too big")
        return _OPERATORS[type(node.op)](left, right)
    raise ValueError("not a sum of numbers")
