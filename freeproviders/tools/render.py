"""Tools, calls and results as the text that a model reads and is asked to write. Reading its reply is elsewhere.

A call is one block: an opening tag, a JSON object with ``name`` and ``arguments``, a closing tag. Ordinary answers hold
no such tag, so a stream can be watched for it, and several model families were trained on this form. Past calls are
written in the very form that is asked for, as models copy what they see. Every string that comes from outside passes
through ``neutral``, so that neither a user nor a tool can write a call or a result.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from freeproviders.tools.describe import described, described_schema
from freeproviders.tools.neutral import neutral, neutral_json
from freeproviders.wire import Prompt, ToolCall, Turn

__all__ = ["call_block", "digest", "instructions", "offered_tools", "rendered", "result_block"]

# From about here on models were seen to drift from the form they had been told at the beginning.
_LONG_PROMPT = 6000
_INTRO = "You can use tools. Use them where they help; otherwise simply answer."
_JSON = (
    "When you give your answer, give it as one JSON value in a ```json fence and nothing else. It must have this form:"
)
_FORM = (
    "To call a tool, write a block of this form:\n"
    '<tool_call>\n{"name": "name_of_the_tool", "arguments": {"parameter": "value"}}\n</tool_call>\n'
)
_RULES = (
    "Use only the names listed. arguments is a JSON object; parameters marked ? may be left out. "
    "Write nothing after the last block, and never write a tool's result yourself: it will be given to you."
)
_REMINDER = 'Reminder: a call is <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>, with nothing after it.'


def rendered(prompt: Prompt, *, system_field: bool = True) -> Prompt:
    """The prompt with its tools, calls and results written as text; without any of them, the prompt as it is.

    In a conversation that the service keeps, a service without a system field is sent only what is new. It is told of
    the tools there when they are not those it was told of last.

    Args:
        prompt: The prompt.
        system_field: Whether the service has a field for the system prompt.
    """
    told = instructions(prompt)
    if not told and not any(turn.calls or turn.role == "tool" for turn in prompt.turns):
        return prompt
    turns = list(_plain_turns(prompt.turns))
    if told and prompt.thread and not system_field:
        turns = turns if prompt.thread.get("tools") == digest(prompt) else _told_anew(turns, told)
    elif told:
        turns.insert(_after_system(turns), Turn(role="system", text=told))
    if offered_tools(prompt):
        turns = _reminded(turns)
    return replace(prompt, turns=tuple(turns), tools=(), schema=None)


def digest(prompt: Prompt) -> str:
    """A short word for what the model is told; it changes when that changes."""
    return hashlib.sha256(instructions(prompt).encode(errors="replace")).hexdigest()[:12]


def _told_anew(turns: list[Turn], told: str) -> list[Turn]:
    last = turns[-1]
    if last.role != "user":
        return [*turns, Turn(role="user", text=told)]
    return [*turns[:-1], replace(last, text=f"{told}\n\n{last.text}")]


def offered_tools(prompt: Prompt) -> tuple[Mapping[str, Any], ...]:
    """The tools the model is told of: none where it may use none, the chosen one alone where one is chosen."""
    if prompt.tool_choice == "none":
        return ()
    chosen = tuple(tool for tool in prompt.tools if tool["name"] == prompt.tool_choice)
    return chosen or prompt.tools


def instructions(prompt: Prompt) -> str:
    """What the model is told about tools and about the form of its answer; empty where there is nothing to tell.

    Args:
        prompt: The prompt.
    """
    told = []
    if offered := offered_tools(prompt):
        tools = "\n".join(map(described, offered))
        told.append(f"{_INTRO}\n\nTools:\n{tools}\n\n{_FORM}{_RULES} {_number(prompt)}{_choice(prompt)}".rstrip())
    if prompt.schema is not None:
        told.append(f"{_JSON}\n{described_schema(prompt.schema)}")
    return "\n\n".join(told)


def _number(prompt: Prompt) -> str:
    if prompt.parallel_calls:
        return "Several calls at once are several blocks. "
    return "Write exactly one block at a time. "


def _choice(prompt: Prompt) -> str:
    if prompt.tool_choice == "auto":
        return ""
    if prompt.tool_choice == "any":
        return "Reply now with at least one such block and no other text."
    return f"Reply now with a block that calls {neutral(prompt.tool_choice)}, and no other text."


def _plain_turns(turns: Sequence[Turn]) -> Iterator[Turn]:
    for role, group in groupby(turns, key=lambda turn: turn.role):
        if role == "tool":
            # Results of one round stand together: services expect the two sides to take turns.
            yield Turn(role="user", text="\n".join(map(result_block, group)))
            continue
        for turn in group:
            blocks = [call_block(call) for call in turn.calls]
            yield Turn(role=turn.role, text="\n".join(filter(None, [neutral(turn.text), *blocks])))


def call_block(call: ToolCall) -> str:
    """A call in the form that is asked for."""
    body = json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
    return f"<tool_call>\n{neutral_json(body)}\n</tool_call>"


def result_block(turn: Turn) -> str:
    """A tool's result.

    Args:
        turn: A turn of role ``"tool"``.
    """
    name = neutral(turn.name).replace('"', "'")
    status = ' status="error"' if turn.failed else ""
    return f'<tool_response name="{name}"{status}>\n{neutral(turn.text)}\n</tool_response>'


def _after_system(turns: Sequence[Turn]) -> int:
    return next((i for i, turn in enumerate(turns) if turn.role != "system"), len(turns))


def _reminded(turns: list[Turn]) -> list[Turn]:
    if sum(len(turn.text) for turn in turns) <= _LONG_PROMPT or turns[-1].role != "user":
        return turns
    return [*turns[:-1], replace(turns[-1], text=f"{turns[-1].text}\n\n{_REMINDER}")]
