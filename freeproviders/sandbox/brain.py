"""What answers a question: the `Question` value, the `Brain` type and the streaming of any brain's answer in pieces."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A word takes the blanks before it; scripts without blanks travel a few characters at a time.
_PIECE = re.compile(r"\s*(?:[!-~]+|[^\s!-~]{1,4})|\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a service asks its model.

    Attributes:
        provider: Name of the service.
        text: Newest user text as the wire gave it; for services without history the whole transcript.
        system: System text, where the protocol has a field for it.
        history: Earlier (role, text) pairs the protocol or the server's memory has; roles are "user" and "assistant".
        model: Model asked for, where the protocol has a field for it.
        wants_image: The answer is a picture of `text`.
        tools: Tools offered by a field of the protocol: objects with `name`, `description` and `parameters`. A reply
            calls one with a block `<tool_call>{"name": …, "arguments": {…}}</tool_call>`.
        tool_choice: "auto", "none", "required", or the name of the tool that must be called.
        single: Only one call at a time may be made.
        schema: JSON Schema of the answer; None for a text.
    """

    provider: str
    text: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()
    model: str | None = None
    wants_image: bool = False
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str = "auto"
    single: bool = False
    schema: Mapping[str, Any] | None = None


Brain = Callable[[Question], str | AsyncIterator[str] | Awaitable[str]]


def pieces_of(text: str) -> list[str]:
    """Split a text into natural pieces.

    Args:
        text: Any text.

    Returns:
        Pieces that give the very text when joined.
    """
    return _PIECE.findall(text)


async def think(brain: Brain, question: Question) -> AsyncGenerator[str, None]:
    """Ask a brain and hand its answer on in pieces, as they come.

    Args:
        brain: Any of the three kinds of callable.
        question: What to ask.

    Yields:
        Pieces of the answer.
    """
    result = brain(question)
    if isinstance(result, str):
        ready = result
    elif isinstance(result, AsyncIterator):
        try:
            async for piece in result:
                yield piece
        finally:
            # a brain that forwards to another server must let go of it as soon as the client is gone
            if isinstance(result, AsyncGenerator):
                await result.aclose()
        return
    else:
        ready = await result
    for piece in pieces_of(ready):
        yield piece
