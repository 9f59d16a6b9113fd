"""LlamaIndex's messages as turns, and events as its responses. Images in messages are read in ``shown_images``."""

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
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
from pydantic_core import from_json

from freeproviders.errors import UnsupportedContent
from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Done,
    Event,
    Image,
    Restarted,
    Role,
    Text,
    ToolCall,
    Turn,
)
from llamaindex_freeproviders.shown_images import image_blocks, shown_image

__all__ = ["Growing", "GrowingChat", "GrowingCompletion", "call_of", "to_turns", "with_user_message"]

R = TypeVar("R")

_ROLES: Mapping[MessageRole, Role] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}
_RESULTS = (MessageRole.TOOL, MessageRole.FUNCTION)
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def to_turns(messages: Iterable[ChatMessage], provider: str, *, sees: bool = False) -> tuple[Turn, ...]:
    """The messages as turns, one each, in order; images in the results of tools are shown in a user's turn after them.

    The thinking in the model's own messages is left out, as it was never part of the conversation.

    Args:
        messages: LlamaIndex messages of any role; never changed.
        provider: Name of the service, for errors.
        sees: Whether the service is shown images.

    Raises:
        UnsupportedContent: If a message that is not the model's own holds a file, or an image that cannot be shown.
    """
    tools: dict[str, str] = {}
    turns = []
    for message in messages:
        turn = _turn(message, tools, provider, sees=sees)
        tools |= {call.id: call.name for call in turn.calls if call.id}
        turns.append(turn)
    return tuple(_shown_after(turns))


def _shown_after(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The turns; images of results come behind the last result of their round, as results are texts alone."""
    shown: list[Turn] = []
    for turn in turns:
        if turn.role != "tool":
            yield from shown
            shown = []
        elif turn.images:
            shown.append(Turn(role="user", text=f"What the tool {turn.name} gave to see:", images=turn.images))
            turn = replace(turn, text=turn.text or "It is shown below.", images=())  # noqa: PLW2901
        yield turn
    yield from shown


def _turn(message: ChatMessage, tools: Mapping[str, str], provider: str, *, sees: bool) -> Turn:
    role = _ROLES.get(message.role, "user")
    sees = sees and role == "user"
    said = [_block_text(block, provider, own=role == "assistant", sees=sees) for block in message.blocks]
    images = tuple(shown_image(block, provider) for block in image_blocks(message.blocks)) if sees else ()
    calls = [call_of(block) for block in message.blocks if isinstance(block, ToolCallBlock)]
    if role == "assistant" and not calls:
        told = [_told_call(entry) for entry in _told_calls(message)]
        calls = [call for call in told if call is not None]
        # The model's own, as `_placeholder` has it: a history that other LLMs wrote goes on without it.
        said += ["(call of a tool by the assistant, in a form that cannot be read)"] * told.count(None)
    # Blocks are joined as ``ChatMessage.content`` joins them.
    text = "\n".join(part for part in said if part is not None)
    if message.role in _RESULTS:
        call = str(message.additional_kwargs.get("tool_call_id") or "")
        name = str(message.additional_kwargs.get("name") or tools.get(call, call))
        return Turn(role="tool", text=text, name=name, call_id=call, images=images)
    return Turn(role=role, text=text, calls=tuple(calls), images=images)


def call_of(block: ToolCallBlock) -> ToolCall:
    """A call in a message; those of other LLMs may hold their arguments as text, whole or broken off."""
    return _call(block.tool_name, block.tool_kwargs, block.tool_call_id)


def _call(name: str, arguments: Mapping[str, Any] | str, key: object) -> ToolCall:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            arguments = {"input": arguments}
    return ToolCall(name, arguments if isinstance(arguments, Mapping) else {}, id=str(key or ""))


def _told_calls(message: ChatMessage) -> Sequence[Any]:
    """What stands beside the blocks: older histories and other integrations have their calls there alone."""
    told = message.additional_kwargs.get("tool_calls") or ()
    return told if isinstance(told, (list, tuple)) else [told]


def _told_call(entry: Any) -> ToolCall | None:
    """A call as OpenAI's API has it, an object or a dict of it, also without the inner ``function``."""
    function = _part(entry, "function") or entry
    name, arguments = _part(function, "name"), _part(function, "arguments")
    if not (isinstance(name, str) and name and isinstance(arguments, (str, Mapping))):
        return None
    return _call(name, arguments, _part(entry, "id"))


def _part(whole: Any, name: str) -> Any:
    return whole.get(name) if isinstance(whole, Mapping) else getattr(whole, name, None)


def _block_text(block: Any, provider: str, *, own: bool, sees: bool) -> str | None:
    """What a block says in words; None where it says nothing to the model."""
    match block:
        case TextBlock():
            return block.text
        case CitableBlock() | CitationBlock():
            parts = (_block_text(part, provider, own=own, sees=sees) for part in block.nested_blocks)
            return "\n".join([f"{block.title} ({block.source}):", *(part for part in parts if part is not None)])
        case ThinkingBlock() if block.content and not own:
            return f"(Thought: {block.content})"
        case ThinkingBlock() | CachePoint() | ToolCallBlock():
            return None  # calls are sent as such
        case ImageBlock() if sees:
            return None
    return _placeholder(block, provider, own=own)


def _placeholder(block: Any, provider: str, *, own: bool) -> str:
    kind = getattr(block, "block_type", type(block).__name__)
    if not own:
        raise UnsupportedContent(
            f"a message holds a block of type {kind!r}, which cannot be sent here: leave it out, or tell it in words",
            provider=provider,
        )
    # The model's own: the conversation goes on about it, so that it was there is worth saying.
    return f"({kind} given by the assistant)"


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

    def _facts(self) -> dict[str, Any]:
        return {**copy.deepcopy(self._raw), **self._links()}

    def _beside(self) -> dict[str, Any]:
        """What core and its agents look for beside an answer: links, the thinking, token counts."""
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
        images = (i for i in self._images if i.data is not None and (self.inline or i.url is None))
        calls = self._calls.so_far()
        text = [TextBlock(text=self._text)] if self._text or not calls else []
        blocks: list[Any] = [*self._thinking(), *text, *map(_image_block, images), *map(_call_block, calls)]
        more = {**self._links(), **_said_calls(calls)}
        message = ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks, additional_kwargs=more)
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
