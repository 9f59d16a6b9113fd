"""An answer while it grows: the core's events, and the responses of LlamaIndex that tell of it so far."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from pydantic_core import from_json

from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Done,
    Event,
    Image,
    Restarted,
    Text,
    ToolCall,
)

__all__ = ["Growing", "GrowingChat", "GrowingCompletion"]

R = TypeVar("R")

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_ASSISTANT = ChatMessage(role=MessageRole.ASSISTANT, blocks=[], additional_kwargs={})


class Growing(ABC, Generic[R]):
    """An answer while it grows; every response made of it is made of fresh objects, as core changes what it gets.

    Args:
        provider: Name of the service.
        inline: Whether images become blocks of their own; in the text they have a line each in any case.
    """

    def __init__(self, provider: str, *, inline: bool) -> None:
        self.inline = inline
        self._provider = provider
        self._begin()

    def _begin(self, **raw: Any) -> None:
        self._text = ""
        self._images: list[Image] = []
        self._calls = _Calls()
        self._raw: dict[str, Any] = {"provider": self._provider, **raw}

    def take(self, event: Event) -> str:
        """Adds an event; the text it adds to the answer."""
        new = ""
        self._raw.pop("restarted", None)
        match event:
            case Text():
                new = event.text
            case Image():
                new = ("\n\n" if self._text else "") + _caption(event)
                self._images.append(event)
            case Restarted():
                self._begin(restarted=asdict(event))
            case Done():
                self._raw.update(event.metadata)
                new = self._unmade()
            case _:
                self._calls.take(event)
        self._text += new
        return new

    @abstractmethod
    def response(self, delta: str | None) -> R:
        """The answer so far.

        Args:
            delta: The text that is new in it; None for a whole answer.
        """

    def _unmade(self) -> str:
        """The calls that cannot be made, in words: core has no place for them, and would find an empty answer.

        Those that the model wrote into its text are in it already; beside calls that can be made, ``raw`` has them.
        """
        if self._calls.so_far():
            return ""
        calls = self._raw.get("invalid_tool_calls", ())
        unseen = [call for call in calls if not (call["args"] and call["args"] in self._text)]
        words = [f"The call of {call['name'] or 'a tool'} cannot be made: {call['error']}" for call in unseen]
        return ("\n\n" if words and self._text.strip() else "") + "\n".join(words)

    def _links(self) -> dict[str, Any]:
        urls = [image.url for image in self._images if image.url]
        return {"image_urls": urls} if urls else {}

    @property
    def _known(self) -> bool:
        """Whether more is known than who answers: at the end, and where the answer begins anew."""
        return len(self._raw) > 1

    def _facts(self) -> dict[str, Any]:
        return {**(copy.deepcopy(self._raw) if self._known else self._raw), **self._links()}

    def _beside(self) -> dict[str, Any]:
        """What core and its agents look for beside an answer: links, the thinking, token counts."""
        if not self._known:
            return self._links()
        thought = {"thinking_delta": self._thought} if self._thought else {}
        counts = {name: number for name, number in self._usage.items() if name in _COUNTS}
        return {**self._links(), **thought, **counts}

    @property
    def _thought(self) -> str:
        return str(self._raw.get("reasoning") or "")

    @property
    def _usage(self) -> Mapping[str, int]:
        usage = self._raw.get("usage")
        return usage if isinstance(usage, Mapping) else {}


class GrowingChat(Growing[ChatResponse]):
    """A growing chat answer: one block of text, one of thinking before it, and where wanted one for each image."""

    def response(self, delta: str | None) -> ChatResponse:
        """The answer so far, as a chat response."""
        calls = self._calls.so_far()
        text = [TextBlock(text=self._text)] if self._text or not calls else []
        shown = [_image_block(i) for i in self._images if i.data is not None and (self.inline or i.url is None)]
        blocks = [*self._thinking(), *text, *shown, *map(_call_block, calls)]
        message = _message(blocks, {**self._links(), **_said_calls(calls)})
        return ChatResponse(message=message, delta=delta, raw=self._facts(), additional_kwargs=self._beside())

    def _thinking(self) -> list[ThinkingBlock]:
        tokens = self._usage.get("reasoning_tokens")
        return [ThinkingBlock(content=self._thought, num_tokens=tokens)] if self._thought else []


class GrowingCompletion(Growing[CompletionResponse]):
    """A growing completion: text alone."""

    def response(self, delta: str | None) -> CompletionResponse:
        """The answer so far, as a completion."""
        return CompletionResponse(text=self._text, delta=delta, raw=self._facts(), additional_kwargs=self._beside())


class _Calls:
    """The calls of a growing answer."""

    def __init__(self) -> None:
        self._done: list[ToolCall] = []
        self._begun: CallStarted | None = None
        self._arguments = ""

    def take(self, event: Event) -> None:
        """Adds an event; one that is not of calls changes nothing."""
        match event:
            case CallStarted():
                self._begun, self._arguments = event, ""
            case CallArguments():
                self._arguments += event.text
            case CallDone():
                self._begun = None
                self._done.append(event.call)
            case CallFailed() if event.index:
                self._begun = None

    def so_far(self) -> list[ToolCall]:
        """The calls in order; one that has only begun with the arguments there are, the last text perhaps in part."""
        if self._begun is None:
            return list(self._done)
        arguments = from_json(self._arguments or "{}", allow_partial="trailing-strings")
        return [*self._done, ToolCall(self._begun.name, arguments, id=self._begun.id)]


def _message(blocks: list[Any], more: dict[str, Any]) -> ChatMessage:
    """What core's constructor makes of these, without its look at every block, which takes longer than all else here.

    It is a copy as pydantic's ``__copy__`` makes it, with other blocks: what is checked was checked once.

    Args:
        blocks: Blocks of core; the message keeps the list.
        more: What stands beside them: no ``images``, of which core would make blocks; the message keeps it.
    """
    message: ChatMessage = object.__new__(ChatMessage)
    fields = {**_ASSISTANT.__dict__, "blocks": blocks, "additional_kwargs": more}
    object.__setattr__(message, "__dict__", fields)
    object.__setattr__(message, "__pydantic_fields_set__", _ASSISTANT.__pydantic_fields_set__.copy())
    object.__setattr__(message, "__pydantic_extra__", None)
    object.__setattr__(message, "__pydantic_private__", None)
    return message


def _said_calls(calls: Sequence[ToolCall]) -> dict[str, Any]:
    # Core's streaming programs look here; an empty list would count as calls too.
    said = [{"id": call.id, "name": call.name, "arguments": copy.deepcopy(call.arguments)} for call in calls]
    return {"tool_calls": said} if said else {}


def _caption(image: Image) -> str:
    return f"![image]({image.url})" if image.url else f"(generated image, {len(image.data or b'')} bytes)"


def _call_block(call: ToolCall) -> ToolCallBlock:
    return ToolCallBlock(tool_call_id=call.id, tool_name=call.name, tool_kwargs=copy.deepcopy(dict(call.arguments)))


def _image_block(image: Image) -> ImageBlock:
    return ImageBlock(image=image.data, image_mimetype=image.mime_type)
