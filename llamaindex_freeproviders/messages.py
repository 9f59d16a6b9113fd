"""LlamaIndex's messages as turns. Images in them are read in ``shown_images``; answers are made in ``growing``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from freeproviders.errors import UnsupportedContent
from freeproviders.prompts import shown_after
from freeproviders.wire import Role, ToolCall, Turn
from llamaindex_freeproviders.shown_images import image_blocks, shown_image

__all__ = ["call_of", "to_turns", "with_user_message"]

_ROLES: Mapping[MessageRole, Role] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
}
_RESULTS = (MessageRole.TOOL, MessageRole.FUNCTION)


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
    return tuple(shown_after(turns))


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
