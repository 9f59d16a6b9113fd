"""What a model says piece by piece, whichever framework it is of. Frameworks are known by their methods, not imported.

LangChain's models have ``astream``, their chunks ``content``; LlamaIndex's have ``astream_complete``, their responses
``delta``; strings and the core's own events are taken as they are.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any

from freeproviders.candidates import Candidate
from freeproviders.errors import InvalidSetting
from freeproviders.face import Face
from freeproviders.provider import Provider
from freeproviders.transport import Client
from freeproviders.wire import Done, Event, Prompt, Restarted, Text

__all__ = ["Ask", "Reader", "asker", "default_name", "opened"]

Ask = Callable[[str], Any]
"""Gives the stream of an answer to a text, or what gives it when awaited."""


class Reader:
    """The text of a stream so far.

    Attributes:
        pieces: How many pieces held text.
        candidate: Who answered, where a router says so.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.pieces: int = 0
        self.candidate: str = ""

    @property
    def text(self) -> str:
        """All that is valid."""
        return "".join(self._parts)

    def add(self, item: Any) -> None:
        """Takes a piece of the stream.

        Raises:
            InvalidSetting: If it is of no known kind.
        """
        text, facts = _said(item)
        if "restarted" in facts:
            self._parts = []
        if text:
            self._parts.append(text)
            self.pieces += 1
        self.candidate = str(facts.get("candidate") or self.candidate)


def _said(item: Any) -> tuple[str, Mapping[str, Any]]:
    """The new text in a piece of a stream, and what else it says."""
    if isinstance(item, str | Text):
        return (item if isinstance(item, str) else item.text), {}
    if isinstance(item, Event):
        return "", {"restarted": True} if isinstance(item, Restarted) else item.metadata if isinstance(
            item, Done
        ) else {}
    if hasattr(item, "delta"):
        raw = getattr(item, "raw", None)
        return item.delta or "", raw if isinstance(raw, Mapping) else {}
    if hasattr(item, "content"):
        marks, metadata = (getattr(item, name, None) or {} for name in ("additional_kwargs", "response_metadata"))
        return _content(item.content), {**marks, **metadata}
    raise InvalidSetting(f"a piece of the stream is a {type(item).__name__}, in which no text is known to be")


def _content(content: Any) -> str:
    """The text of a LangChain message: all of it, or its text blocks."""
    if isinstance(content, str):
        return content
    blocks = [block if isinstance(block, str) else _text_of(block) for block in content or ()]
    return "".join(blocks)


def _text_of(block: Any) -> str:
    return str(block.get("text") or "") if isinstance(block, Mapping) and block.get("type") == "text" else ""


def asker(model: Any) -> Ask:
    """How a model is asked.

    Raises:
        InvalidSetting: If it is none.
    """
    if isinstance(model, str | Provider | Client | Candidate):
        one = Candidate.of(model)
        return lambda text: one.client.astream(one.prompt(Prompt.of(text)))
    if isinstance(model, Face):
        return model.astream
    if isinstance(model, type):
        raise InvalidSetting(f"{model.__name__} is a class: make a model of it, {model.__name__}()")
    for name in ("astream_complete", "astream"):
        found: Ask | None = getattr(model, name, None)
        if callable(found):
            return found
    raise InvalidSetting(
        'a model must be a LangChain chat model, a LlamaIndex LLM, a Client, a Router or a name such as "yqcloud", '
        f"not a {type(model).__name__}"
    )


async def opened(stream: Any) -> AsyncGenerator[Any, None]:
    """The pieces of a stream, or of what gives one when awaited; closing this closes it.

    Raises:
        InvalidSetting: If it is no asynchronous stream.
    """
    pieces = await stream if inspect.isawaitable(stream) else stream
    if not isinstance(pieces, AsyncIterator):
        raise InvalidSetting(f"an asynchronous stream is needed, not a {type(pieces).__name__}")
    try:
        async for item in pieces:
            yield item
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def default_name(model: Any) -> str:
    """What a model is called where it was given no name: after its service, or its class and its model."""
    if isinstance(model, str):
        return model
    if isinstance(model, Provider | Client | Candidate):
        one = Candidate.of(model)
        return one.name or ":".join(filter(None, (one.provider.card.name, one.model)))
    names = [getattr(model, word, None) for word in ("name", "model", "model_name")]
    given, *models = [name if isinstance(name, str) else "" for name in names]
    return given or ":".join(filter(None, (type(model).__name__, next(filter(None, models), ""))))
