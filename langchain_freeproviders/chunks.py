"""The events of a stream as LangChain's chunks."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk, invalid_tool_call, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.utils.json import parse_partial_json
from pydantic import BaseModel

from freeproviders.errors import ProviderError, StreamInterrupted
from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Done,
    Event,
    Image,
    InvalidCall,
    Restarted,
    Text,
)
from langchain_freeproviders.messages import image_block, image_caption, text_block
from langchain_freeproviders.metadata import known_of

__all__ = ["Chunks", "chunk_of"]

M = TypeVar("M", bound=BaseModel)

_put = object.__setattr__

# The word among a chunk's ``additional_kwargs`` that voids all chunks before it.
_RESTARTED = "restarted"

# Whatever JSON text breaks off, one of these is wrong behind it: in a string or outside, in an object or an array.
_ENDS = ('"]', '"}', "]", "}", '""]', '""}')


class _Chunk(ChatGenerationChunk):
    """A chunk that adds up to what counts: LangChain makes whole answers of streams by such sums."""

    def __add__(self, other: ChatGenerationChunk | list[ChatGenerationChunk]) -> ChatGenerationChunk:
        others = other if isinstance(other, list) else [other]
        anew = [place for place, one in enumerate(others, 1) if _RESTARTED in one.message.additional_kwargs]
        if anew and (valid := others[anew[-1] :]):
            return valid[0] + valid[1:]
        return super().__add__(other)


class _Template(Generic[M]):
    """A validated model of which one is needed for each delta, where there is nothing to check in what differs.

    Its copies are what the constructor makes, at less than half the price. Those of ``model_copy`` would share their
    containers, and ``model_construct`` is a hundred times as dear.

    Args:
        model: The model to copy; its containers are empty, or hold nothing that is ever changed.
    """

    def __init__(self, model: M) -> None:
        self._kind = type(model)
        self._fields = model.__dict__
        self._containers = [name for name, value in model.__dict__.items() if isinstance(value, dict | list | set)]
        self._set = model.__pydantic_fields_set__
        self._extra = model.__pydantic_extra__
        self._private = model.__pydantic_private__

    def copy(self, changes: dict[str, Any]) -> M:
        """A model with these values of fields that the template sets as well."""
        fields = self._fields | changes
        for name in self._containers:
            fields[name] = fields[name].copy()
        copy: M = object.__new__(self._kind)
        _put(copy, "__dict__", fields)
        _put(copy, "__pydantic_fields_set__", self._set.copy())
        _put(copy, "__pydantic_extra__", None if self._extra is None else self._extra.copy())
        _put(copy, "__pydantic_private__", None if self._private is None else self._private.copy())
        return copy


_MESSAGE = _Template(AIMessageChunk(content=""))
# Of a piece of arguments that begins no object, core makes an invalid call, after a time that grows with its square.
_PIECE = _Template(AIMessageChunk(content="", tool_call_chunks=[tool_call_chunk(args='"', index=0)]))
_LAST = _Template(AIMessageChunk(content="", chunk_position="last", response_metadata={}))
_CHUNK = _Template(_Chunk(message=AIMessageChunk(content="")))


def chunk_of(message: AIMessageChunk) -> ChatGenerationChunk:
    """The chunk around a message."""
    return _CHUNK.copy({"message": message, "text": message.text})


class Chunks:
    """Turns the events of one stream into messages; numbers its images, and its calls as the core does.

    LangChain closes open JSON by itself and would take half a call for a whole one. So a call that fails, or with which
    the stream breaks off, ends with what LangChain cannot close.

    Args:
        restarts: Whether an answer may begin anew; a chunk then says so. LangChain's newest protocol has no word for
            it, so there it is the error it comes from.
        blocks: Whether text and reasoning are blocks with an index of their own, as LangChain's ``output_version="v1"``
            needs them: left to itself it numbers blocks by changes of kind, and takes them for parts of calls.
    """

    def __init__(self, *, restarts: bool = True, blocks: bool = False) -> None:
        self._restarts = restarts
        self._blocks = blocks
        self._images = self._calls = 0
        self._open: dict[int, list[str]] = {}

    def of(self, events: Iterable[Event], ready: Callable[[Image], Image]) -> Iterator[AIMessageChunk]:
        """The message of each event's chunk; where the events break off, calls that have begun fail first.

        Args:
            events: The events, in order.
            ready: Makes an image ready to be handed on.
        """
        try:
            for event in events:
                message = self._message(ready(event) if isinstance(event, Image) else event)
                if message is not None:
                    yield message
        except ProviderError as error:
            yield from self._broken(error)
            raise

    async def aof(
        self, events: AsyncIterable[Event], ready: Callable[[Image], Awaitable[Image]]
    ) -> AsyncIterator[AIMessageChunk]:
        """As ``of``, awaited."""
        try:
            async for event in events:
                message = self._message(await ready(event) if isinstance(event, Image) else event)
                if message is not None:
                    yield message
        except ProviderError as error:
            for failed in self._broken(error):
                yield failed
            raise

    def _broken(self, error: ProviderError) -> list[AIMessageChunk]:
        failed = InvalidCall("", error.message, "", "truncated")
        events = [CallFailed(index, failed) for index in self._open]
        return [AIMessageChunk(content="", tool_call_chunks=[self._call(event)]) for event in events]

    def _message(self, event: Event) -> AIMessageChunk | None:
        """The message in the chunk of an event; None for what has been handed on already."""
        match event:
            case Text():
                return _MESSAGE.copy({"content": [text_block(event.text)] if self._blocks else event.text})
            case CallDone():
                self._open.pop(event.index, None)
                return None
            case Image():
                self._images += 1
                number = self._images
                return AIMessageChunk(content=[text_block(image_caption(event, number)), image_block(event, number)])
            case Restarted():
                return self._anew(event)
            case CallArguments() if event.text and not event.text.lstrip().startswith("{"):
                return _piece(self._call(event))
            case CallStarted() | CallArguments() | CallFailed():
                return AIMessageChunk(content="", tool_call_chunks=[self._call(event)])
            case Done():
                return self._last(event)
        return AIMessageChunk(content="")

    def _last(self, event: Done) -> AIMessageChunk:
        """What is known stands on the last chunk alone: core adds chunks up, and strings with them ("gpt-4gpt-4")."""
        known = known_of(event.metadata)
        if known.keys() == {"response_metadata"}:
            return _LAST.copy(known)
        content: str | list[str | dict[str, Any]] = ""
        if self._blocks and (reasoning := event.metadata.get("reasoning")):
            index = max(self._images, self._calls) + 1
            content = [{"type": "reasoning", "reasoning": reasoning, "index": index}]
        return AIMessageChunk(content=content, chunk_position="last", **known)

    def _anew(self, event: Restarted) -> AIMessageChunk:
        if not self._restarts:
            raise StreamInterrupted(
                f"the answer of {event.candidate!r} broke off, and what has been shown cannot be taken back here",
                partial=event.partial,
                provider=event.candidate,
            )
        self._images = self._calls = 0
        self._open = {}
        void = {"candidate": event.candidate, "partial": event.partial}
        return AIMessageChunk(content="", additional_kwargs={_RESTARTED: void})

    def _call(self, event: CallStarted | CallArguments | CallFailed) -> ToolCallChunk:
        self._calls = max(self._calls, event.index)
        match event:
            case CallStarted():
                self._open[event.index] = []
                return tool_call_chunk(name=event.name, args="", id=event.id, index=event.index)
            case CallArguments():
                self._open.setdefault(event.index, []).append(event.text)
                return tool_call_chunk(args=event.text, index=event.index)
            case CallFailed(index=0):
                self._calls += 1
                failed = event.call
                text = failed.text + _unclosable(failed.text)
                return tool_call_chunk(name=failed.name, args=text, id=failed.id, index=self._calls)
        written = "".join(self._open.pop(event.index, []))
        return tool_call_chunk(args=_unclosable(written), index=event.index)


def _piece(call: ToolCallChunk) -> AIMessageChunk:
    broken = invalid_tool_call(name=call["name"], args=call["args"], id=call["id"], error=None)
    return _PIECE.copy({"tool_call_chunks": [call], "invalid_tool_calls": [broken]})


def _unclosable(written: str) -> str:
    """What makes LangChain see that JSON text is broken: a bracket that nothing there waits for."""
    return next((end for end in _ENDS if not _closes(written + end)), "")


def _closes(text: str) -> bool:
    try:
        return isinstance(parse_partial_json(text), dict)
    except ValueError:
        return False
