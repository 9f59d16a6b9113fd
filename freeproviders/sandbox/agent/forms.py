"""The forms in which calls are written: the one that a prompt shows, and all that a conversation may hold."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from freeproviders.sandbox.agent.step import Step

_LIST = re.compile(r"^\[[^\W\d].*\)\]$", re.MULTILINE)
_ACTION = re.compile(r"^Action: *(\S+)[^\n]*\nAction Input: *(\{[^\n]*)", re.MULTILINE)
_UNREADABLE = (ValueError, SyntaxError, RecursionError, MemoryError)
_NEED = "Thought: The current language of the user is: English. I need to use a tool to help me answer the question."


def form_of(sample: str) -> str:
    """Say which form a sample shows.

    Args:
        sample: What a prompt shows of how a call is written.

    Returns:
        The form's name, for `written`.
    """
    return next((form for form, mark in _MARKS if mark in sample), "blocks")


def written(form: str, calls: Sequence[Step]) -> str:
    """Write calls in a form.

    Args:
        form: The form's name.
        calls: At least one call.

    Returns:
        The text.
    """
    return _WRITERS[form](calls)


def calls_in(text: str) -> Iterator[Step]:
    """Find the calls in what the assistant said.

    Args:
        text: The text.

    Yields:
        The calls, those of one form after those of another.
    """
    for part in (*_parts(text, "<tool_call>", "</tool_call>"), *_parts(text, "```json\n", "\n```")):
        yield from _of_json(_value(part))
    for found in _LIST.finditer(text):
        yield from _of_python(found[0])
    for found in _ACTION.finditer(text):
        arguments = _value(found[2])
        yield Step(name=found[1], arguments=arguments if isinstance(arguments, dict) else {})


def _parts(text: str, opening: str, closing: str) -> list[str]:
    return [part.partition(closing)[0] for part in text.split(opening)[1:]]


def _of_json(value: Any) -> Iterator[Step]:
    for call in value if isinstance(value, list) else [value]:
        if isinstance(call, dict) and isinstance(call.get("arguments"), dict):
            yield Step(name=str(call.get("name")), arguments=call["arguments"])


def _of_python(text: str) -> Iterator[Step]:
    try:
        listed = ast.parse(text, mode="eval").body
    except _UNREADABLE:
        return
    for call in listed.elts if isinstance(listed, ast.List) else []:
        if isinstance(call, ast.Call):
            given = {str(part.arg): _value(ast.unparse(part.value)) for part in call.keywords}
            yield Step(name=ast.unparse(call.func), arguments=given)


def _value(text: str) -> Any:
    """Read a value as JSON or as Python writes it, which LlamaIndex's own ReAct does; None if it is neither."""
    for read in (json.loads, ast.literal_eval):
        with suppress(*_UNREADABLE):
            return read(text.strip())
    return None


def _blocks(calls: Sequence[Step]) -> str:
    return "\n".join(f"<tool_call>\n{_object(call)}\n</tool_call>" for call in calls)


def _fence(calls: Sequence[Step]) -> str:
    return f"```json\n[{', '.join(map(_object, calls))}]\n```"


def _list(calls: Sequence[Step]) -> str:
    return f"[{', '.join(map(_expression, calls))}]"


def _actions(calls: Sequence[Step]) -> str:
    return "\n".join(f"Action: {call.name}\nAction Input: {_dumped(call.arguments)}" for call in calls)


def _object(call: Step) -> str:
    return _dumped({"name": call.name, "arguments": call.arguments})


def _expression(call: Step) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_MARKS = (("fence", "```json"), ("list", "[name_of_the_tool("), ("actions", "\nAction: "))
_WRITERS: Mapping[str, Callable[[Sequence[Step]], str]] = {
    "blocks": _blocks,
    "fence": _fence,
    "list": _list,
    "actions": _actions,
    "thoughts": lambda calls: f"{_NEED}\n{_actions(calls)}",
}
