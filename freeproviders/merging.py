"""Joins what a decoder reads: adjacent texts into one event, and the two halves of a character into one. No I/O."""

import re

from freeproviders.wire import Event, Text

__all__ = ["Merger"]

_HALVES = re.compile("[\\ud800-\\udfff]")
_LEADING_HALF = re.compile("[\\ud800-\\udbff]$")


class Merger:
    """Collects parts and gives them as events.

    JSON may carry a character beyond U+FFFF as two escapes, and services that count in such halves (JavaScript's
    strings do) cut texts between them. A first half waits for its second; one that stays alone becomes U+FFFD, as no
    encoding can carry it.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._texts: list[str] = []
        self._half = ""

    def add(self, part: str | Event) -> None:
        """Takes a text, or any other event."""
        if isinstance(part, str):
            self._texts.append(part)
        else:
            self._flush()
            self._events.append(part)

    def take(self, *, last: bool = False) -> list[Event]:
        """The events since the last time; with ``last``, nothing waits any longer."""
        self._flush(last=last)
        events, self._events = self._events, []
        return events

    def _flush(self, *, last: bool = False) -> None:
        text, self._half, self._texts = self._half + "".join(self._texts), "", []
        if not text.isascii() and _HALVES.search(text):
            if not last and _LEADING_HALF.search(text):
                text, self._half = text[:-1], text[-1]
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text:
            self._events.append(Text(text))
