"""Whole replies and whole streams, read by the scanner."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from freeproviders.tools.events import CallDone, CallFailed, Event, TextPiece, ThinkingPiece, Withdrawn
from freeproviders.tools.result import InvalidCall, Reading, ToolCall
from freeproviders.tools.scanner import ToolScanner

__all__ = ["parse", "parse_stream", "read"]


class _Collector:
    """Adds up events."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.calls: list[ToolCall] = []
        self.invalid: list[InvalidCall] = []

    def take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, TextPiece):
                self.text.append(event.text)
            elif isinstance(event, CallDone):
                self.calls.append(event.call)
            elif isinstance(event, CallFailed):
                self.invalid.append(event.call)
            elif isinstance(event, ThinkingPiece):
                self.thinking.append(event.text)
            elif isinstance(event, Withdrawn):
                self.thinking += self.text
                self.text, self.calls, self.invalid = [], [], []


def read(text: str, tools: Sequence[Mapping[str, Any]], *, forced: str | None = None, parallel: bool = True) -> Reading:
    """Read a whole reply.

    Args:
        text: The reply.
        tools: JSON-schema function dicts with ``name``, ``description`` and ``parameters``; they are not changed.
        forced: Name of the tool that had to be called: its arguments alone count as a call of it.
        parallel: Whether more than one call is wanted; if not, only the first is kept.

    Returns:
        Calls, visible text, and what could not be executed.
    """
    scanner = ToolScanner(tools, forced=forced, parallel=parallel)
    collector = _Collector()
    collector.take(scanner.feed(text))
    collector.take(scanner.finish())
    return Reading(
        tuple(collector.calls),
        "".join(collector.text),
        tuple(collector.invalid),
        tuple(dict.fromkeys(word for call in collector.calls for word in call.repairs)),
        scanner.trailing,
        "".join(collector.thinking),
    )


def parse(text: str, tools: Sequence[Mapping[str, Any]]) -> list[ToolCall]:
    """The calls of a whole reply that are fit to be executed.

    Args:
        text: The reply.
        tools: JSON-schema function dicts with ``name``, ``description`` and ``parameters``.
    """
    return list(read(text, tools).calls)


def parse_stream(chunks: Iterable[str], tools: Sequence[Mapping[str, Any]]) -> tuple[list[ToolCall], str]:
    """The calls and the visible text of a reply that comes in pieces.

    Args:
        chunks: The pieces, cut anywhere; empty ones do no harm.
        tools: JSON-schema function dicts with ``name``, ``description`` and ``parameters``.
    """
    scanner = ToolScanner(tools)
    collector = _Collector()
    for chunk in chunks:
        collector.take(scanner.feed(chunk))
        if scanner.ended:
            break
    collector.take(scanner.finish())
    return collector.calls, "".join(collector.text)
