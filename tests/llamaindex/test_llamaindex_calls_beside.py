"""Calls that stand in a message's additional words alone, as other integrations and older histories have them."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ToolCallBlock

from freeproviders.wire import ToolCall, Turn
from llamaindex_freeproviders.messages import to_turns

SUM = ToolCall("sum", {"x": 1}, id="7")
UNREADABLE = "(call of a tool by the assistant, in a form that cannot be read)"
FORMS = {
    "OpenAI's dict": {"id": "7", "type": "function", "function": {"name": "sum", "arguments": '{"x": 1}'}},
    "OpenAI's object": SimpleNamespace(id="7", function=SimpleNamespace(name="sum", arguments='{"x": 1}')),
    "arguments as a dict": {"id": "7", "function": {"name": "sum", "arguments": {"x": 1}}},
    "without function": {"id": "7", "name": "sum", "arguments": {"x": 1}},
}
MALFORMED = {
    "text": "sum",
    "no name": {"id": "7", "function": {"arguments": "{}"}},
    "empty name": {"id": "7", "function": {"name": "", "arguments": "{}"}},
    "name as a number": {"id": "7", "function": {"name": 5, "arguments": "{}"}},
    "no arguments": {"id": "7", "function": {"name": "sum"}},
    "arguments as a list": {"id": "7", "function": {"name": "sum", "arguments": [1]}},
    "nothing": None,
}


def turn_of(calls: Any, **words: Any) -> Turn:
    (turn,) = to_turns([ChatMessage(role="assistant", additional_kwargs={"tool_calls": calls}, **words)], "any")
    return turn


@pytest.mark.parametrize("call", FORMS.values(), ids=FORMS)
def test_a_call_beside_the_blocks_is_a_call(call: Any) -> None:
    assert turn_of([call]) == Turn(role="assistant", text="", calls=(SUM,))
    assert turn_of([call], content="Hm.") == Turn(role="assistant", text="Hm.", calls=(SUM,))


@pytest.mark.parametrize(
    ("arguments", "expected"), [("", {}), ("{}", {}), ('{"x": ', {"input": '{"x": '}), ("[1]", {})]
)
def test_its_arguments_are_read_as_those_of_a_block(arguments: str, expected: dict[str, Any]) -> None:
    (call,) = turn_of([{"id": "7", "function": {"name": "sum", "arguments": arguments}}]).calls
    assert call == ToolCall("sum", expected, id="7")


def test_blocks_win_over_what_stands_beside_them() -> None:
    block = ToolCallBlock(tool_call_id="8", tool_name="now", tool_kwargs={})
    assert turn_of(list(FORMS.values()), blocks=[block]).calls == (ToolCall("now", {}, id="8"),)


@pytest.mark.parametrize("calls", [None, [], ()])
def test_no_calls_are_no_calls(calls: Any) -> None:
    assert turn_of(calls, content="Hm.") == Turn(role="assistant", text="Hm.")


def test_a_single_call_needs_no_list() -> None:
    assert turn_of(FORMS["OpenAI's dict"]).calls == (SUM,)


@pytest.mark.parametrize("call", MALFORMED.values(), ids=MALFORMED)
def test_a_call_that_cannot_be_read_is_told_in_words(call: Any) -> None:
    """A history that another LLM wrote must stay of use, and the model must know that something was there."""
    turn = turn_of([call, FORMS["OpenAI's dict"]], content="Hm.")
    assert turn == Turn(role="assistant", text=f"Hm.\n{UNREADABLE}", calls=(SUM,))


def test_only_the_model_makes_calls() -> None:
    message = ChatMessage(content="Hm.", additional_kwargs={"tool_calls": list(FORMS.values())})
    assert to_turns([message], "any") == (Turn(role="user", text="Hm."),)


def test_a_result_is_named_after_a_call_beside_the_blocks() -> None:
    said = ChatMessage(role="assistant", additional_kwargs={"tool_calls": [FORMS["OpenAI's dict"]]})
    result = ChatMessage(role="tool", content="4", additional_kwargs={"tool_call_id": "7"})
    assert to_turns([said, result], "any")[1].name == "sum"


def test_the_callers_message_stays_as_it_was() -> None:
    message = ChatMessage(role="assistant", additional_kwargs={"tool_calls": list(FORMS.values())})
    before = copy.deepcopy(message)
    to_turns([message], "any")
    assert message == before
