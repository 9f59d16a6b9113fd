"""An answer as Markdown in the output of the running cell, while it arrives."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Generator, Iterable
from contextlib import aclosing
from typing import Any

from freeproviders.errors import InvalidSetting
from freeproviders.notebook.extras import optional
from freeproviders.notebook.markup import markdown
from freeproviders.notebook.screen import Screen, in_notebook
from freeproviders.notebook.streams import Reader, opened

__all__ = ["ashow", "show"]


def show(stream: Iterable[Any]) -> str:
    """Renders a stream as Markdown while it arrives; outside a notebook it only reads it.

    At most ten times a second; the last piece is always drawn. An asynchronous stream belongs to the loop it was made
    on, so it is not read here: ``await ashow(...)``, which a cell may write as it stands.

    Args:
        stream: What ``stream`` of a LangChain model or of a ``Client``, ``stream_chat`` or ``stream_complete`` of a
            LlamaIndex LLM gives, or strings, as the ``response_gen`` of a query engine's answer. A whole text or
            LangChain message is drawn at once.

    Returns:
        The whole text.

    Raises:
        InvalidSetting: If it is no such stream; or in a notebook, if markdown-it-py is not installed.
        Exception: What the stream raises, after what had come was drawn.
    """
    if inspect.iscoroutine(stream):
        stream.close()  # or Python would warn that nobody awaited it
    if isinstance(stream, AsyncIterable | Awaitable) or not isinstance(stream, Iterable):
        wish = "this stream is asynchronous: write await ashow(...)"
        raise InvalidSetting(wish if isinstance(stream, AsyncIterable | Awaitable) else _no_stream(stream))
    reader, screen = _begun()
    whole = isinstance(stream, str) or hasattr(stream, "content")  # a message, whose fields could be iterated over
    pieces = iter([stream] if whole else stream)
    try:
        for item in pieces:
            reader.add(item)
            screen.changed()
    finally:
        screen.now()
        if isinstance(pieces, Generator):
            pieces.close()
    return reader.text


async def ashow(stream: AsyncIterable[Any] | Awaitable[AsyncIterable[Any]]) -> str:
    """As ``show``, for asynchronous streams.

    Args:
        stream: What ``astream`` of a LangChain model or of a ``Client``, ``astream_chat`` or ``astream_complete`` of a
            LlamaIndex LLM gives; the latter need not be awaited before.

    Returns:
        The whole text.

    Raises:
        InvalidSetting: If it is no such stream; or in a notebook, if markdown-it-py is not installed.
        Exception: What the stream raises, after what had come was drawn.
    """
    if not isinstance(stream, AsyncIterable | Awaitable):
        wish = "this stream is not asynchronous: write show(...)"
        raise InvalidSetting(wish if isinstance(stream, Iterable) else _no_stream(stream))
    reader, screen = _begun()
    try:
        async with aclosing(opened(stream)) as pieces:
            async for item in pieces:
                reader.add(item)
                screen.changed()
    finally:
        screen.now()
    return reader.text


def _begun() -> tuple[Reader, Screen]:
    if in_notebook():
        optional("markdown_it", "Markdown in a notebook")
    reader = Reader()
    return reader, Screen(lambda: (markdown(reader.text), reader.text))


def _no_stream(given: object) -> str:
    return f"a stream of an answer is needed, not a {type(given).__name__}"
