"""Messages to turns and events to responses, by values alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    CitableBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from freeproviders.errors import UnsupportedContent
from freeproviders.wire import Done, Fact, Image, Text, ToolCall, Turn
from llamaindex_freeproviders.growing import GrowingChat, GrowingCompletion
from llamaindex_freeproviders.messages import to_turns

TEXTS = st.text(max_size=20)
BLOCKS = st.one_of(
    TEXTS.map(lambda text: TextBlock(text=text)),
    st.none().map(lambda _: CachePoint(cache_control={"type": "ephemeral"})),
    TEXTS.map(lambda text: ThinkingBlock(content=text)),
    st.tuples(TEXTS, TEXTS).map(lambda pair: ToolCallBlock(tool_name=pair[0], tool_kwargs={"x": pair[1]})),
)
MESSAGES = st.builds(ChatMessage, role=st.sampled_from(MessageRole), blocks=st.lists(BLOCKS, max_size=3))


@given(st.lists(MESSAGES, max_size=6))
def test_every_message_is_one_turn_that_holds_its_words(messages: list[ChatMessage]) -> None:
    turns = to_turns(messages, "any")
    assert len(turns) == len(messages)
    assert all(
        (message.content or "") in turn.text for message, turn in zip(messages, turns, strict=True) if _plain(message)
    )


def _plain(message: ChatMessage) -> bool:
    return all(isinstance(block, TextBlock) for block in message.blocks)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("user", "user"),
        ("assistant", "assistant"),
        ("chatbot", "assistant"),
        ("model", "assistant"),
    ],
)
def test_roles(role: str, expected: str) -> None:
    assert to_turns([ChatMessage(role=role, content="Hello.")], "any") == (Turn(role=expected, text="Hello."),)


@pytest.mark.parametrize(
    ("said", "expected"),
    [({}, ("", "")), ({"tool_call_id": "9"}, ("9", "9")), ({"name": "sum", "tool_call_id": "9"}, ("sum", "9"))],
)
@pytest.mark.parametrize("role", ["tool", "function"])
def test_a_tools_result_names_the_tool_as_well_as_it_is_known(
    role: str, said: dict[str, Any], expected: tuple[str, str]
) -> None:
    message = ChatMessage(role=role, content="4", additional_kwargs=said)
    name, call_id = expected
    assert to_turns([message], "any") == (Turn(role="tool", text="4", name=name, call_id=call_id),)


def test_a_tools_result_is_named_after_the_call_with_its_id() -> None:
    calls = [ToolCallBlock(tool_call_id=name[0], tool_name=name, tool_kwargs={}) for name in ("sum", "now")]
    results = [ChatMessage(role="tool", content="4", additional_kwargs={"tool_call_id": key}) for key in "ns"]
    turns = to_turns([ChatMessage(role="assistant", blocks=calls), *results], "any")
    assert [(turn.name, turn.call_id) for turn in turns] == [("", ""), ("now", "n"), ("sum", "s")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"x": 1}, {"x": 1}), ('{"x": 1}', {"x": 1}), ('{"x": ', {"input": '{"x": '}), ("[1]", {}), ("", {})],
)
def test_a_past_call_has_an_object_of_arguments(given: Any, expected: dict[str, Any]) -> None:
    block = ToolCallBlock(tool_call_id="1", tool_name="sum", tool_kwargs=given)
    (turn,) = to_turns([ChatMessage(role="assistant", blocks=[block])], "any")
    assert turn == Turn(role="assistant", text="", calls=(ToolCall("sum", expected, id="1"),))


def test_an_image_inside_a_quoted_source_is_refused_too() -> None:
    message = ChatMessage(blocks=[CitableBlock(title="book", source="shelf", content=[ImageBlock(image=b"x")])])
    with pytest.raises(UnsupportedContent, match=r"\[any\].*'image'"):
        to_turns([message], "any")


def test_an_image_after_text_stands_on_a_line_of_its_own() -> None:
    growing = GrowingChat("any", inline=True)
    deltas = [growing.take(event) for event in (Text("Look:"), Image(url="https://a/b.png"), Fact("x", 1))]
    assert deltas == ["Look:", "\n\n![image](https://a/b.png)", ""]
    assert growing.response(None).message.content == "".join(deltas)


def test_facts_of_the_answer_are_copied() -> None:
    metadata = {"thread": {"userId": "1"}}
    growing = GrowingCompletion("any", inline=False)
    growing.take(Done(metadata=metadata))
    growing.response("").raw["thread"]["userId"] = "2"
    assert growing.response("").raw == {"provider": "any", "thread": {"userId": "1"}}
    assert metadata == {"thread": {"userId": "1"}}
