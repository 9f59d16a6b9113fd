"""The framing of an OpenAI-compatible answer: chunks as server-sent events, or a whole completion as one body."""

from collections.abc import Iterator
from typing import Any, ClassVar

from freeproviders.decode import ServerSentEvent, Sse, parse_json

__all__ = ["Chunks"]


class Chunks:
    """Cuts a body into its JSON values; one that is no event stream is itself the value. At the end stands None.

    Args:
        limit: Longest line in bytes.

    Attributes:
        DONE: What stands in place of a value once all have been sent; given as it is.
    """

    DONE: ClassVar[str] = "[DONE]"

    def __init__(self, limit: int) -> None:
        self._events = Sse(limit)
        self._unframed: list[bytes] | None = []
        self._ended = False

    def feed(self, data: bytes) -> Iterator[Any]:
        """The values completed by these bytes."""
        if self._unframed is not None:
            self._unframed.append(data)
        return self._values(self._events.feed(data))

    def finish(self) -> Iterator[Any]:
        """The values completed by the end of the stream, and None."""
        if self._ended:
            return
        self._ended = True
        yield from self._values(self._events.finish())
        text = b"".join(self._unframed or ()).decode("utf-8-sig", errors="replace")
        if text.strip():
            yield parse_json(text)
        yield None

    def _values(self, events: Iterator[ServerSentEvent]) -> Iterator[Any]:
        for event in events:
            self._unframed = None
            yield self.DONE if event.data.strip() == self.DONE else parse_json(event.data)
