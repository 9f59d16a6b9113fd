"""What an OpenAI-compatible server is sent: a conversation as messages, tools, schemas and images as its fields."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from freeproviders import prompts
from freeproviders.providers.openai_tools import cleaned, offered, rooted
from freeproviders.tools.wording import dumped
from freeproviders.wire import Image, Prompt, ToolCall, Turn

__all__ = ["messages", "options", "told"]

_NO_RESULT = "There is no result."
_PNG = "image/png"

Message = dict[str, Any]


def messages(turns: Sequence[Turn], names: Mapping[str, str] = MappingProxyType({})) -> Iterator[Message]:
    """The conversation, its system text first.

    Calls get ids by their number in the conversation: letters and digits, nine characters, which every server takes,
    whatever made them. A result is tied to its call by its id, else by name and order; one whose call is not there is
    told in words behind the others, and a call without a result gets one that says so, as servers insist on pairs.

    Args:
        turns: The conversation.
        names: Names on the wire of the tools that are offered.
    """
    if system := prompts.system_text(turns):
        yield {"role": "system", "content": system}
    calls = _Calls(names)
    spoken = prompts.without_system(turns)
    for turn in spoken:
        if turn.role == "tool":
            yield from calls.result(turn)
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


class _Calls:
    """The calls of a conversation whose results have not been told yet."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._number = 0
        self._open: dict[str, ToolCall] = {}
        self._stray: list[Message] = []

    def made(self, calls: Sequence[ToolCall]) -> list[Message]:
        """Calls as the wire has them."""
        sent = []
        for call in calls:
            self._number += 1
            wire_id = f"call{self._number:05d}"
            self._open[wire_id] = call
            name = self._names.get(call.name) or cleaned(call.name)
            function = {"name": name, "arguments": dumped(call.arguments)}
            sent.append({"id": wire_id, "type": "function", "function": function})
        return sent

    def result(self, turn: Turn) -> Iterator[Message]:
        """A result, tied to its call; one without a call waits, as nothing may stand between a call and its result."""
        text = f"Error: {turn.text}" if turn.failed else turn.text
        wire_id = self._answered(turn)
        if wire_id is None:
            told = f"The tool {turn.name or 'called'} gave this result:\n{text}"
            self._stray.append({"role": "user", "content": told})
        else:
            del self._open[wire_id]
            yield {"role": "tool", "tool_call_id": wire_id, "content": text}

    def unanswered(self) -> Iterator[Message]:
        """Results for the calls that have none, then the results that have no call."""
        for wire_id in self._open:
            yield {"role": "tool", "tool_call_id": wire_id, "content": _NO_RESULT}
        yield from self._stray
        self._open, self._stray = {}, []

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


def options(prompt: Prompt, names: Mapping[str, str], *, json_mode: str, usage: bool) -> Mapping[str, Any]:
    """The fields beside model and messages that a prompt asks for.

    Stop sequences are none of them: they are honoured on our side alike for all services, any number of them.

    Args:
        prompt: The prompt.
        names: The names of its tools on the wire.
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
        fields |= offered(prompt, names)
    if prompt.schema is not None:
        form = {"name": "answer", "schema": rooted(prompt.schema)}
        schema = {"type": "json_schema", "json_schema": form}
        fields["response_format"] = schema if json_mode == "schema" else {"type": "json_object"}
    return {name: value for name, value in fields.items() if value is not None}
