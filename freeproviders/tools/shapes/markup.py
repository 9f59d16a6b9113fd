"""Calls stated as elements: ``function=name`` with ``parameter=key``, the same with attributes, keys as elements.

Values are text; the schema says what they are. Elements are found by plain searches from left to right, so the time is
linear; an element without its end is not a call.
"""

import re
from typing import Any

from freeproviders.tools.binding import RawCall
from freeproviders.tools.names import NameBook
from freeproviders.tools.nodes import Bare
from freeproviders.tools.strict import strict

__all__ = ["MARKUP_START", "markup_calls"]

MARKUP_START = re.compile(r"<(?:function|invoke|tool|call|action)(?:=|\s{1,8}name\s{0,4}=|>)|<arg_key>", re.IGNORECASE)
_CALL = re.compile(
    r"""<(function|invoke|tool|call|action)(?:=|\s{1,8}name\s{0,4}=)\s{0,4}["']?([^\s"'<>]{1,100})["']?[^<>]{0,100}>""",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    r"""<(parameter|param|arg|argument)(?:=|\s{1,8}name\s{0,4}=)\s{0,4}["']?([^\s"'<>]{1,100})["']?([^<>]{0,300})>""",
    re.IGNORECASE,
)
_VALUE = re.compile(r"""value\s{0,4}=\s{0,4}(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ELEMENT = re.compile(r"<([^\W\d][\w.-]{0,100})([^<>]{0,100})>")
_MAX_ELEMENTS = 8
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&apos;", "'"), ("&amp;", "&"))


def markup_calls(text: str, book: NameBook) -> list[RawCall]:
    """The calls of a text made of elements.

    Args:
        text: From the first element on.
        book: The tools.
    """
    calls: list[RawCall] = []
    if "<arg_key>" in text:
        return _keys_and_values(text)
    position = 0
    while found := _CALL.search(text, position):
        end = text.find(f"</{found.group(1)}", found.end())
        following = _CALL.search(text, found.end())
        if end < 0 and following is None and found.group().rstrip(">").endswith("/"):
            end = found.end()
        complete = end >= 0
        stop = end if complete else len(text)
        body = text[found.end() : stop]
        calls.append(
            RawCall(found.group(2).rstrip("/"), _arguments(body), complete=complete, text=text[found.start() : stop])
        )
        calls[-1].notes["markup"] = None
        position = stop
        if not complete:
            break
    return calls or _plain_elements(text, book)


def _arguments(body: str) -> Any:
    """Arguments of one call: parameter elements, JSON, or one element for each key."""
    stripped = body.strip()
    if stripped.startswith("{"):
        is_json, value = strict(stripped, 64)
        return value if is_json else stripped
    arguments: dict[str, Any] = {}
    position, lost = 0, False
    while found := _PARAMETER.search(body, position):
        position = found.end()
        if given := _VALUE.search(found.group(3)):
            arguments[found.group(2)] = Bare(_text(given.group(1) or given.group(2) or ""))
            continue
        end = -1 if lost else body.find(f"</{found.group(1)}", position)
        lost = end < 0  # a search that found nothing is not worth repeating
        following = _PARAMETER.search(body, position) if end < 0 else None
        end = following.start() if following else len(body) if end < 0 else end
        arguments[found.group(2)] = Bare(_text(body[position:end]))
        position = end
    return arguments or _elements(body)


def _elements(body: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    position = 0
    while found := _ELEMENT.search(body, position):
        end = body.find(f"</{found.group(1)}>", found.end())
        if end < 0:
            break
        inner = body[found.end() : end]
        if found.group(1).lower() in ("arguments", "parameters", "args", "params"):
            return _as_dict(_arguments(inner))
        arguments[found.group(1)] = Bare(_text(inner))
        position = end + len(found.group(1)) + 3
    return arguments


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _plain_elements(text: str, book: NameBook) -> list[RawCall]:
    """``<name>tool</name><arguments>...</arguments>`` in an element, or an element named like the tool."""
    found = _ELEMENT.search(text)
    for _ in range(_MAX_ELEMENTS):
        if found is None:
            break
        end = text.find(f"</{found.group(1)}>", found.end())
        body = text[found.end() : end] if end >= 0 else text[found.end() :]
        if book.spells(found.group(1)):
            return [RawCall(found.group(1), _arguments(body), complete=end >= 0, text=text, notes={"markup": None})]
        inner = _elements(body)
        if (name := inner.pop("name", None)) and end >= 0:
            nested = re.search(r"<(?:arguments|parameters)>", body)
            stated = _elements(body[nested.start() :]) if nested else inner
            json_text = str(inner.get("arguments", inner.get("parameters", "")))
            arguments: Any = json_text if json_text.strip()[:1] == "{" else stated
            return [RawCall(str(name).strip(), arguments, text=text, notes={"markup": None})]
        found = _ELEMENT.search(text, found.end())
    return []


def _keys_and_values(text: str) -> list[RawCall]:
    """``name`` followed by pairs of ``arg_key`` and ``arg_value`` elements."""
    name = text[: text.find("<")].strip()
    arguments: dict[str, Any] = {}
    parts = text.split("<arg_key>")[1:]
    complete = text.count("<arg_value>") == text.count("</arg_value>") == len(parts)
    for part in parts:
        key, _, rest = part.partition("</arg_key>")
        value = rest.partition("<arg_value>")[2].partition("</arg_value>")[0]
        arguments[key.strip()] = Bare(_text(value))
    return [RawCall(name, arguments, complete=complete, text=text, notes={"markup": None})]


def _text(inner: str) -> str:
    """Text of an element: one line break is taken from each side, entities are undone."""
    inner = inner.removeprefix("\r\n") if inner.startswith("\r\n") else inner.removeprefix("\n")
    inner = inner.removesuffix("\n")
    for entity, char in _ENTITIES if "&" in inner else ():
        inner = inner.replace(entity, char)
    return inner
