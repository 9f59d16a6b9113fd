"""LlamaIndex's messages as turns, and events as its responses. The only file that knows framework message types."""

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ChatResponse,
    CitableBlock,
    CitationBlock,
    CompletionResponse,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from freeproviders.errors import UnsupportedContent
from freeproviders.wire import Done, Event, Image, Role, Text, Turn

__all__ = ["Growing", "GrowingChat", "GrowingCompletion", "to_turns", "with_user_message"]

R = TypeVar("R")

_ROLES: Mapping[MessageRole, Role] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}
_RESULTS = (MessageRole.TOOL, MessageRole.FUNCTION)


def to_turns(messages: Iterable[ChatMessage], provider: str) -> tuple[Turn, ...]:
    """The messages as turns, one each, in order.

    Args:
        messages: LlamaIndex messages of any role; never changed.
        provider: Name of the service, for errors.

    Raises:
        UnsupportedContent: If a message that is not the model's own holds an image or a file.
    """
    tools: dict[str, str] = {}
    turns = []
    for message in messages:
        tools |= {
            b.tool_call_id: b.tool_name for b in message.blocks if isinstance(b, ToolCallBlock) and b.tool_call_id
        }
        turns.append(_turn(message, tools, provider))
    return tuple(turns)


def _turn(message: ChatMessage, tools: Mapping[str, str], provider: str) -> Turn:
    role = _ROLES.get(message.role, "user")
    said = [_block_text(block, provider, own=role == "assistant") for block in message.blocks]
    # Blocks are joined as ``ChatMessage.content`` joins them.
    text = "\n".join(part for part in said if part is not None)
    if message.role in _RESULTS:
        call = message.additional_kwargs.get("tool_call_id", "")
        name = message.additional_kwargs.get("name") or tools.get(call, call)
        text = f"Result of tool {name}: {text}" if name else f"Result of a tool: {text}"
    return Turn(role=role, text=text)


def _block_text(block: Any, provider: str, *, own: bool) -> str | None:
    """What a block says in words; None where it says nothing to the model."""
    match block:
        case TextBlock():
            return block.text
        case ToolCallBlock():
            return f"Call of tool {block.tool_name}: {_arguments(block.tool_kwargs)}"
        case CitableBlock() | CitationBlock():
            parts = (_block_text(part, provider, own=own) for part in block.nested_blocks)
            return "\n".join([f"{block.title} ({block.source}):", *(part for part in parts if part is not None)])
        case ThinkingBlock() if block.content:
            return f"(Thought: {block.content})"
        case ThinkingBlock() | CachePoint():
            return None
    return _placeholder(block, provider, own=own)


def _placeholder(block: Any, provider: str, *, own: bool) -> str:
    kind = getattr(block, "block_type", type(block).__name__)
    if not own:
        raise UnsupportedContent(
            f"a message holds a block of type {kind!r}, which this service cannot carry: it takes text alone",
            provider=provider,
        )
    # The model's own: the conversation goes on about it, so that it was there is worth saying.
    return f"({kind} given by the assistant)"


def _arguments(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, default=str)


def with_user_message(history: Sequence[ChatMessage] | None, user: str | ChatMessage | None) -> list[ChatMessage]:
    """A new list of the history and the user's message, as the tool methods are given them."""
    if isinstance(user, str):
        user = ChatMessage(role=MessageRole.USER, content=user)
    return [*(history or ()), *([user] if user is not None else [])]


class Growing(ABC, Generic[R]):
    """An answer while it grows; every response made of it is made of fresh objects, as core changes what it gets.

    Args:
        provider: Name of the service.
        inline: Whether images become blocks of their own; in the text they have a line each in any case.
    """

    def __init__(self, provider: str, *, inline: bool) -> None:
        self.inline = inline
        self._text = ""
        self._images: list[Image] = []
        self._raw: dict[str, Any] = {"provider": provider}

    def take(self, event: Event) -> str:
        """Adds an event; the text it adds to the answer."""
        new = ""
        if isinstance(event, Text):
            new = event.text
        elif isinstance(event, Image):
            new = ("\n\n" if self._text else "") + _caption(event)
            self._images.append(event)
        elif isinstance(event, Done):
            self._raw.update(event.metadata)
        self._text += new
        return new

    @abstractmethod
    def response(self, delta: str | None) -> R:
        """The answer so far.

        Args:
            delta: The text that is new in it; None for a whole answer.
        """

    def _links(self) -> dict[str, Any]:
        urls = [image.url for image in self._images if image.url]
        return {"image_urls": urls} if urls else {}

    def _facts(self) -> dict[str, Any]:
        return {**copy.deepcopy(self._raw), **self._links()}


class GrowingChat(Growing[ChatResponse]):
    """A growing chat answer: one block of text, and where they are wanted one for each image."""

    def response(self, delta: str | None) -> ChatResponse:
        """The answer so far, as a chat response."""
        images = (i for i in self._images if i.data is not None and (self.inline or i.url is None))
        blocks: list[Any] = [TextBlock(text=self._text), *map(_image_block, images)]
        message = ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks, additional_kwargs=self._links())
        return ChatResponse(message=message, delta=delta, raw=self._facts(), additional_kwargs=self._links())


class GrowingCompletion(Growing[CompletionResponse]):
    """A growing completion: text alone."""

    def response(self, delta: str | None) -> CompletionResponse:
        """The answer so far, as a completion."""
        return CompletionResponse(text=self._text, delta=delta, raw=self._facts(), additional_kwargs=self._links())


def _caption(image: Image) -> str:
    return f"![image]({image.url})" if image.url else f"(generated image, {len(image.data or b'')} bytes)"


def _image_block(image: Image) -> ImageBlock:
    return ImageBlock(image=image.data, image_mimetype=image.mime_type)
