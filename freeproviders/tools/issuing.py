"""Turns calls that were read into events: numbers, ids, names before arguments, failures last."""

import os

from freeproviders.tools.deltas import ArgumentWriter
from freeproviders.tools.events import CallArguments, CallDone, CallFailed, CallStarted, Event, TextPiece
from freeproviders.tools.names import NameBook
from freeproviders.tools.result import InvalidCall, ToolCall
from freeproviders.tools.wording import dumped

__all__ = ["Issuer"]

_MAX_CALLS = 256
"""How many calls of one reply are looked at; more is a model that repeats itself, or an attack."""


class Issuer:
    """Gives out the calls of one reply.

    Args:
        book: The tools.
        parallel: Whether more than one call is wanted.
        deltas: Whether names and arguments are given out while they arrive.

    Attributes:
        events: What is to be said; the scanner adds its own and takes them away.
        calls: Calls given out.
        failed: Calls that cannot be executed, not yet said.
        over: Whether no further call is wanted.
    """

    __slots__ = ("_book", "_deltas", "_kept", "_parallel", "_started", "_writer", "calls", "events", "failed", "over")

    def __init__(self, book: NameBook, *, parallel: bool, deltas: bool) -> None:
        self.events: list[Event] = []
        self.calls: list[ToolCall] = []
        self.failed: list[InvalidCall] = []
        self.over: bool = False
        self._book = book
        self._parallel = parallel
        self._deltas = deltas
        self._started = 0
        self._writer: ArgumentWriter | None = None
        self._kept: list[str] = []

    def begin(self, *, repeats: bool) -> None:
        """An item begins that may hold calls.

        Args:
            repeats: Whether it may repeat calls; it is then given out when it is whole and known to be new.
        """
        self._writer = ArgumentWriter(self._book) if self._deltas and not repeats else None

    def follow(self, text: str) -> None:
        """The next piece of the item has arrived."""
        if self._writer is None:
            return
        piece = self._writer.take(text)
        if self._writer.name and not self._started:
            self._started = len(self.calls) + 1
            self.events.append(_started(self._started, self._writer.name))
        if piece:
            self.events.append(CallArguments(self._started, piece))

    def keep(self, text: str) -> bool:
        """Keep text behind a call that cannot be made: it is shown with that call, if at all.

        Returns:
            Whether there is such a call, and none that can be made.
        """
        if self._kept:
            self._kept.append(text)
        return bool(self._kept)

    def settle(self, found: list[ToolCall | InvalidCall], written: str, *, repeats: bool) -> None:
        """The item is over.

        Args:
            found: What it held.
            written: Its text, with the opener before it.
            repeats: Whether prose came between it and the calls before; a call found again is then no new one.
        """
        if found and not self.calls:
            self._kept.append(written)
        if self._started:
            self._finish(found.pop(0) if found else InvalidCall("", "the text is no call", "", "unreadable"))
        self._writer = None
        for call in found:
            if len(self.calls) + len(self.failed) >= _MAX_CALLS:
                self.over = True
            if self.over:
                return
            if isinstance(call, InvalidCall):
                self.failed.append(call)
            elif not (repeats and self._known(call)):
                self._give(call)

    def withdraw(self) -> None:
        """What was given out so far were drafts."""
        self.calls = []
        self.failed = []
        self._kept = []
        self.over = False

    def report(self) -> None:
        """Say which calls failed and, where none could be made, how the reply went on from the first of them."""
        self.events += [CallFailed(0, call) for call in self.failed]
        if self._kept:
            self.events.append(TextPiece("".join(self._kept)))
        self.failed, self._kept = [], []

    def _known(self, call: ToolCall) -> bool:
        return any(call.name == done.name and call.arguments == done.arguments for done in self.calls)

    def _give(self, call: ToolCall) -> None:
        index = len(self.calls) + 1
        self.events.append(_started(index, call.name))
        self._complete(index, call, dumped(call.arguments))

    def _finish(self, call: ToolCall | InvalidCall) -> None:
        """Complete the call that was begun while it arrived."""
        index, self._started = self._started, 0
        rest = None
        if isinstance(call, ToolCall) and self._writer is not None and self._writer.name == call.name:
            rest = self._writer.rest(dumped(call.arguments))
        if isinstance(call, InvalidCall):
            self.events.append(CallFailed(index, call))
        elif rest is None:
            failed = InvalidCall(call.name, "the arguments are not what they began as", "", "unreadable")
            self.events.append(CallFailed(index, failed))
        else:
            self._complete(index, call, rest)

    def _complete(self, index: int, call: ToolCall, text: str) -> None:
        if text:
            self.events.append(CallArguments(index, text))
        self.events.append(CallDone(index, call))
        self.calls.append(call)
        self._kept = []
        self.over = not self._parallel


def _started(index: int, name: str) -> CallStarted:
    return CallStarted(index, f"call_{os.urandom(12).hex()}", name)
