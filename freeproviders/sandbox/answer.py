"""What a handler gives back: the `Answer` and `Frame` values and the `Refusal` error. Nothing here touches a socket."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Some bytes of a body.

    Attributes:
        data: The bytes.
        piece: They carry a piece of the answer, so they count for `hold_after` and `pause`.
    """

    data: bytes
    piece: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response before any scenario is applied to it.

    Attributes:
        frames: The body.
        content_type: Content-Type header, verbatim.
        status: HTTP status.
        headers: Further headers.
        cookies: Set-Cookie header values, verbatim.
        lines: The protocol has lines, so line ends may be changed.
        length: Content-Length; None sends the body chunked.
    """

    frames: AsyncGenerator[Frame, None]
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    lines: bool = False
    length: int | None = None


class Refusal(Exception):
    """A request the service does not accept.

    Args:
        status: HTTP status.
        message: What was wrong; goes into the service's own error shape.
        body: (content type, bytes) to send as it is instead.
    """

    def __init__(self, status: int, message: str, *, body: tuple[str, bytes] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.body = body


async def frames(parts: Iterable[bytes], *, piece: bool = True) -> AsyncGenerator[Frame, None]:
    """Stream ready bytes.

    Args:
        parts: One item per frame.
        piece: The frames carry pieces of the answer.

    Yields:
        The frames.
    """
    for part in parts:
        yield Frame(data=part, piece=piece)


def dump(value: Any) -> bytes:
    """Write compact JSON in UTF-8 with characters as they are, the harder case for a reader."""
    # half a surrogate pair, which a client may have sent as an escape, goes back as one, as JavaScript does
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")


def utf8(text: str) -> bytes:
    """Encode text as a JavaScript server does: half a surrogate pair becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def json_answer(value: Any, *, status: int = 200, cookies: tuple[str, ...] = ()) -> Answer:
    """Answer with one JSON document."""
    return Answer(frames=frames([dump(value)]), content_type="application/json", status=status, cookies=cookies)


def bytes_answer(data: bytes, content_type: str, *, status: int = 200) -> Answer:
    """Answer with ready bytes; no bytes mean an empty body."""
    return Answer(frames=frames([data] if data else []), content_type=content_type, status=status)
