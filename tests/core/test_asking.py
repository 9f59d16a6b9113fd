"""The rounds of one call: what is handed on, what is asked for again, and what ends with an error."""

import pytest

from freeproviders.asking import Asking
from freeproviders.errors import BadReply
from freeproviders.sandbox import Scenario
from freeproviders.testing.kit import client_of
from freeproviders.wire import CallArguments, CallDone, CallFailed, CallStarted, InvalidCall, Prompt, Text, ToolCall

TOOLS = ({"name": "add", "parameters": {"type": "object"}}, {"name": "sub", "parameters": {"type": "object"}})
STARTED, PART = CallStarted(1, "call_1", "add"), CallArguments(1, '{"a": ')
DONE = CallDone(1, ToolCall("add", {}, id="call_1"))


def failed(index=0, call="call_1"):
    return CallFailed(index, InvalidCall("add", "`a` is missing", "{}", "schema", call))


def prompt(**words):
    return Prompt(turns=(), **{"tools": TOOLS, "partial": True, **words})


def test_without_tools_and_schema_everything_is_passed_on():
    events = [Text("a"), failed()]
    assert Asking(Prompt(turns=())).pass_on(events) is events


def test_a_failed_call_and_the_text_of_its_reply_wait():
    asking = Asking(prompt())
    assert asking.pass_on([failed(), Text("<tool_call>{}")]) == []
    assert asking.rest() == [Text("<tool_call>{}"), failed()]


def test_the_next_round_shows_the_model_what_it_wrote():
    asking = Asking(prompt())
    asking.pass_on([failed(), Text("<tool_call>{}")])
    assert asking.again({})
    assert [turn.text for turn in asking.prompt.turns][:1] == ["<tool_call>{}"]
    assert "missing" in asking.prompt.turns[1].text
    assert (asking.rounds, asking.rest()) == (2, [])


def test_parts_that_failed_in_the_same_step_have_not_been_shown():
    asking = Asking(prompt(tool_choice="add"))
    assert asking.pass_on([STARTED, PART, failed(1), Text("<tool_call>{}")]) == []
    assert asking.again({})


def test_parts_that_were_shown_are_closed_and_not_asked_for_again():
    asking = Asking(prompt())
    asking.pass_on([STARTED, PART])
    asking.pass_on([failed(1)])
    assert not asking.again({})
    assert asking.rest() == [failed(1)]


@pytest.mark.parametrize("words", [{"tool_choice": "add"}, {"tool_choice": "any", "tools": TOOLS[:1]}])
def test_the_one_call_that_had_to_come_may_not_fail_after_it_was_shown(words):
    asking = Asking(prompt(**words))
    asking.pass_on([STARTED, PART])
    with pytest.raises(BadReply, match="missing"):
        asking.pass_on([failed(1)])


@pytest.mark.parametrize("words", [{"tool_choice": "any"}, {"tool_choice": "auto"}])
def test_one_of_several_calls_may_fail_after_it_was_shown(words):
    asking = Asking(prompt(**words))
    asking.pass_on([STARTED, PART])
    assert asking.pass_on([failed(1)]) == []


def test_a_call_that_fails_behind_the_one_that_had_to_come_is_told_of():
    asking = Asking(prompt(tool_choice="add"))
    asking.pass_on([STARTED, PART, DONE])
    asking.pass_on([failed()])
    assert (asking.again({}), asking.rest()) == (False, [failed()])


VALUE = CallFailed(0, InvalidCall("answer", "`a` is missing", "{}", "schema"))


def test_a_value_that_does_not_fit_is_no_call():
    asking = Asking(prompt(tools=(), schema={}))
    asking.pass_on([VALUE, Text("{}")])
    assert asking.rest() == [Text("{}")]


def test_a_value_is_asked_for_again_while_nothing_of_it_has_been_shown():
    asking = Asking(prompt(tools=(), schema={}))
    assert asking.pass_on([Text('{"b": '), VALUE, Text("{}")]) == []
    assert asking.again({})


def test_a_value_that_was_shown_in_part_may_not_fail():
    asking = Asking(prompt(tools=(), schema={}))
    asking.pass_on([Text('{"b": ')])
    with pytest.raises(BadReply, match="missing"):
        asking.pass_on([VALUE, Text("{}")])


def test_a_whole_answer_is_not_read_in_part():
    assert Asking(prompt(), shown=False).prompt.partial is False
    assert Asking(prompt()).prompt.partial is True


@pytest.mark.parametrize(
    ("words", "rounds"),
    [
        ({"tool_choice": "add"}, 3),
        ({"tool_choice": "any", "tools": TOOLS[:1]}, 3),
        ({"tools": (), "schema": {"type": "object"}}, 3),
        ({"tool_choice": "any"}, 2),
        ({}, 2),
    ],
)
def test_where_one_value_has_to_come_it_is_asked_for_again_twice(words, rounds):
    asking = Asking(prompt(**words))
    asking.pass_on([failed()])
    while asking.again({}):
        asking.pass_on([failed()])
    assert asking.rounds == rounds


def test_the_tokens_of_all_rounds_are_counted():
    asking = Asking(prompt(tool_choice="add"))
    rounds = [{"prompt_tokens": 5, "total_tokens": 7}, {"prompt_tokens": 9, "cached_tokens": 4}, {"prompt_tokens": 1}]
    for usage in rounds[:2]:
        asking.pass_on([failed()])
        assert asking.again({"usage": usage, "other": 1})
    expected = {"prompt_tokens": 15, "total_tokens": 7, "cached_tokens": 4}
    assert asking.counted({"usage": rounds[2], "other": 2}) == {"usage": expected, "other": 2}
    assert asking.counted({})["usage"]["prompt_tokens"] == 14


def test_the_facts_of_a_single_round_stay_as_they_are():
    facts = {"usage": {"prompt_tokens": 5}}
    assert Asking(prompt()).counted(facts) is facts
    asking = Asking(prompt())
    asking.pass_on([failed()])
    assert asking.again({})
    assert asking.counted({}) == {}


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_call_tells_the_tokens_of_all_its_rounds(sandbox, streamed):
    usage = '{"prompt_tokens": 5, "completion_tokens": 7}'
    chunk = f'{{"choices": [{{"delta": {{"content": "no"}}, "finish_reason": "stop"}}], "usage": {usage}}}'
    sandbox.scenario = Scenario(body=f"data: {chunk}\n\n")
    client = client_of(sandbox, "openai_compatible")
    asked = Prompt(turns=Prompt.of("add").turns, tools=TOOLS[:1], tool_choice="add")
    if streamed:
        metadata = [event async for event in client.astream(asked)][-1].metadata
    else:
        metadata = (await client.acomplete(asked)).metadata
    assert metadata["attempts"] == len(sandbox.received) == 3
    assert metadata["usage"] == {"prompt_tokens": 15, "completion_tokens": 21, "total_tokens": 36}
