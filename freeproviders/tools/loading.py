"""Which value answers a whole text: fences and prose around it are passed over, several values become a list."""

import re
from collections.abc import Iterator
from typing import Any

from freeproviders.tools.lexis import LITERALS, OPENING_QUOTES
from freeproviders.tools.nodes import Cut, Missing
from freeproviders.tools.result import UnreadableValue
from freeproviders.tools.strict import strict
from freeproviders.tools.values import MAX_DEPTH, ValueReader

__all__ = ["candidates", "certain_start", "parse_value", "plain"]

_BRACKET = re.compile(r"[{\[]")
_FENCED = re.compile(r"```[\w+-]{0,20}\s{0,80}(?=[{\[])")
_WRAPPED = re.compile(r"(?:\s|/\*[^*]{0,400}\*/){0,40}[A-Za-z_$][\w$.]{0,80}\s{0,8}\(")
_MAX_STARTS = 8
_FENCES = re.compile(r"\s*```[\w+-]{0,20}\s([^`]{0,400})```\s*")
_THOUGHTS = "think|thinking|thought|thoughts|reasoning|scratchpad|reflection"
_THINK = re.compile(rf"\s{{0,80}}<\s?(?:{_THOUGHTS})\s?>", re.IGNORECASE)
_UNTHINK = re.compile(rf"</\s?(?:{_THOUGHTS})\s?>", re.IGNORECASE)


def parse_value(text: str) -> tuple[Any, tuple[str, ...]]:
    """Read the JSON-like value of a text.

    Plain JSON is read by ``pydantic_core`` (or ``json``); anything else by a tolerant reader that understands Python
    and JavaScript spellings and repairs usual damage.

    Args:
        text: A value, perhaps in a code fence or between sentences.

    Returns:
        The value, made of dict, list, str, int, float, bool and None, and the words of its repairs: empty if the text
        was plain JSON, ``"truncated"`` among them if its end was missing.

    Raises:
        UnreadableValue: If there is no value, or one that nests too deeply or is too broken.
    """
    found, value = strict(text, MAX_DEPTH)
    if found:
        return value, ("double_escaped",) if _doubly_escaped(text) else ()
    start, notes = _start(text)
    value, repairs = _values(text, start)
    if _doubly_escaped(text):
        repairs["double_escaped"] = None
    return plain(value), tuple({**notes, **repairs})


def candidates(text: str) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """The values that may answer, each with its repairs, the likeliest first; the thoughts before them are passed over.

    Args:
        text: A whole reply.

    Raises:
        UnreadableValue: If there is no value at all, or one that nests too deeply or is too broken.
    """
    text = text[_behind_thoughts(text) :]
    fence = _FENCES.fullmatch(text)
    yield parse_value(fence.group(1) if fence else text)
    position, work = 0, 0
    for _ in range(_MAX_STARTS):
        start = _BRACKET.search(text, position)
        if start is None:
            return
        reader = ValueReader(text, start.start(), work=work)
        value = reader.read()
        position, work = max(reader.position, start.end()), reader.work
        yield plain(value), tuple(reader.notes)


def _behind_thoughts(text: str) -> int:
    """Where a reply goes on behind the thoughts it begins with; its end where they have none."""
    if text.lstrip()[:1] in ("{", "[", "`", '"'):
        return 0
    end = _UNTHINK.search(text)
    if end is not None:
        return end.end()
    return len(text) if _THINK.match(text) else 0


def certain_start(text: str) -> int:
    """Where the value of a text starts, however the text goes on; -1 if that cannot be told yet."""
    begin = _behind_thoughts(text)
    stripped = text[begin:].lstrip()
    if stripped[:1] in ("{", "["):
        return len(text) - len(stripped)
    if stripped[:1] in OPENING_QUOTES and stripped[:1] != "`":
        return -1
    fenced = _FENCED.search(text, begin)
    return fenced.end() if fenced else -1


def _doubly_escaped(text: str) -> bool:
    """Whether line breaks may have been escaped twice; what was meant cannot be told, so the value is left alone."""
    return "\\\\n" in text and "\\n" not in text.replace("\\\\n", "")


def _start(text: str) -> tuple[int, dict[str, None]]:
    """Where the value starts: at the top, in a fence, or at the first bracket behind which there is plain JSON."""
    head = ValueReader(text)
    char = head.peek()
    if char and (char in "{[" or (char in OPENING_QUOTES and char != "`")):
        return head.position, head.notes
    if fenced := _FENCED.search(text):
        return fenced.end(), {"fence": None, "prose": None}
    if wrapped := _WRAPPED.match(text):
        return wrapped.end(), {"unwrapped": None}
    starts = [found.start() for _, found in zip(range(_MAX_STARTS), _BRACKET.finditer(text), strict=False)]
    if not starts:
        return _scalar_start(text, head)
    work = 0
    for start in starts:
        reader = ValueReader(text, start, work=work)
        try:
            value = reader.read()
        except UnreadableValue:
            work = reader.work
            continue
        work = reader.work
        if value and not reader.notes:
            return start, {"prose": None}
    return starts[0], {"prose": None}


def _scalar_start(text: str, head: ValueReader) -> tuple[int, dict[str, None]]:
    written = text[head.position :].strip()
    if written in LITERALS or written[:1].isdigit() or written[:1] in ("-", "."):
        return head.position, head.notes
    raise UnreadableValue("the text holds no JSON value")


def _values(text: str, start: int) -> tuple[Any, dict[str, None]]:
    reader = ValueReader(text, start)
    values = [reader.read()]
    if isinstance(values[0], Cut) and values[0].dropped:
        raise UnreadableValue("the text holds no JSON value")
    while isinstance(values[0], (dict, list)):
        position, comma = reader.position, False
        while (char := reader.peek()) and char in ",;":
            comma = True
            reader.position += 1
        if char not in ("{", "["):
            if char or comma:
                reader.note("rest")
            if "comment" not in reader.notes:
                reader.position = position
            break
        reader.note("several")
        values.append(reader.read())
    if not isinstance(values[0], (dict, list)) and reader.peek():
        reader.note("rest")
    return values[0] if len(values) == 1 else values, reader.notes


def plain(value: Any) -> Any:
    """The value with the readers' own string types replaced by ``str``."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return None if value is Missing else value
