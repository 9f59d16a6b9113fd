"""The tools a prompt offers: found in its text, with what it says about how they are to be called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from freeproviders.sandbox.agent.forms import form_of
from freeproviders.sandbox.agent.shapes import Schema, parameters
from freeproviders.sandbox.brain import Question

_TOOLS = "Tools:\n"
_INTRO = "You can use tools."
_FORM = "\n\nTo call a tool, write a block of this form"
_RULES = "\nUse only the names listed"
_NAMED = re.compile(r"Reply now with a block that calls (\S{1,200}?), and no other text")
_ANY = "Reply now with at least one such block"
_SINGLE = "Write exactly one call at a time"
_ARGUMENTS = re.compile(r"\s+arguments: (?=\{)")
_HEAD = re.compile(r"(?:> )?([^\s(]+)")
_REACT = re.compile(r"^(?:> )?> Tool Name: (\S+)[ \t]*$", re.MULTILINE)
_REACT_ARGUMENTS = "\nTool Args: "
_REACT_ASKS = "\nAction Input: "
_NO_SCHEMA: Schema = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as the prompt describes it.

    Attributes:
        name: Its name.
        description: What it is for; empty if nothing is said.
        schema: JSON Schema of its arguments.
    """

    name: str
    description: str = ""
    schema: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a prompt says about tools.

    Attributes:
        tools: The tools, in the prompt's order.
        forced: A call must be written and nothing else.
        single: Only one call at a time may be written.
        form: How calls are to be written; "thoughts" as LlamaIndex's ReAct prompt asks for them.
    """

    tools: tuple[Tool, ...]
    forced: bool = False
    single: bool = False
    form: str = "blocks"


def offered(text: str) -> tuple[Offer, str] | None:
    """Find an offer of tools.

    Args:
        text: System text or a message.

    Returns:
        The last offer in it and the text without it; None if it offers none.
    """
    rules = text.rfind(_RULES)
    form = text.rfind(_FORM, 0, rules) if rules >= 0 else -1
    start = text.rfind(_TOOLS, 0, form) if form >= 0 else -1
    if start < 0:
        return _react(text)
    end = _line_end(text, rules + 1)
    said = text[rules:end]
    named = _NAMED.search(said)
    listed = text[start + len(_TOOLS) : form]
    offer = Offer(
        tools=tuple(tool for tool in _listed(listed) if named is None or tool.name == named[1]),
        forced=named is not None or _ANY in said,
        single=_SINGLE in said,
        form=form_of(text[form:rules]),
    )
    intro = text.rfind(_INTRO, 0, start)
    begin = intro if intro >= 0 and "\n\n" not in text[intro : start - 2] else start
    return (offer, f"{text[:begin].rstrip()}\n{text[end:].lstrip()}".strip()) if offer.tools else None


def given(question: Question) -> Offer | None:
    """Give the offer that a question holds as data.

    Args:
        question: The question.

    Returns:
        The offer; None if it holds none.
    """
    if question.tool_choice == "none":
        return None
    named = [tool for tool in question.tools if tool["name"] == question.tool_choice]
    tools = tuple(
        Tool(name=tool["name"], description=tool.get("description") or "", schema=tool.get("parameters") or _NO_SCHEMA)
        for tool in named or question.tools
    )
    forced = bool(named) or question.tool_choice == "required"
    return Offer(tools=tools, forced=forced, single=question.single) if tools else None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _listed(text: str) -> Iterator[Tool]:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        found = _HEAD.match(line)
        if found is None or line.startswith((" ", ">  ")):
            continue
        below = lines[at + 1].removeprefix("> ") if at + 1 < len(lines) else ""
        yield _tool(found[1], line, found.end(), below)


def _tool(name: str, line: str, at: int, below: str) -> Tool:
    schema, after = _NO_SCHEMA, at
    arguments = _ARGUMENTS.match(below)
    try:
        if arguments is not None:
            schema = json.loads(below[arguments.end() :])
        elif line.startswith("(", at):
            schema, after = parameters(line, at)
    except (ValueError, RecursionError):
        pass
    return Tool(name=name, description=line[after:].partition("#")[2].strip(), schema=schema)


def _react(text: str) -> tuple[Offer, str] | None:
    heads = list(_REACT.finditer(text))
    if not heads or _REACT_ASKS not in text:
        return None
    ends = [head.start() for head in heads[1:]] + [len(text)]
    tools = tuple(_react_tool(head[1], text[head.end() : end]) for head, end in zip(heads, ends, strict=True))
    return Offer(tools=tools, single=True, form="thoughts"), ""


def _react_tool(name: str, text: str) -> Tool:
    said, _, arguments = text.partition(_REACT_ARGUMENTS)
    try:
        schema = json.JSONDecoder().raw_decode(arguments)[0]
    except (ValueError, RecursionError):
        schema = _NO_SCHEMA
    description = said.strip().removeprefix("Tool Description:").strip()
    return Tool(name=name, description=description, schema=schema if isinstance(schema, dict) else _NO_SCHEMA)
