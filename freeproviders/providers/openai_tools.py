"""Tools and schemas as fields of an OpenAI-compatible request: their names on the wire, and their roots."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from freeproviders.errors import InvalidSetting
from freeproviders.provider import Card
from freeproviders.tools.schema import resolved
from freeproviders.wire import Prompt

__all__ = ["cleaned", "offered", "rooted", "travels", "wire_names"]

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


def wire_names(tools: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """By their names, those of tools on the wire: letters, digits, ``_`` and ``-``, 64 at most, and no two the same.

    Raises:
        InvalidSetting: If two tools have the same name.
    """
    names = [str(tool["name"]) for tool in tools]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidSetting(f"two tools are called {twice!r}: a call could not say which is meant, so rename one")
    given = {name: name for name in names if cleaned(name) == name}
    for name in names:
        if name not in given:
            taken = set(given.values())
            given[name] = next(spelling for spelling in _spellings(name) if spelling not in taken)
    return given


def cleaned(name: str) -> str:
    """A name of letters, digits, ``_`` and ``-``, 64 at most."""
    return _ODD.sub("_", name)[:_LONGEST_NAME] or "_"


def _spellings(name: str) -> Iterator[str]:
    clean = cleaned(name)
    yield clean
    for end in map("_{}".format, itertools.count(2)):
        yield clean[: _LONGEST_NAME - len(end)] + end


def rooted(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with the object as its root that its root refers to, as that of a class which holds itself does."""
    if "$ref" not in schema:
        return schema
    return {**{word: schema[word] for word in ("$defs", "definitions") if word in schema}, **resolved(schema, schema)}


def travels(prompt: Prompt, card: Card, mode: str) -> bool:
    """Whether tools, calls and schema travel as fields; both at once do not, as few servers take that.

    Args:
        prompt: The prompt.
        card: What is known of the model.
        mode: The setting ``tool_mode``.
    """
    if mode == "prompted" or (prompt.tools and prompt.schema is not None):
        return False
    if prompt.schema is not None:
        return bool(card.native_json or mode == "native") and rooted(prompt.schema).get("type") == "object"
    return card.native_tools or mode == "native"


def offered(prompt: Prompt, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields that tell of a prompt's tools, by their names on the wire; those that are None are none."""
    tools = ({**tool, "name": names[str(tool["name"])], **_parameters(tool)} for tool in prompt.tools)
    named = {"type": "function", "function": {"name": names.get(prompt.tool_choice, prompt.tool_choice)}}
    return {
        "tools": [{"type": "function", "function": tool} for tool in tools],
        "tool_choice": _CHOICES.get(prompt.tool_choice, named),
        "parallel_tool_calls": None if prompt.parallel_calls else False,
    }


def _parameters(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool's parameters as servers want them, an object with properties, be it one with none."""
    given = tool.get("parameters")
    return {} if given is None else {"parameters": {"type": "object", "properties": {}, **rooted(given)}}
