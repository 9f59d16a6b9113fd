"""The alphabet of loose JSON, Python and JavaScript values: blanks, comments, quotes, keys, numbers.

Patterns here have no nested quantifiers and bounded look-ahead, so a match costs at most a constant per character.
What the pieces mean in a place is decided by the readers (``values``, ``strings``, ``words``, ``callsyntax``).
"""

import re

__all__ = [
    "CLOSING_QUOTE",
    "LITERALS",
    "OPENING_QUOTES",
    "skip_blanks",
]

OPENING_QUOTES = "\"'`“”„«‘’‚"
CLOSING_QUOTE = {
    '"': '"',
    "'": "'",
    "`": "`´",
    "“": '”“"',
    "”": '”"',
    "„": '”“"',
    "«": "»",
    "‘": "’'",
    "’": "’'",
    "‚": "’‘'",
}
"""For each opening quote, the characters that may close it."""

LITERALS = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
    "TRUE": True,
    "FALSE": False,
    "NULL": None,
    "undefined": None,
}

_BLANKS = re.compile(r"[\s\u180e\u200b\ufeff]+")
_LITERAL_BREAK = re.compile(r"\\[nrt]")
_FENCE = re.compile(r"```[\w+-]{0,20}")


def skip_blanks(text: str, position: int, notes: dict[str, None]) -> int:
    """The position after blanks, comments, written-out line breaks and code fences.

    Args:
        text: The text.
        position: Where to start.
        notes: Gains a word for every kind of thing that JSON does not allow.
    """
    while position < len(text):
        char = text[position]
        if char in " \n\t\r":
            position += 1
        elif char in "/#`\\" or not char.isascii() or char.isspace():
            after = _skip_odd(text, position, notes)
            if after == position:
                return position
            position = after
        else:
            return position
    return position


def _skip_odd(text: str, position: int, notes: dict[str, None]) -> int:
    if found := _BLANKS.match(text, position):
        if not found.group().isascii():
            notes["blank"] = None
        return found.end()
    if found := _LITERAL_BREAK.match(text, position):
        notes["literal_break"] = None
        return found.end()
    if found := _FENCE.match(text, position):
        notes["fence"] = None
        return found.end()
    return _skip_comment(text, position, notes)


def _skip_comment(text: str, position: int, notes: dict[str, None]) -> int:
    start = text[position : position + 2]
    if start == "/*":
        end = text.find("*/", position + 2)
        after = len(text) if end < 0 else end + 2
    elif start == "//" or (start[:1] == "#" and start[1:] in ("", " ", "\t", "!", "#", "\n")):
        end = text.find("\n", position)
        after = len(text) if end < 0 else end
    else:
        return position
    notes["comment"] = None
    return after
