"""Reads one item of a reply, a piece of text that should hold calls, in whichever shape it is written.

The scanner says where an item may start and end; here it is read in one go.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from freeproviders.tools.binding import RawCall, bound
from freeproviders.tools.names import NameBook
from freeproviders.tools.nodes import CallNode, Cut
from freeproviders.tools.result import InvalidCall, ToolCall, UnreadableValue
from freeproviders.tools.shapes.markup import MARKUP_START, markup_calls
from freeproviders.tools.shapes.objects import Finder
from freeproviders.tools.shapes.react import REACT_START, react_calls
from freeproviders.tools.strict import strict
from freeproviders.tools.values import MAX_DEPTH, ValueReader

__all__ = ["Item", "read_item"]

_HEAD_NAME = re.compile(r"[^\W\d][\w.\\:/-]{0,100}")
_MARK = re.compile(r"<[^<>\n]{0,60}>|\[[A-Z_]{1,20}\]|```[\w+-]{0,20}|functions\.(?=[^\W\d])")
_BARE_HEAD = re.compile(r"[\s\"'`*]{0,20}[\w.\\:/-]{1,100}[\s\"'`*:]{0,40}(?:```[\w+-]{0,20}\s{0,20})?")
_JOINERS = "+&|"
_MAX_HEAD = 300


@dataclass(slots=True)
class Item:
    """What was found in an item.

    Attributes:
        calls: Calls and failed calls in order.
        end: How much of the text was read.
        whole: Whether nothing was cut off and nothing is left.
        stated: Whether the text surely means calls, even if none can be executed.
    """

    calls: list[ToolCall | InvalidCall] = field(default_factory=list)
    end: int = 0
    whole: bool = False
    stated: bool = False


def read_item(text: str, book: NameBook, bare: str = "") -> Item:
    """Read the item that starts at the beginning of a text.

    Args:
        text: The item, perhaps with more text behind it.
        book: The tools.
        bare: Name of the tool whose arguments may stand alone; empty if none.
    """
    stripped = text.lstrip()
    if MARKUP_START.match(stripped) or ("<arg_key>" in text and "<arg_value>" in text) or stripped[:1] == "<":
        if raws := markup_calls(text, book):
            return _settled(raws, text, book, len(text), whole=True)
        text = text[: text.rfind("<")] if text.rfind("</") > 0 else text
        text = text[max(text.find("{"), 0) :]
    if REACT_START.match(stripped):
        raws, whole = react_calls(stripped)
        return _settled(raws, text, book, len(text), whole=whole)
    if stripped[:1] in ("{", "["):
        found, value = strict(stripped, MAX_DEPTH)
        if found:
            return _from_value(value, None, text, book, bare, len(text))
    try:
        return _tolerant(text, book, bare)
    except UnreadableValue as error:
        return Item([InvalidCall("", error.message, text, "unreadable")], len(text))


def _tolerant(text: str, book: NameBook, bare: str) -> Item:
    head, brace = _named_head(text, book)
    reader = ValueReader(text, brace if head else 0, calls=True)
    value = reader.read()
    if head and not isinstance(value, CallNode):
        raw = RawCall(head, value, complete=id(value) not in reader.cut, text=text[: reader.position])
        raw.notes = {"name_before": None, **reader.notes}
        return _settled([raw], text, book, reader.position, whole=raw.complete)
    values = [value]
    while (char := reader.peek()) and char in _JOINERS:
        reader.position += 1
        reader.note("joined")
        values.append(reader.read())
    return _from_value(values if len(values) > 1 else value, reader, text, book, bare, reader.position)


def _named_head(text: str, book: NameBook) -> tuple[str, int]:
    """The tool's name before the first brace, where a reply writes the name and then an object."""
    brace = text.find("{", 0, _MAX_HEAD)
    if brace <= 0 or not text[:brace].strip():
        return "", 0
    head = text[:brace]
    listed = head.lstrip()[:1] in ("[", "(") and not head.lstrip().startswith(("[TOOL", "[ARGS"))
    if listed or "(" in head.split("\n")[-1]:
        return "", 0
    names = _HEAD_NAME.findall(_MARK.sub(" ", head))
    known = [name for name in names if book.spells(name) or (len(names) < 4 and book.resolve(name.rstrip(":")))]
    if known:
        return known[-1].rstrip(":"), brace
    if len(names) == 1 and _BARE_HEAD.fullmatch(head):
        return str(names[0]), brace
    return "", 0


def _from_value(value: Any, reader: ValueReader | None, text: str, book: NameBook, bare: str, end: int) -> Item:
    finder = Finder(book, reader, bare)
    finder.find(value)
    whole = reader is None or (not reader.cut and not isinstance(value, Cut) and "truncated" not in reader.notes)
    if reader is not None:
        for raw in finder.calls:
            raw.notes = {**reader.notes, **raw.notes}
    return _settled(finder.calls, text, book, end, whole=whole and not text[end:].strip())


def _settled(raws: list[RawCall], text: str, book: NameBook, end: int, *, whole: bool) -> Item:
    calls: list[ToolCall | InvalidCall] = []
    stated = False
    for raw in raws:
        made = bound(raw, book)
        if isinstance(made, InvalidCall):
            if not raw.stated and made.kind != "truncated":
                continue
            if made.kind == "schema" and not raw.named and not raw.positional and made.text.endswith("()"):
                continue  # a tool's name with empty brackets is how prose mentions it
        stated = True
        calls.append(
            made
            if isinstance(made, ToolCall) or made.text
            else InvalidCall(made.name, made.reason, text[:end], made.kind)
        )
    return Item(calls, end, whole, stated)
