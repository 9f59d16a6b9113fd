"""Reads a streamed reply as events of an answer: text, tool calls, or one JSON value. How calls look is elsewhere.

A reader stands between the text of a service and the caller: ``feed`` and ``finish`` give events, ``ended`` says that
what may still come is not part of the answer.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from freeproviders.errors import BadReply
from freeproviders.merging import Merger
from freeproviders.tools import events, parse_value
from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.deltas import JsonWriter
from freeproviders.tools.render import offered_tools
from freeproviders.tools.scanner import ToolScanner
from freeproviders.tools.wording import dumped
from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Event,
    Fact,
    InvalidCall,
    Prompt,
    Text,
    ToolCall,
    Withdrawn,
)

__all__ = ["JsonReader", "ToolReader", "json_value", "reader_for"]


def reader_for(prompt: Prompt) -> "ToolReader | JsonReader | None":
    """The reader that a prompt's answer needs; None where it is plain text."""
    if prompt.schema is not None:
        return JsonReader(prompt)
    return ToolReader(prompt) if offered_tools(prompt) else None


class ToolReader:
    """Passes text on at once and finds the calls in it.

    Args:
        prompt: The prompt with its tools.
    """

    def __init__(self, prompt: Prompt) -> None:
        tools = offered_tools(prompt)
        self._forced = tools[0] if prompt.tool_choice != "auto" and len(tools) == 1 else None
        name = None if self._forced is None else str(self._forced["name"])
        parallel, deltas = prompt.parallel_calls, prompt.partial
        self._scanner = ToolScanner(tools, forced=name, parallel=parallel, argument_deltas=deltas)
        self._said: list[str] = []
        self._ids: dict[int, str] = {}
        self._called = False
        self._repairs: dict[str, list[str]] = {}
        self._invalid: list[dict[str, str]] = []

    @property
    def ended(self) -> bool:
        """Whether the model has begun to write what is not its own to write, such as a tool's result."""
        return self._scanner.ended

    def feed(self, text: str) -> list[Event]:
        """Events completed by this text."""
        if self._forced is not None and not self._ids:
            self._said.append(text)
        return self._events(self._scanner.feed(text))

    def finish(self) -> list[Event]:
        """Events completed by the end of the reply, and what is to be known of its calls."""
        found = self._events(self._scanner.finish())
        if self._forced is not None and not self._ids:
            found = self._arguments_alone(self._forced) or found
        if self._called:
            found.append(Fact("finish_reason", "tool_calls"))
        if self._repairs:
            found.append(Fact("tool_call_repairs", self._repairs))
        if self._invalid:
            found.append(Fact("invalid_tool_calls", self._invalid))
        return found

    def _events(self, scanned: Iterable[events.Event]) -> list[Event]:
        merger = Merger()
        for one in scanned:
            for event in self._event(one):
                merger.add(event.text if isinstance(event, Text) else event)
        return merger.take(last=True)

    def _arguments_alone(self, tool: Mapping[str, Any]) -> list[Event]:
        """The call that had to come, where the reply holds its arguments and no name, as some models answer."""
        try:
            arguments = json_value("".join(self._said), tool.get("parameters") or {})
        except BadReply:
            return []
        if not isinstance(arguments, dict):
            return []
        made = CallStarted(1, _new_id(), str(tool["name"]))
        done = CallDone(1, ToolCall(made.name, arguments, ("arguments_only",)))
        text = CallArguments(1, dumped(arguments))
        self._invalid = []
        return self._events((made, text, done))

    def _event(self, scanned: events.Event) -> list[Event]:
        match scanned:
            case events.TextPiece():
                return [Text(scanned.text)]
            case events.ThinkingPiece():
                return []  # thoughts were never meant to be read by the user
            case CallStarted():
                self._ids[scanned.index] = scanned.id
            case CallDone():
                return [CallDone(scanned.index, self._done(scanned))]
            case CallFailed():
                return [CallFailed(scanned.index, self._failed(scanned))]
            case Withdrawn():
                self._ids, self._repairs, self._invalid, self._called = {}, {}, [], False
        return [scanned]

    def _failed(self, failed: CallFailed) -> InvalidCall:
        call = replace(failed.call, id=self._ids.get(failed.index) or _new_id())
        self._invalid.append({"name": call.name, "args": call.text, "id": call.id, "error": call.reason})
        return call

    def _done(self, done: CallDone) -> ToolCall:
        self._called = True
        call = replace(done.call, id=self._ids[done.index])
        if call.repairs:
            self._repairs[call.id] = list(call.repairs)
        return call


def _new_id() -> str:
    return f"call_{uuid.uuid4().hex[:24]}"


class JsonReader:
    """Gives the JSON value in a reply, fitted to a schema, and nothing around it.

    It waits for the whole reply, or gives the value as it grows if the prompt asks for that. A reply that calls tools
    instead is read as such; where it may, nothing is given before it is whole.

    Args:
        prompt: The prompt with its schema, and with its tools if it has any.
    """

    ended = False

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._parts: list[str] = []
        grows = prompt.partial and not offered_tools(prompt)
        self._writer = JsonWriter(prompt.schema or {}) if grows else None

    def feed(self, text: str) -> list[Event]:
        """The next piece of the value's JSON text; nothing where it is not certain yet."""
        self._parts.append(text)
        piece = self._writer.take(text) if self._writer is not None else ""
        return [Text(piece)] if piece else []

    def finish(self) -> list[Event]:
        """The rest of the value's JSON text, or the tool calls, or what is wrong and the reply as it was written."""
        text, self._parts = "".join(self._parts), []
        if offered_tools(self._prompt):
            tools = ToolReader(self._prompt)
            found = [*tools.feed(text), *tools.finish()]
            if any(isinstance(event, CallDone) for event in found):
                return [event for event in found if not isinstance(event, Text)]
        return self._value(text)

    def _value(self, text: str) -> list[Event]:
        try:
            final = dumped(json_value(text, self._prompt.schema or {}))
        except BadReply as error:
            return [CallFailed(0, InvalidCall("answer", error.message, text, "schema")), Text(text)]
        rest = final if self._writer is None else self._writer.rest(final)
        if rest is None:
            return [CallFailed(0, InvalidCall("answer", "it is not what it began as", text, "unreadable")), Text(text)]
        return [Text(rest)]


def json_value(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value that a text holds, between sentences or in a fence, fitted to a schema.

    Args:
        text: The text.
        schema: A JSON Schema.

    Raises:
        BadReply: If there is none, or none that fits; the message says what is wrong, for the model.
    """
    value, repairs = parse_value(text)
    if "truncated" in repairs:
        raise BadReply("it is cut off")
    try:
        return fitted(value, schema, schema, {}, strict_types=True)
    except Mismatch as mismatch:
        raise BadReply(str(mismatch)) from mismatch
