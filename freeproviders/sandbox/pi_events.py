"""The event stream of simulated Pi: named events with JSON data, in the order and the odd forms the wire page knows."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from freeproviders.sandbox.answer import Frame, dump
from freeproviders.sandbox.pi_memory import Message

STREAM_VARIANTS = frozenset(
    {
        "two_objects",
        "title_first",
        "title_last",
        "text_not_first_key",
        "multi_line_data",
        "expired_empty",
        "no_events",
    }
)


async def stream(
    pieces: AsyncGenerator[str, None], user: Message, reply_sid: str, title: str, variant: str | None
) -> AsyncGenerator[Frame, None]:
    """Write a reply as events.

    Args:
        pieces: The text.
        user: The user's message.
        reply_sid: Id of the assistant's message.
        title: The conversation's title.
        variant: One of `STREAM_VARIANTS`, or None.

    Yields:
        One frame per event.
    """
    if variant == "no_events":
        return
    yield _event("received", dump({"sid": user.sid, "sentAt": user.sent_at}))
    yield _event("message", dump({"sid": reply_sid, "sentAt": user.sent_at}))
    if variant == "expired_empty":
        return
    if variant == "title_first":
        yield _event("title", dump({"title": title}))
    async with aclosing(pieces):
        async for piece in pieces:
            yield _event("partial", _partial(piece, variant), piece=True)
    if variant != "title_first":
        yield _event("title", dump({"title": title}))


def _event(name: str, data: bytes, *, piece: bool = False) -> Frame:
    lines = b"".join(b"data: " + line + b"\n" for line in data.split(b"\n"))
    return Frame(data=f"event: {name}\n".encode() + lines + b"\n", piece=piece)


def _partial(piece: str, variant: str | None) -> bytes:
    if variant == "two_objects":
        middle = len(piece) // 2
        return dump({"text": piece[:middle]}) + dump({"text": piece[middle:]})
    if variant == "text_not_first_key":
        return dump({"kind": "delta", "text": piece})
    if variant == "multi_line_data":
        return json.dumps({"text": piece}, ensure_ascii=False, indent=1).encode(errors="backslashreplace")
    return dump({"text": piece})
