"""Reads a streamed reply as events of an answer: text, tool calls, or one JSON value. How calls look is elsewhere.

A reader stands between the text of a service and the caller: ``feed`` and ``finish`` give events, ``ended`` says that
what may still come is not part of the answer.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from freeproviders.errors import BadReply
from freeproviders.merging import Merger
from freeproviders.tools import events, parse_value
from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.render import offered_tools
from freeproviders.tools.scanner import ToolScanner
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
        self._scanner = ToolScanner(tools, forced=name, parallel=prompt.parallel_calls)
        self._said: list[str] = []
        self._ids: dict[int, str] = {}
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
        if self._ids:
            found.append(Fact("finish_reason", "tool_calls"))
        if self._repairs:
            found.append(Fact("tool_call_repairs", self._repairs))
        if self._ids and self._invalid:
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
        made = CallStarted(1, f"call_{uuid.uuid4().hex[:24]}", str(tool["name"]))
        done = CallDone(1, ToolCall(made.name, arguments, ("arguments_only",)))
        text = CallArguments(1, json.dumps(arguments, ensure_ascii=False))
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
                self._invalid.append({"name": scanned.call.name, "reason": scanned.call.reason})
            case Withdrawn():
                self._ids, self._repairs, self._invalid = {}, {}, []
        return [scanned]

    def _done(self, done: CallDone) -> ToolCall:
        call = replace(done.call, id=self._ids[done.index])
        if call.repairs:
            self._repairs[call.id] = list(call.repairs)
        return call


class JsonReader:
    """Waits for the whole reply and gives the JSON value in it, fitted to a schema, and nothing around it.

    A reply that calls tools instead is read as such.

    Args:
        prompt: The prompt with its schema, and with its tools if it has any.
    """

    ended = False

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._parts: list[str] = []

    def feed(self, text: str) -> list[Event]:
        """Nothing yet."""
        self._parts.append(text)
        return []

    def finish(self) -> list[Event]:
        """The value as JSON text, or the tool calls, or what is wrong."""
        text, self._parts = "".join(self._parts), []
        if offered_tools(self._prompt):
            tools = ToolReader(self._prompt)
            found = [*tools.feed(text), *tools.finish()]
            if any(isinstance(event, CallDone) for event in found):
                return [event for event in found if not isinstance(event, Text)]
        return self._value(text)

    def _value(self, text: str) -> list[Event]:
        try:
            value = json_value(text, self._prompt.schema or {})
        except BadReply as error:
            return [CallFailed(0, InvalidCall("answer", error.message, text, "schema"))]
        return [Text(json.dumps(value, ensure_ascii=False))]


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
