"""Reads ``name(key=value, ...)`` and its relatives: quoted names, colons, arguments without a key."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from freeproviders.tools.lexis import OPENING_QUOTES
from freeproviders.tools.nodes import Bare, CallNode, Cut, Expression

if TYPE_CHECKING:
    from freeproviders.tools.values import ValueReader

__all__ = ["call_starts", "read_call"]

_START = re.compile(r"""["'`]{0,2}([^\W\d][\w.\\:/-]{0,100})["'`]{0,2}\s{0,8}\(""")
_KEY = re.compile(r"""(["'`]?)([^\W\d][\w\\.-]{0,80})\1\s{0,8}(?:=(?!=)|:(?!//))""")
_CALL, _JUNK = 8, 4
_STRAY = re.compile(r"""["']\s{0,8}\)""")
_CHAINED = re.compile(r"\.[A-Za-z_]\w{0,60}\(|\[")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w{0,60}\s{0,8}=\s{0,8}(?=[\"'`]?[A-Za-z_][\w.\\]{0,100}\()")


def call_starts(reader: "ValueReader", around: Sequence[str]) -> bool:
    """Whether a call starts here, perhaps behind a quote, a backtick or an assignment.

    Args:
        reader: Where the reading is.
        around: The brackets it stands in. In objects and among arguments what is quoted is a text, such as source code.
    """
    char = reader.text[reader.position : reader.position + 1]
    if not char or not (char.isalpha() or char in "_\"'`"):
        return False
    if char in "\"'`" and ("{" in around or "(" in around):
        return False
    if char.isalpha() and (assigned := _ASSIGNMENT.match(reader.text, reader.position)) and "(" not in reader.opened:
        reader.note("assignment")
        reader.position = assigned.end()
    return _START.match(reader.text, reader.position) is not None


def read_call(reader: "ValueReader") -> CallNode:
    """Read the call at the reader's position, where ``call_starts`` said yes."""
    start = reader.position
    reader.spend(_CALL)
    found = _START.match(reader.text, start)
    name, opening = (found.group(1), found.end() - 1) if found else ("", start)
    quote = reader.text[start] if reader.text[start] in OPENING_QUOTES else ""
    if quote and reader.text.count(quote, start, opening) > 1:
        quote = ""  # only the name is quoted
    node = CallNode(name, [], {}, "", complete=True)
    reader.position = opening
    _arguments(reader, node)
    node.complete = id(node) not in reader.cut
    _chained(reader)
    node.source = reader.text[start : reader.position].strip("\"'`")
    if quote:
        reader.note("quoted_call")
        reader.position += reader.text.startswith(quote, reader.position)
    return node


def _arguments(reader: "ValueReader", node: CallNode) -> None:
    reader.enter("(")
    while not reader.leaves(node, char := reader.peek()):
        if char in ",;" or (char in "\"'" and _STRAY.match(reader.text, reader.position)):
            reader.position += 1
            continue
        before = reader.position
        _argument(reader, node)
        if reader.position == before:
            reader.position += 1
            reader.note("junk")
            reader.spend(_JUNK)


def _chained(reader: "ValueReader") -> None:
    """Pass over what is done with a result that is not there yet: an attribute, an item."""
    found = _CHAINED.match(reader.text, reader.position)
    if found is None:
        return
    reader.note("chained")
    reader.position = found.end() - 1
    end = _balanced(reader.text, reader.position + 1, reader.end)
    reader.position = min(end + 1, reader.end)


def _balanced(text: str, position: int, end: int) -> int:
    """The position of what closes or separates here, with brackets before it balanced."""
    depth = 0
    while position < end:
        char = text[position]
        if char in "([{":
            depth += 1
        elif depth == 0 and char in ",)]}":
            break
        elif char in ")]}":
            depth -= 1
        position += 1
    return position


def _argument(reader: "ValueReader", node: CallNode) -> None:
    key = _KEY.match(reader.text, reader.position)
    if key is None:
        _unkeyed(reader, node)
        return
    reader.position = key.end()
    name = key.group(2).replace("\\_", "_").replace("\\", "")
    if "\\" in key.group(2):
        reader.note("markdown")
    node.clash = node.clash or name in node.named
    node.named[name] = Cut() if reader.peek() == "" else _value(reader)


def _value(reader: "ValueReader") -> Any:
    """A value up to the next comma or bracket; what is more than a value is kept as source text."""
    start = reader.position
    value = reader.read("(")
    char = reader.peek()
    if char in (",", ")", "]", "}", "", ";") or char in OPENING_QUOTES or isinstance(value, Cut):
        return value
    if _KEY.match(reader.text, reader.position):
        reader.note("comma_missing")
        return value
    reader.position = _balanced(reader.text, reader.position, reader.end)
    return Expression(reader.text[start : reader.position].strip())


def _unkeyed(reader: "ValueReader", node: CallNode) -> None:
    """An argument without a key; behind an unquoted one with a key, it is the rest of that after a comma."""
    value = _value(reader)
    last = next(reversed(node.named), "")
    before = node.named.get(last)
    if not last or not isinstance(before, Bare) or not isinstance(value, Bare):
        node.positional.append(value)
        return
    node.named[last] = Bare(f"{before}, {value}")
