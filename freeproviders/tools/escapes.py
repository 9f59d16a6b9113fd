r"""Undoes the escapes of a string, keeping what is no escape: ``C:\path`` and ``\d+`` stay as they are written."""

import re

__all__ = ["unescape", "without_surrogates"]

_ESCAPE = re.compile(
    r"\\(u[0-9a-fA-F]{4}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4}|u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]{2}|\n|.|$)", re.DOTALL
)
_SIMPLE = {
    '"': '"', "'": "'", "\\": "\\", "/": "/", "`": "`",
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\n": "",
}  # fmt: skip


def unescape(written: str, notes: dict[str, None]) -> str:
    """The text that an escaped text means.

    Args:
        written: The text between the quotes.
        notes: Gains a word for every repair.
    """

    def one(found: "re.Match[str]") -> str:
        body = found.group(1)
        if body in _SIMPLE:
            return _SIMPLE[body]
        if (body[:1] in "uU" and len(body) in (5, 9)) or (body[:1] == "x" and len(body) == 3):
            return chr(int(body[1:], 16))
        notes["escape"] = None
        following = found.string[found.end() : found.end() + 1]
        if body[:1] == "u" and len(body) > 1 and following and not following.isascii():
            return ""  # the letter itself stands behind its broken escape
        return "\\" + body if body else ""

    return without_surrogates(_ESCAPE.sub(one, written), notes)


def without_surrogates(text: str, notes: dict[str, None]) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced, so that it can be encoded."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if "\ufffd" in joined:
            notes["surrogate"] = None
        return joined
    return text
