"""LangChain's messages to turns, and events to message content. The only file here that knows message types."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages import ToolCall as ToolCallDict

from freeproviders.errors import UnsupportedContent
from freeproviders.prompts import shown_after
from freeproviders.wire import Image, Role, ToolCall, Turn
from langchain_freeproviders.shown_images import shown_image

__all__ = ["image_block", "image_caption", "only_texts", "text_block", "to_turns"]

_CHAT_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "chatbot": "assistant",
}
# Blocks an assistant's message may hold that say nothing to a model that reads the conversation again.
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning", "reasoning_content")
_CALLS = ("tool_use", "tool_call", "tool_call_chunk", "invalid_tool_call", "function_call", "server_tool_call")


def only_texts(messages: Iterable[BaseMessage]) -> bool:
    """Whether messages hold text alone: no images, and nothing else that stands in blocks."""
    return all(isinstance(message.content, str) for message in messages)


def to_turns(messages: Iterable[BaseMessage], provider: str, *, sees: bool = False) -> tuple[Turn, ...]:
    """The messages as turns, one each, in order; images in the results of tools are shown in a user's turn after them.

    The reasoning in an assistant's message is left out, as it was never part of the conversation.

    Args:
        messages: LangChain messages; never changed.
        provider: Name of the service, for errors.
        sees: Whether the service is shown images.

    Raises:
        UnsupportedContent: If a message holds anything that was meant for the model and cannot be sent to it.
    """
    messages = list(messages)
    names = {
        call["id"]: call["name"]
        for message in messages
        if isinstance(message, AIMessage)
        for call in (*message.tool_calls, *message.invalid_tool_calls)
        if call["name"]
    }
    return tuple(shown_after(_to_turn(message, names, provider, sees=sees) for message in messages))


def _to_turn(message: BaseMessage, names: Mapping[str | None, str], provider: str, *, sees: bool) -> Turn:
    text, images = _read(message, provider, sees=sees)
    match message:
        case SystemMessage():
            return Turn(role="system", text=text)
        case HumanMessage():
            return Turn(role="user", text=f"{message.name}: {text}" if message.name else text, images=images)
        case AIMessage():
            return Turn(role="assistant", text=text, calls=tuple(map(_call, message.tool_calls)))
        case ToolMessage():
            name, call_id = message.name or names.get(message.tool_call_id, message.tool_call_id), message.tool_call_id
            failed = message.status == "error"
            return Turn(role="tool", text=text, name=name, failed=failed, call_id=call_id, images=images)
        case FunctionMessage():
            return Turn(role="tool", text=text, name=message.name)
        case ChatMessage():
            return Turn(role=_role(message), text=text, images=images)
    raise UnsupportedContent(f"messages of type {type(message).__name__} cannot be sent", provider=provider)


def _role(message: ChatMessage) -> Role:
    return _CHAT_ROLES.get(message.role.lower(), "user")


def _call(call: ToolCallDict) -> ToolCall:
    return ToolCall(name=call["name"], arguments=call["args"], id=call["id"] or "")


def _read(message: BaseMessage, provider: str, *, sees: bool) -> tuple[str, tuple[Image, ...]]:
    """The text of a message, and the images it shows."""
    if isinstance(message.content, str):
        return message.content, ()
    shows = sees and (
        isinstance(message, HumanMessage | ToolMessage)
        or (isinstance(message, ChatMessage) and _role(message) == "user")
    )
    texts, images = list[str](), list[Image]()
    for block in message.content:
        if isinstance(block, str):
            texts.append(block)
        elif shows and (image := shown_image(block, provider)) is not None:
            images.append(image)
        else:
            texts.append(_block_text(block, isinstance(message, AIMessage), provider, sees=sees))
    return "".join(texts), tuple(images)


def _block_text(block: Mapping[str, Any], said: bool, provider: str, *, sees: bool) -> str:
    kind = block.get("type", "text")
    if isinstance(block.get("text"), str) and kind in ("text", "text-plain", "input_text", "output_text"):
        return str(block["text"])
    if said and kind in (*_THOUGHTS, *_CALLS):
        return ""  # thoughts are not sent; calls are, from message.tool_calls
    if kind == "refusal":
        return str(block.get("refusal", ""))
    if said:
        # The assistant's own image: the conversation goes on about it, and its bytes could not be sent back.
        return f"[{kind}]"
    takes = "text, and images of a user or a tool," if sees else "text alone,"
    raise UnsupportedContent(
        f"this service takes {takes} not a content block of type {kind!r}: remove it, or describe it in words",
        provider=provider,
    )


def image_caption(image: Image, number: int) -> str:
    """A line that stands for an image where only text is read: a Markdown image with its URL, where it has one.

    Args:
        image: The image.
        number: Which image of the answer it is, from 1.
    """
    return f"![image {number}]({image.url})" if image.url else f"[image {number}]"


def image_block(image: Image, number: int) -> dict[str, Any]:
    """The content block of an image, by URL or with its bytes.

    Args:
        image: The image.
        number: Which image of the answer it is, from 1; its index, as blocks without one of their own get merged.
    """
    if image.data is None:
        return {"type": "image", "index": number, "url": image.url}
    data = base64.b64encode(image.data).decode()
    source = {"extras": {"url": image.url}} if image.url else {}
    return {"type": "image", "index": number, "base64": data, "mime_type": image.mime_type or "image/png", **source}


def text_block(text: str) -> dict[str, Any]:
    """The content block of an answer's text, before any image."""
    return {"type": "text", "index": 0, "text": text}
