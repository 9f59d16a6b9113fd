"""Reads a streamed reply as events of an answer: text, tool calls, or one JSON value. How calls look is elsewhere.

A reader stands between the text of a service and the caller: ``feed`` and ``finish`` give events, ``ended`` says that
what may still come is not part of the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from freeproviders.errors import BadReply
from freeproviders.merging import Merger
from freeproviders.tools import events
from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.deltas import JsonWriter
from freeproviders.tools.loading import candidates
from freeproviders.tools.record import CallRecord, new_id
from freeproviders.tools.render import offered_tools
from freeproviders.tools.scanner import ToolScanner
from freeproviders.tools.wording import dumped
from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Event,
    InvalidCall,
    Prompt,
    Text,
    ToolCall,
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
        self._record = CallRecord()

    @property
    def ended(self) -> bool:
        """Whether the model has begun to write what is not its own to write, such as a tool's result."""
        return self._scanner.ended

    def feed(self, text: str) -> list[Event]:
        """Events completed by this text."""
        if self._forced is not None and not self._record.begun:
            self._said.append(text)
        return self._events(self._scanner.feed(text))

    def finish(self) -> list[Event]:
        """Events completed by the end of the reply, and what is to be known of its calls."""
        found = self._events(self._scanner.finish())
        if self._forced is not None and not self._record.begun:
            found = self._arguments_alone(self._forced) or found
        return [*found, *self._record.facts()]

    def _events(self, scanned: Iterable[events.Event]) -> list[Event]:
        merger = Merger()
        for one in scanned:
            for event in self._record.event(one):
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
        made = CallStarted(1, new_id(), str(tool["name"]))
        done = CallDone(1, ToolCall(made.name, arguments, ("arguments_only",)))
        text = CallArguments(1, dumped(arguments))
        self._record.forget_failures()
        return self._events((made, text, done))


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

    Of several values the first that fits counts, also one that stands alone in an object of one key or a list of one
    item. Thoughts in front are passed over.

    Args:
        text: The text.
        schema: A JSON Schema.

    Raises:
        BadReply: If there is none, or none that fits; the message says what is wrong with the first, for the model.
    """
    problem = ""
    for value, repairs in candidates(text):
        for reading in (value, *_wrapped(value)):
            fits, found = _fitting(reading, repairs, schema)
            if fits:
                return found
            problem = problem or found
    raise BadReply(problem)


def _fitting(value: Any, repairs: Sequence[str], schema: Mapping[str, Any]) -> tuple[bool, Any]:
    """Whether a value fits a schema, and the value as it fits, or what is wrong with it."""
    if "truncated" in repairs:
        return False, "it is cut off"
    if "rest" in repairs and not isinstance(value, (dict, list)):
        return False, "there is more than one JSON value"
    try:
        return True, fitted(value, schema, schema, {}, strict_types=True)
    except Mismatch as mismatch:
        return False, str(mismatch)


def _wrapped(value: Any) -> Sequence[Any]:
    """The one object or list that stands in another and fills it."""
    inner = list(value.values()) if isinstance(value, dict) else value
    return inner if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], (dict, list)) else ()
