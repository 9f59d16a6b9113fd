"""Tools, calls and results as the text that a model reads and is asked to write. Reading its reply is elsewhere.

What the model is told is the same in every style; how a call looks is the style's (``styles``). Every string that
comes from outside is made harmless, so that neither a user nor a tool can write a call or a result.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Any

from freeproviders.errors import InvalidSetting
from freeproviders.tools.describe import described, described_schema
from freeproviders.tools.neutral import neutral_within
from freeproviders.tools.styles import Style, style_named
from freeproviders.wire import Prompt, Turn

__all__ = ["digest", "instructions", "offered_tools", "rendered"]

# From about here on models were seen to drift from the form they had been told at the beginning.
_LONG_PROMPT = 6000
_INTRO = "You can use tools. Use them where they help; otherwise simply answer."
_JSON = (
    "When you give your answer, give it as one JSON value in a ```json fence and nothing else. It must have this form:"
)
_RULES = (
    "Use only the names listed; parameters marked ? may be left out. "
    "Write nothing after the last block, and never write a tool's result yourself: it will be given to you."
)


def rendered(prompt: Prompt, *, system_field: bool = True, style: str = "hermes") -> Prompt:
    """The prompt with its tools, calls and results written as text; without any of them, the prompt as it is.

    In a conversation that the service keeps, a service without a system field is sent only what is new. It is told of
    the tools there when they are not those it was told of last.

    Args:
        prompt: The prompt.
        system_field: Whether the service has a field for the system prompt.
        style: How calls and results are written; one of ``STYLES``.

    Raises:
        InvalidSetting: If there is no such style.
    """
    told, form = instructions(prompt, style), style_named(style)
    if not told and not any(turn.calls or turn.role == "tool" for turn in prompt.turns):
        return prompt
    turns = list(_plain_turns(prompt.turns, form))
    if told and prompt.thread and not system_field:
        turns = turns if prompt.thread.get("tools") == digest(prompt, style) else _told_anew(turns, told)
    elif told:
        turns.insert(_after_system(turns), Turn(role="system", text=told))
    if offered_tools(prompt):
        turns = _reminded(turns, form)
    return replace(prompt, turns=tuple(turns), tools=(), schema=None)


def digest(prompt: Prompt, style: str = "hermes") -> str:
    """A short word for what the model is told; it changes when that changes."""
    return hashlib.sha256(instructions(prompt, style).encode(errors="replace")).hexdigest()[:12]


def _told_anew(turns: list[Turn], told: str) -> list[Turn]:
    last = turns[-1]
    if last.role != "user":
        return [*turns, Turn(role="user", text=told)]
    return [*turns[:-1], replace(last, text=f"{told}\n\n{last.text}")]


def offered_tools(prompt: Prompt) -> tuple[Mapping[str, Any], ...]:
    """The tools the model is told of: none where it may use none, the chosen one alone where one is chosen.

    Raises:
        InvalidSetting: If two have the same name.
    """
    if prompt.tool_choice == "none":
        return ()
    names = [tool["name"] for tool in prompt.tools]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidSetting(f"two tools are called {twice!r}: a call could not say which is meant, so rename one")
    chosen = tuple(tool for tool in prompt.tools if tool["name"] == prompt.tool_choice)
    return chosen or prompt.tools


def instructions(prompt: Prompt, style: str = "hermes") -> str:
    """What the model is told about tools and about the form of its answer; empty where there is nothing to tell.

    Args:
        prompt: The prompt.
        style: How calls are written; one of ``STYLES``.

    Raises:
        InvalidSetting: If there is no such style.
    """
    form, told = style_named(style), list[str]()
    if offered := offered_tools(prompt):
        tools = "\n".join(described(neutral_within(tool, form.guard)) for tool in offered)
        rules = " ".join(filter(None, (_RULES, _number(prompt, form), _choice(prompt, form))))
        told.append(f"{_INTRO}\n\nTools:\n{tools}\n\n{form.form}\n{rules}")
    if prompt.schema is not None:
        told.append(f"{_JSON}\n{described_schema(neutral_within(prompt.schema, form.guard))}")
    return "\n\n".join(told)


def _number(prompt: Prompt, form: Style) -> str:
    return f"Several calls at once {form.several}." if prompt.parallel_calls else "Write exactly one call at a time."


def _choice(prompt: Prompt, form: Style) -> str:
    if prompt.tool_choice == "auto":
        return ""
    if prompt.tool_choice == "any":
        return "Reply now with at least one such block and no other text."
    return f"Reply now with a block that calls {form.clean(prompt.tool_choice)}, and no other text."


def _plain_turns(turns: Sequence[Turn], form: Style) -> Iterator[Turn]:
    for role, group in groupby(turns, key=lambda turn: turn.role):
        if role == "tool":
            # Results of one round stand together: services expect the two sides to take turns.
            told = list(group)
            results = [form.result(turn.name, form.clean(turn.text), turn.failed) for turn in told]
            yield Turn(role="user", text="\n".join(results), images=tuple(chain(*(turn.images for turn in told))))
            continue
        for turn in group:
            said = (form.clean(turn.text), form.calls(turn.calls) if turn.calls else "")
            yield Turn(role=turn.role, text="\n".join(filter(None, said)), images=turn.images)


def _after_system(turns: Sequence[Turn]) -> int:
    return next((i for i, turn in enumerate(turns) if turn.role != "system"), len(turns))


def _reminded(turns: list[Turn], form: Style) -> list[Turn]:
    if sum(len(turn.text) for turn in turns) <= _LONG_PROMPT or turns[-1].role != "user":
        return turns
    reminder = f"Reminder. {form.form}\nWrite nothing after the last block."
    return [*turns[:-1], replace(turns[-1], text=f"{turns[-1].text}\n\n{reminder}")]
