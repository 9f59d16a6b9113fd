"""Reads a quoted string whose quotes cannot be trusted.

A quote closes the string where what follows makes sense after a string in that place; otherwise it is part of the
text. Every look-ahead is bounded. A string that never closes is marked as cut, never closed in silence.
"""

import re
from typing import TYPE_CHECKING, Any

from freeproviders.tools.escapes import unescape
from freeproviders.tools.lexis import CLOSING_QUOTE, LITERALS, OPENING_QUOTES
from freeproviders.tools.nodes import Cut, Missing
from freeproviders.tools.result import UnreadableValue

if TYPE_CHECKING:
    from freeproviders.tools.values import ValueReader

__all__ = ["read_string", "starts_string"]

_PLAIN = {'"': re.compile(r'"([^"\\\n]*)"'), "'": re.compile(r"'([^'\\\n]*)'")}
_PREFIXED = re.compile(r"[rRuUfFbB]{1,2}(?=['\"])")
_BLANKS = re.compile(r"\s*")
_KEY = re.compile(
    r"""\s{0,80}(?:"{1,2}[^"\n]{0,80}"{1,2}|'{1,2}[^'\n]{0,80}'{1,2}|[“„][^”“\n]{0,80}[”“]|`[^`\n]{0,80}`"""
    r"""|[\w$\\.-]{1,80}["'”]?)\s{0,20}(?:[:=]|\Z)"""
)
_QUOTED_KEY = re.compile(r"""(?:"[^"\n]{1,80}"|'[^'\n]{1,80}')\s{0,20}:""")
_ELEMENT = re.compile(r"""[\d{\[("'`“\]\-.+]|[\w\\.]{1,80}\s{0,8}[,\])(]""")
_LOST_KEY = re.compile(r",\s{0,8}[A-Za-z_]\w{0,60}\s{0,8}:\s")
_AFTER_END = frozenset(",}])\n;`<&|+#/'\"\r\\")
_DOUBT = 8
_METHOD = re.compile(r"\.[A-Za-z_]\w{0,60}\(")


def starts_string(reader: "ValueReader") -> bool:
    """Whether a Python string with a prefix starts here."""
    return _PREFIXED.match(reader.text, reader.position) is not None


def read_string(reader: "ValueReader", place: str) -> Any:
    """Read the string at the reader's position.

    Args:
        reader: Where the reading is; moved behind the string.
        place: The bracket it stands in, ``"key"`` for a key, empty at the top.
    """
    raw = False
    if reader.text[reader.position].isalpha() and (prefix := _PREFIXED.match(reader.text, reader.position)):
        raw = "r" in prefix.group().lower()
        reader.position = prefix.end()
        reader.note("prefix")
        if "b" in prefix.group().lower():
            return _bytes(reader, place)
    parts = [_one(reader, place, raw=raw)]
    while place != "key" and reader.peek() == "+" and not isinstance(parts[-1], Cut):
        after = _BLANKS.match(reader.text, reader.position + 1)
        if after is None or reader.text[after.end() : after.end() + 1] not in ('"', "'"):
            break
        reader.position = after.end()
        reader.note("concatenated")
        reader.spend(2)
        parts.append(_one(reader, place, raw=raw))
    return parts[0] if len(parts) == 1 else Cut("".join(parts)) if isinstance(parts[-1], Cut) else "".join(parts)


def _bytes(reader: "ValueReader", place: str) -> Any:
    """Bytes are no JSON value: alone they are refused, among arguments they spoil their own call only."""
    if not reader.calls:
        raise UnreadableValue("bytes are no JSON value")
    _one(reader, place, raw=True)
    return Missing


def _one(reader: "ValueReader", place: str, *, raw: bool) -> str:
    text, start = reader.text, reader.position
    opening = text[start]
    if opening == "\\" and text[start + 1 : start + 2] in ('"', "'"):
        return _escaped(reader, text[start + 1])
    if opening == "\\":
        reader.position += 1
        reader.note("junk")
        reader.spend(_DOUBT)
        return ""
    if text.startswith(opening * 3, start) and opening in "\"'":
        return _tripled(reader, opening)
    if opening != '"':
        reader.note("quotes")
    plain = _PLAIN[opening].match(text, start) if opening in _PLAIN else None
    if (
        plain
        and _ends(reader, plain.end(), place)
        and not _lost_close(reader, plain.start() + 1, plain.end() - 1, place)
    ):
        reader.position = plain.end()
        return plain.group(1)
    return _doubtful(reader, place, opening, raw=raw)


def _escaped(reader: "ValueReader", quote: str) -> str:
    """A string whose very quotes are escaped, as it stood inside another string."""
    start = reader.position + 2
    end = reader.text.find("\\" + quote, start)
    reader.note("quotes")
    reader.position = reader.end if end < 0 else end + 2
    return Cut(reader.text[start:]) if end < 0 else reader.text[start:end]


def _tripled(reader: "ValueReader", quote: str) -> str:
    start = reader.position + 3
    end = reader.text.find(quote * 3, start)
    reader.note("triple_quotes")
    reader.position = reader.end if end < 0 else end + 3
    return Cut(reader.text[start:]) if end < 0 else reader.text[start:end]


def _doubtful(reader: "ValueReader", place: str, opening: str, *, raw: bool) -> str:
    """The string up to the first quote that makes sense as its end."""
    text, start = reader.text, reader.position + 1
    closing = CLOSING_QUOTE[opening]
    if text[start : start + 1] == opening and text[start + 1 : start + 2].isalnum():
        start += 1  # the quote is doubled
        reader.note("quotes")
    place_of = re.compile(rf"[{re.escape(closing)}\\]") if opening not in _STOPS else _STOPS[opening]
    position = start
    while found := place_of.search(text, position):
        position = found.start()
        if text[position] == "\\":
            position += 2
            continue
        reader.spend(_DOUBT)
        if _lost_close(reader, start, position, place):
            reader.note("quote_closed")
            comma = text.rfind(",", start, position)
            reader.position = comma
            return _content(reader, start, comma, raw=raw).rstrip()
        if _ends(reader, position + 1, place):
            reader.position = position + 1
            return _content(reader, start, position, raw=raw)
        position += 1
        reader.note("inner_quotes")
    return _unclosed(reader, start, raw=raw)


_STOPS = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}


def _content(reader: "ValueReader", start: int, end: int, *, raw: bool) -> str:
    written = reader.text[start:end]
    if "\n" in written or "\t" in written:
        reader.note("control_character")
    if written.endswith('"') and reader.text[end : end + 1] == '"' and reader.text[start - 2 : start] == '""':
        written = written[:-1]
    return written if raw or "\\" not in written else unescape(written, reader.notes)


def _unclosed(reader: "ValueReader", start: int, *, raw: bool) -> str:
    """What there is of a string without an end; brackets that close the containers around it are not part of it."""
    reader.note("truncated")
    written = reader.text[start:]
    if lost := _LOST_KEY.search(written):
        reader.position = start + lost.start()
        return Cut(_content(reader, start, reader.position, raw=raw))
    reader.position = reader.end
    if written.endswith("\\"):
        written = written[:-1]
    elif written.rstrip()[-1:] in ("}", "]", ")") and reader.opened:
        written = written.rstrip(
            " \t\r\n" + "".join({"{": "}", "[": "]", "(": ")"}[bracket] for bracket in set(reader.opened))
        )
        reader.position = start + len(written)
    return Cut(written if raw else unescape(written, reader.notes))


def _lost_close(reader: "ValueReader", start: int, position: int, place: str) -> bool:
    """Whether the quote here opens the next key, as the one that should have closed the value is lost.

    A value that would be empty has lost nothing: it is a comma, and this is its end.
    """
    if place != "{" or reader.text[position] not in "\"'":
        return False
    before = reader.text[max(start, position - 12) : position].rstrip()
    return before.endswith(",") and before != "," and _QUOTED_KEY.match(reader.text, position) is not None


def _ends(reader: "ValueReader", after: int, place: str) -> bool:
    """Whether what follows makes sense behind a string that ends before ``after``."""
    text = reader.text
    blank = _BLANKS.match(text, after)
    position = after if blank is None else blank.end()
    if position >= reader.end:
        return True
    char = text[position]
    gap = position > after
    if place == "key":
        return char in ":=,}" or (gap and (not char.isalpha() or _literal(text, position)))
    check: Any = _FOLLOWERS.get(char)
    if check is not None:
        return bool(check(reader, position, place))
    if char in OPENING_QUOTES:
        return _before_quote(reader, after, position, place)
    return _before_word(text, position, place, gap=gap)


def _literal(text: str, position: int) -> bool:
    return any(text.startswith(word, position) for word in LITERALS)


def _before_word(text: str, position: int, place: str, *, gap: bool) -> bool:
    """A string directly before a word or number: the comma is missing, or the quote is inner text."""
    char = text[position]
    if not place:
        return gap or char in "\n;`<\\&|("
    if place == "[":
        return gap and (char.isdigit() or char in "{[-\\")
    if place == "(" and (char.isdigit() or char in "{[-\\"):
        return gap
    return gap and _KEY.match(text, position) is not None


def _before_quote(reader: "ValueReader", after: int, position: int, place: str) -> bool:
    """A string directly before another one: the comma is missing, or the quote is doubled, or it is inner text."""
    text = reader.text
    if "\n" in text[after:position] or (reader.calls and place in ("[", "") and _ends_after(reader, position + 1)):
        return True
    if place in ("{", "("):
        return _KEY.match(text, position) is not None
    return position > after


def _ends_after(reader: "ValueReader", position: int) -> bool:
    return reader.text[position : position + 1] in (",", "]", ")", "}", "")


def _after_comma(reader: "ValueReader", position: int, place: str) -> bool:
    text = reader.text
    blank = _BLANKS.match(text, position + 1)
    after = position + 1 if blank is None else blank.end()
    follower = text[after : after + 1]
    if follower in ("", "}", "]", ")", ",", "/", "#") or text.startswith("...", after):
        return True
    if place in ("{", "("):
        if _KEY.match(text, after):
            return True
        return reader.calls and (follower in OPENING_QUOTES or place == "(") and _ELEMENT.match(text, after) is not None
    return _ELEMENT.match(text, after) is not None or _literal(text, after)


def _after_closer(reader: "ValueReader", position: int, _place: str) -> bool:
    """A closing bracket after the quote counts if a container waits for it and nothing speaks against it."""
    text, opened = reader.text, reader.opened
    blank = _BLANKS.match(text, position + 1)
    after = position + 1 if blank is None else blank.end()
    follower = text[after : after + 1]
    if {"}": "{", "]": "[", ")": "("}[text[position]] not in opened:
        return follower == ""
    if follower == "." and reader.calls and _METHOD.match(text, after):
        return True
    return follower == "" or follower in _AFTER_END or "\n" in text[position:after] or len(opened) == 1


def _after_slash(reader: "ValueReader", position: int, _place: str) -> bool:
    return reader.text[position + 1 : position + 2] in ("/", "*")


def _after_plus(reader: "ValueReader", position: int, _place: str) -> bool:
    blank = _BLANKS.match(reader.text, position + 1)
    return blank is not None and reader.text[blank.end() : blank.end() + 1] in ('"', "'")


def _after_hash(reader: "ValueReader", position: int, _place: str) -> bool:
    return reader.text[position - 1].isspace()


_FOLLOWERS = {
    ",": _after_comma,
    "}": _after_closer,
    "]": _after_closer,
    ")": _after_closer,
    "/": _after_slash,
    "+": _after_plus,
    "#": _after_hash,
}
