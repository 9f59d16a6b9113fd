"""Bytes to items, whatever the cuts between reads: text, lines, server-sent events, NDJSON, JSON. No I/O.

Each splitter has ``feed(bytes)`` and ``finish()``, both giving the items completed so far. ``Mapped`` joins a
splitter with a provider's reading of one item and yields events, adjacent text merged into one.
All text is UTF-8 (the services' charset headers are wrong or missing), a leading BOM is dropped, and bytes that
are not UTF-8 become U+FFFD.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from freeproviders.errors import BadReply, ProviderError
from freeproviders.merging import Merger
from freeproviders.wire import Event

__all__ = [
    "Json",
    "Lines",
    "Mapped",
    "Ndjson",
    "PlainText",
    "ServerSentEvent",
    "Sse",
    "checked_text",
    "json_objects",
    "parse_json",
]

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)

MAX_LINE_BYTES = 8 * 1024 * 1024
_BOM = codecs.BOM_UTF8
# No text begins with a control character or with bytes that are not UTF-8; a picture or a compressed body does.
_BINARY = re.compile(r"\s*[\x00-\x08\x0e-\x1f\ufffd]")


class Splitter(Protocol[Item_co]):
    """Cuts a byte stream into items."""

    def feed(self, data: bytes) -> Iterable[Item_co]:
        """Items completed by these bytes."""
        ...

    def finish(self) -> Iterable[Item_co]:
        """Items completed by the end of the stream."""
        ...


def checked_text(text: str) -> str:
    """The beginning of a raw text, unless it is no text at all.

    Raises:
        BadReply: If it begins as no text does.
    """
    if _BINARY.match(text):
        raise BadReply(f"expected text, got: {text[:40]!r}")
    return text


class PlainText:
    """Text as it comes; a character cut between two reads waits for its rest. Binary data raises ``BadReply``."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._begun = False

    def feed(self, data: bytes) -> Sequence[str]:
        """The text these bytes complete, as at most one item."""
        text = self._decoder.decode(data)
        self._begun = self._begun or bool(checked_text(text).strip())
        return (text,) if text else ()

    def finish(self) -> Sequence[str]:
        """What an unfinished character leaves: a replacement character."""
        text = self._decoder.decode(b"", True)
        return (text,) if text else ()


class Lines:
    r"""Lines without their ends; LF, CRLF and CR all end a line, an unfinished last line counts.

    Args:
        limit: Longest line in bytes; a longer one raises ``BadReply``.
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._pending: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> Iterator[str]:
        """Lines ended by these bytes; those before one that is too long still come."""
        *ended, rest = self._normalised(data).split(b"\n")
        for line in ended:
            self._keep(line)
            whole = self._joined()
            self._pending, self._size = [], 0
            yield self._text(whole)
        self._keep(rest)

    def finish(self) -> Sequence[str]:
        """The last line, where the stream did not end it."""
        line, self._pending = self._joined(), []
        return (self._text(line),) if line else ()

    def _normalised(self, data: bytes) -> bytes:
        # A CR ends its line at once, so that nothing waits; an LF that follows it belongs to the same end.
        if self._after_cr and data:
            data = data[1:] if data.startswith(b"\n") else data
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise BadReply(f"a line exceeds {self._limit} bytes (setting max_line_bytes)")
        if data:
            self._pending.append(data)

    def _joined(self) -> bytes:
        return self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)

    def _text(self, line: bytes) -> str:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        return line.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream: its name (``"message"`` when it has none) and its data lines joined by newlines."""

    name: str
    data: str


class Sse:
    """Server-sent events by the HTML standard, but an event that the end of the stream cuts short still counts.

    The services end their streams by closing the connection, at times without the blank line.
    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._lines = Lines(limit)
        self._name = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[ServerSentEvent]:
        """Events ended by these bytes."""
        return self._events(self._lines.feed(data))

    def finish(self) -> Iterator[ServerSentEvent]:
        """The last event, where the stream did not end it."""
        return self._events([*self._lines.finish(), ""])

    def _events(self, lines: Iterable[str]) -> Iterator[ServerSentEvent]:
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                yield ServerSentEvent(self._name or "message", "\n".join(self._data))
                self._name, self._data = "", []
            else:
                self._name = ""

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value


class Ndjson:
    """One JSON value per line; blank lines are skipped, any other line that is not JSON raises ``BadReply``."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._lines = Lines(limit)

    def feed(self, data: bytes) -> Iterator[Any]:
        """Values of the lines ended by these bytes."""
        return map(parse_json, filter(str.strip, self._lines.feed(data)))

    def finish(self) -> Iterator[Any]:
        """The value of the last line, where the stream did not end it."""
        return map(parse_json, filter(str.strip, self._lines.finish()))


class Json:
    """The whole body as one JSON value; an empty body gives no item."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> Sequence[Any]:
        """Nothing yet."""
        self._parts.append(data)
        return ()

    def finish(self) -> Sequence[Any]:
        """The value."""
        body, self._parts = b"".join(self._parts), []
        text = body.decode("utf-8-sig", errors="replace")
        return (parse_json(text),) if text.strip() else ()


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        BadReply: If it is not JSON; the message holds its beginning.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: a number of over 4300 digits is no JSONDecodeError
        raise BadReply(f"expected JSON, got: {text[:120]!r}") from error


def json_objects(text: str) -> Iterator[Any]:
    """The JSON values that stand one after another in a text, with or without white space between them.

    Raises:
        BadReply: At the first place that is not JSON.
    """
    decoder = json.JSONDecoder()
    position, end = 0, len(text)
    while position < end:
        if text[position].isspace():
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise BadReply(f"expected JSON, got: {text[position : position + 120]!r}") from error
        yield value


class Mapped(Generic[Item]):
    """A decoder made of a splitter and a reading of its items.

    An item that cannot be read raises only after the events before it have been handed on, so the outcome does not
    depend on how the network cut the stream.

    Args:
        splitter: Cuts the bytes into items.
        read: What one item says: text as plain strings, anything else as events.
    """

    def __init__(self, splitter: Splitter[Item], read: Callable[[Item], Iterable[str | Event]]) -> None:
        self._splitter = splitter
        self._read = read
        self._merger = Merger()
        self._error: ProviderError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """Events completed by these bytes."""
        return self._events(lambda: self._splitter.feed(data), last=False)

    def finish(self) -> list[Event]:
        """Events completed by the end of the body; nothing once all have been given."""
        return self._events(self._splitter.finish, last=True)

    def _events(self, items: Callable[[], Iterable[Item]], *, last: bool) -> list[Event]:
        if self._error is not None:
            raise self._error
        try:
            for item in items():
                for part in self._read(item):
                    self._merger.add(part)
        except ProviderError as error:
            self._error = error
        events = self._merger.take(last=last)
        if self._error is not None and not events:
            raise self._error
        return events
