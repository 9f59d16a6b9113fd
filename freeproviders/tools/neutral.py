"""Makes text harmless that is put into a prompt: it can forge neither a tool call nor a turn of the conversation.

What looks like one of our markers, or like a token of a chat template, keeps its letters, but its bracket is replaced
by one that no reader takes for a marker's (a single angle quotation mark, a bracket with a quill). Doing it twice
changes nothing more, nothing is ever deleted, and other brackets stay as they are. The marks that only one style of
calls has (``styles``) are ordinary text in the others, so they have functions of their own.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["neutral", "neutral_actions", "neutral_json", "neutral_objects", "neutral_within"]

# Spaces, a slash, other letter case and separators do not hide a marker, nor do the full-width bar and the low line
# that some templates write. Every run is bounded, so matching is linear.
_GAP = r"[\s\u200b\u200c\u200d\ufeff]{0,8}"
_BAR = "[|\uff5c\u2502]"
_JOINT = r"[\s_\-\u2581]{0,3}"
_WORDS = (
    rf"tools?(?:{_JOINT}(?:calls?|responses?|results?|outputs?))?",
    rf"functions?(?:{_JOINT}(?:calls?|results?|responses?))?",
    rf"available{_JOINT}tools",
    "invoke",
    "parameter",
    "think(?:ing)?",
    "s",
)
_END = rf"(?:{_GAP}/?{_GAP}>|[\s=:][^<>\n]{{0,200}}>)"
_ANGLE = re.compile(rf"<(?={_GAP}/?{_GAP}(?:{_BAR}|(?:{'|'.join(_WORDS)}){_END}))", re.IGNORECASE)
_SQUARE = re.compile(
    rf"\[(?={_GAP}/?{_GAP}(?:inst|sys|args|tool{_JOINT}(?:calls?|results?)|available{_JOINT}tools){_GAP}\])",
    re.IGNORECASE,
)
_QUOTE = r"\\?[\"'“”]"
_ARGUMENTS = re.compile(rf"{_QUOTE}(?:arguments|parameters){_QUOTE}\s{{0,8}}:", re.IGNORECASE)
_ACTION = re.compile(
    r"(?<![^\W_])((?:observation|action(?:[ _]?input)?)[\s*_]{0,8})[:\uff1a\ufe55\u2236]", re.IGNORECASE
)
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Line ends that JSON leaves as they are."""


def neutral(text: str) -> str:
    """The text with every marker in it made harmless.

    Args:
        text: Anything that comes from a user, a tool, a schema or an earlier answer.
    """
    return _SQUARE.sub("\u2045", _ANGLE.sub("\u2039", text))


def neutral_json(text: str) -> str:
    """A JSON text on one line, with every marker in its strings made harmless and its value unchanged, by escapes.

    Args:
        text: JSON; a marker's brackets can only stand inside its strings.
    """
    return _SQUARE.sub(r"\\u005b", _ANGLE.sub(r"\\u003c", text)).translate(_LINE_ENDS)


def neutral_objects(text: str) -> str:
    """The text with every brace replaced that is open where a key ``"arguments"`` or ``"parameters"`` stands."""
    return "}".join(map(_without_braces, text.split("}")))


def _without_braces(text: str) -> str:
    key = max((found.start() for found in _ARGUMENTS.finditer(text)), default=0)
    return text[:key].replace("{", "\u2774") + text[key:]


def neutral_actions(text: str) -> str:
    """The text with the colon behind every ``Action``, ``Action Input`` and ``Observation`` replaced."""
    return _ACTION.sub("\\1\ua789", text)


def neutral_within(value: Any, guard: Callable[[str], str]) -> Any:
    """A JSON value with every text in it made harmless, keys too.

    Args:
        value: The value; it is not changed.
        guard: Makes one text harmless.
    """
    if isinstance(value, str):
        return guard(value)
    if isinstance(value, Mapping):
        return {guard(str(key)): neutral_within(item, guard) for key, item in value.items()}
    return [neutral_within(item, guard) for item in value] if isinstance(value, list | tuple) else value
