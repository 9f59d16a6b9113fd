"""What an OpenAI-compatible server is sent: a conversation as messages, tools, schemas and images as its fields."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from freeproviders import prompts
from freeproviders.tools.wording import dumped
from freeproviders.wire import Image, Prompt, ToolCall, Turn

__all__ = ["messages", "options", "told", "wire_name"]

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_NO_RESULT = "There is no result."
_PNG = "image/png"
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64

Message = dict[str, Any]


def messages(turns: Sequence[Turn]) -> Iterator[Message]:
    """The conversation, its system text first.

    Calls get ids by their number in the conversation: letters and digits, nine characters, which every server takes,
    whatever made them. A result is tied to its call by its id, else by name and order; one whose call is not there is
    told in words, and a call without a result gets one that says so, as servers insist on pairs.
    """
    if system := prompts.system_text(turns):
        yield {"role": "system", "content": system}
    calls = _Calls()
    spoken = prompts.without_system(turns)
    for turn in spoken:
        if turn.role == "tool":
            yield calls.result(turn)
            continue
        yield from calls.unanswered()
        if turn.role == "user":
            yield {"role": "user", "content": _content(turn)}
        elif turn.calls:
            yield {"role": "assistant", "content": turn.text or None, "tool_calls": calls.made(turn.calls)}
        elif turn.text:
            yield {"role": "assistant", "content": turn.text}
    yield from calls.unanswered()
    if spoken and spoken[-1].role == "assistant" and not spoken[-1].calls:
        yield {"role": "user", "content": prompts.GO_ON}


def wire_name(name: str) -> str:
    """A tool's name as the protocol takes it: letters, digits, ``_`` and ``-``, no more than 64 of them."""
    return _ODD.sub("_", name)[:_LONGEST_NAME]


class _Calls:
    """The calls of a conversation whose results have not been told yet."""

    def __init__(self) -> None:
        self._number = 0
        self._open: dict[str, ToolCall] = {}

    def made(self, calls: Sequence[ToolCall]) -> list[Message]:
        """Calls as the wire has them."""
        sent = []
        for call in calls:
            self._number += 1
            wire_id = f"call{self._number:05d}"
            self._open[wire_id] = call
            function = {"name": wire_name(call.name), "arguments": dumped(call.arguments)}
            sent.append({"id": wire_id, "type": "function", "function": function})
        return sent

    def result(self, turn: Turn) -> Message:
        """A result, tied to its call."""
        text = f"Error: {turn.text}" if turn.failed else turn.text
        wire_id = self._answered(turn)
        if wire_id is None:
            return {"role": "user", "content": f"The tool {turn.name or 'called'} gave this result:\n{text}"}
        del self._open[wire_id]
        return {"role": "tool", "tool_call_id": wire_id, "content": text}

    def unanswered(self) -> Iterator[Message]:
        """Results for the calls that have none."""
        for wire_id in self._open:
            yield {"role": "tool", "tool_call_id": wire_id, "content": _NO_RESULT}
        self._open = {}

    def _answered(self, turn: Turn) -> str | None:
        by_id = (wire_id for wire_id, call in self._open.items() if turn.call_id and call.id == turn.call_id)
        by_name = (wire_id for wire_id, call in self._open.items() if call.name == turn.name)
        return next(by_id, None) or next(by_name, None) or (None if turn.name else next(iter(self._open), None))


def _content(turn: Turn) -> str | list[Message]:
    if not turn.images:
        return turn.text
    said = [{"type": "text", "text": turn.text}] if turn.text else []
    return [*said, *({"type": "image_url", "image_url": {"url": _address(image)}} for image in turn.images)]


def _address(image: Image) -> str:
    if image.data is None:
        return image.url or ""
    return f"data:{image.mime_type or _PNG};base64,{base64.b64encode(image.data).decode()}"


def told(prompt: Prompt, *, json_mode: str) -> Prompt:
    """The prompt, with the form of its answer in words where the service is only told that it must be an object."""
    if prompt.schema is None or json_mode == "schema":
        return prompt
    from freeproviders.tools.describe import described_schema  # loaded where it is used: most programs use none

    form = f"Answer with one JSON object and nothing else. It must have this form:\n{described_schema(prompt.schema)}"
    return replace(prompt, turns=(Turn(role="system", text=form), *prompt.turns))


def options(prompt: Prompt, *, json_mode: str, usage: bool) -> Mapping[str, Any]:
    """The fields beside model and messages that a prompt asks for.

    Stop sequences are none of them: they are honoured on our side alike for all services, any number of them.

    Args:
        prompt: The prompt.
        json_mode: How the service is told of a schema; ``"schema"`` or ``"object"``.
        usage: Whether tokens are to be counted.
    """
    fields: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True} if usage else None,
        "temperature": prompt.temperature,
        "max_tokens": prompt.max_tokens,
    }
    if prompt.tools:
        tools = ({**tool, "name": wire_name(str(tool["name"]))} for tool in prompt.tools)
        fields["tools"] = [{"type": "function", "function": tool} for tool in tools]
        named = {"type": "function", "function": {"name": wire_name(prompt.tool_choice)}}
        fields["tool_choice"] = _CHOICES.get(prompt.tool_choice, named)
        fields["parallel_tool_calls"] = None if prompt.parallel_calls else False
    if prompt.schema is not None:
        form = {"name": "answer", "schema": prompt.schema}
        schema = {"type": "json_schema", "json_schema": form}
        fields["response_format"] = schema if json_mode == "schema" else {"type": "json_object"}
    return {name: value for name, value in fields.items() if value is not None}
