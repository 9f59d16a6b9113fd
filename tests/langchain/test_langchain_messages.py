"""LangChain messages become turns: every role, every block, nothing lost, nothing changed."""

import copy

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from freeproviders.errors import UnsupportedContent
from langchain_freeproviders.messages import to_turns

CALL = {"name": "add", "args": {"a": 1, "b": "ü"}, "id": "c1", "type": "tool_call"}


@pytest.mark.parametrize(
    ("message", "role", "text"),
    [
        (SystemMessage("s"), "system", "s"),
        (HumanMessage("h"), "user", "h"),
        (HumanMessage("h", name="ann"), "user", "ann: h"),
        (AIMessage("a"), "assistant", "a"),
        (AIMessageChunk(content="a"), "assistant", "a"),
        (AIMessage("so", tool_calls=[CALL]), "assistant", "so"),
        (ToolMessage("3", tool_call_id="c1", name="add"), "tool", "3"),
        (FunctionMessage(name="f", content="3"), "tool", "3"),
        (ChatMessage(role="developer", content="d"), "system", "d"),
        (ChatMessage(role="Assistant", content="a"), "assistant", "a"),
        (ChatMessage(role="critic", content="c"), "user", "c"),
        (HumanMessage(""), "user", ""),
        (HumanMessage(["a", {"type": "text", "text": "b"}]), "user", "ab"),
        (AIMessage([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}]), "assistant", "b"),
        (AIMessage([{"type": "image", "url": "https://x/y.png"}]), "assistant", "[image]"),
    ],
)
def test_a_message_becomes_a_turn(message, role, text):
    [turn] = to_turns([message], "pi")
    assert (turn.role, turn.text) == (role, text)


@pytest.mark.parametrize("content", ["", [{"type": "tool_use", "id": "c1", "name": "add", "input": {}}]])
def test_calls_and_results_keep_their_names(content):
    messages = [
        AIMessage(content, tool_calls=[CALL]),
        ToolMessage("3", tool_call_id="c1"),
        ToolMessage("no", tool_call_id="lost", status="error"),
    ]
    call, result, lost = to_turns(messages, "pi")
    assert [(made.name, made.arguments, made.id) for made in call.calls] == [("add", {"a": 1, "b": "ü"}, "c1")]
    assert (call.text, result.name, result.failed) == ("", "add", False)
    assert (lost.name, lost.failed) == ("lost", True)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "url": "https://example.com/a.png"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "audio", "base64": "AA==", "mime_type": "audio/wav"},
        {"type": "file", "base64": "AA==", "mime_type": "application/pdf"},
        {"type": "video", "url": "https://example.com/a.mp4"},
    ],
    ids=lambda block: block["type"],
)
def test_content_that_cannot_be_carried_is_refused_by_name(block):
    with pytest.raises(UnsupportedContent, match=rf"\[pi\].*'{block['type']}'"):
        to_turns([HumanMessage([{"type": "text", "text": "look"}, block])], "pi")


def test_a_message_without_words_for_the_model_is_refused():
    with pytest.raises(UnsupportedContent, match="RemoveMessage"):
        to_turns([RemoveMessage(id="1")], "pi")


def test_messages_are_never_changed():
    messages = [
        SystemMessage("s"),
        HumanMessage(["a", {"type": "text", "text": "b"}]),
        AIMessage("", tool_calls=[CALL]),
    ]
    before = copy.deepcopy(messages)
    to_turns(messages, "pi")
    assert messages == before
