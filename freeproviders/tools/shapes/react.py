"""Calls stated as ``Action:`` and ``Action Input:`` lines; the first action counts, invented observations do not."""

import re
from typing import Any

from freeproviders.tools.binding import RawCall
from freeproviders.tools.nodes import Bare, CallNode, Cut
from freeproviders.tools.result import UnreadableValue
from freeproviders.tools.strict import strict
from freeproviders.tools.values import MAX_DEPTH, ValueReader

__all__ = ["REACT_START", "react_calls"]

REACT_START = re.compile(r"[*_ ]{0,4}action[*_ ]{0,4}:", re.IGNORECASE)
_NAME = re.compile(r"[\s*`\"'_]{0,12}([^\W\d](?:[\w.\\/-]|:(?=[\w:])){0,100})")
_INPUT = re.compile(r"[\s*_]{0,12}action[ _]?input[*_ ]{0,4}:[*_ ]{0,4}", re.IGNORECASE)
_NEXT = re.compile(
    r"\n\s{0,8}[*_]{0,4}(?:observation|thought|action|final answer|question|human|user)\b", re.IGNORECASE
)


def react_calls(text: str) -> tuple[list[RawCall], bool]:
    """The call of the first action, and whether all of it is there.

    Args:
        text: From ``Action:`` on.
    """
    started = REACT_START.match(text)
    position = started.end() if started else 0
    name = _NAME.match(text, position)
    if name is None:
        return [], True
    notes: dict[str, None] = {"react": None}
    rest = text[name.end() :].lstrip(" *`\"'")
    if rest[:1] == "(":
        return _in_brackets(text[name.start(1) :], notes)
    given = _INPUT.match(text, len(text) - len(rest))
    if given is None:
        complete = "\n" in rest
        return [RawCall(name.group(1), {}, complete=complete, text=text, notes=notes)], complete
    value = _input(text[given.end() :], notes)
    complete = not isinstance(value, Cut)
    return [RawCall(name.group(1), value, complete=complete, text=text, notes=notes)], complete


def _in_brackets(text: str, notes: dict[str, None]) -> tuple[list[RawCall], bool]:
    reader = ValueReader(text, calls=True)
    node = reader.read()
    if not isinstance(node, CallNode):
        return [], True
    raw = RawCall(node.name, node.named, node.positional, node.complete, node.source, notes)
    return [raw], node.complete


def _input(text: str, notes: dict[str, None]) -> Any:
    """The input: an object in any spelling, else the text up to the next line with a role."""
    end = _NEXT.search(text)
    written = text[: end.start() if end else len(text)].strip()
    fenced = written.removeprefix("```json").strip("`").strip()
    if fenced[:1] in ("{", "["):
        plain, value = strict(fenced, MAX_DEPTH)
        if plain:
            return value
        reader = ValueReader(fenced, calls=True)
        try:
            value = reader.read()
        except UnreadableValue:
            return Cut(written)
        notes.update(reader.notes)
        return Cut(written) if reader.cut else value
    if not written:
        return {}
    quoted = len(written) > 1 and written[0] == written[-1] and written[0] in "\"'"
    return written[1:-1] if quoted else Bare(written)
