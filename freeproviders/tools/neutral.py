"""Makes text harmless that is put into a prompt: it can forge neither a tool call nor a turn of the conversation.

What looks like one of our markers, or like a token of a chat template, keeps its letters, but its bracket is replaced
by one that no reader takes for a marker's (a single angle quotation mark, a bracket with a quill). Doing it twice
changes nothing more, nothing is ever deleted, and other brackets stay as they are.
"""

import re

__all__ = ["neutral", "neutral_json"]

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


def neutral(text: str) -> str:
    """The text with every marker in it made harmless.

    Args:
        text: Anything that comes from a user, a tool, a schema or an earlier answer.
    """
    return _SQUARE.sub("\u2045", _ANGLE.sub("\u2039", text))


def neutral_json(text: str) -> str:
    """A JSON text with every marker in its strings made harmless, and its value unchanged: brackets become escapes.

    Args:
        text: JSON; a marker's brackets can only stand inside its strings.
    """
    return _SQUARE.sub(r"\\u005b", _ANGLE.sub(r"\\u003c", text))
