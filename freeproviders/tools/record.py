"""What is known of the calls of one answer: their ids, what was mended in them, and which of them cannot be made."""

import uuid
from dataclasses import replace

from freeproviders.tools import events
from freeproviders.wire import CallDone, CallFailed, CallStarted, Event, Fact, InvalidCall, Text, ToolCall, Withdrawn

__all__ = ["CallRecord", "new_id"]


def new_id() -> str:
    """An id that no other call has."""
    return f"call_{uuid.uuid4().hex[:24]}"


class CallRecord:
    """Turns what was found in a reply into events, and keeps what is to be said of its calls at the end."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._ids: dict[int, str] = {}
        self._called = False
        self._repairs: dict[str, list[str]] = {}
        self._invalid: list[dict[str, str]] = []

    @property
    def begun(self) -> bool:
        """Whether a call has been started."""
        return bool(self._ids)

    def forget_failures(self) -> None:
        """What could not be read was read after all, in another way."""
        self._invalid = []

    def event(self, found: events.Event) -> list[Event]:
        """The events that the caller is given for one that was found."""
        match found:
            case events.TextPiece():
                return [Text(found.text)]
            case events.ThinkingPiece():
                return []  # thoughts were never meant to be read by the user
            case CallStarted():
                self._ids[found.index] = found.id
            case CallDone():
                return [CallDone(found.index, self._done(found))]
            case CallFailed():
                return [CallFailed(found.index, self._failed(found))]
            case Withdrawn():
                self._forget()
        return [found]

    def facts(self) -> list[Fact]:
        """What is to be known of the calls, once all have been found."""
        found = [Fact("finish_reason", "tool_calls")] if self._called else []
        if self._repairs:
            found.append(Fact("tool_call_repairs", self._repairs))
        if self._invalid:
            found.append(Fact("invalid_tool_calls", self._invalid))
        return found

    def _failed(self, failed: CallFailed) -> InvalidCall:
        call = replace(failed.call, id=self._ids.get(failed.index) or new_id())
        self._invalid.append({"name": call.name, "args": call.text, "id": call.id, "error": call.reason})
        return call

    def _done(self, done: CallDone) -> ToolCall:
        self._called = True
        call = replace(done.call, id=self._ids[done.index])
        if call.repairs:
            self._repairs[call.id] = list(call.repairs)
        return call
