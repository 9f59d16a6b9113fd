"""Arguments and structured answers while they grow, what happens when they turn out wrong, and calls that fail."""

import json
from functools import reduce
from operator import add as plus
from typing import TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from freeproviders import errors
from freeproviders.sandbox import Scenario

LETTER = {"to": "ada@example.org", "body": 'A "long" letter,\n' * 20, "copies": ["b", "c"]}
BROKEN = {"to": "ada@example.org", "body": "A long letter, " * 20, "copies": {"b": "c"}}
WAYS = pytest.mark.parametrize("way", ["stream", "astream"])
METHODS = ["json_schema", "function_calling", "json_mode"]


@tool
def send(to: str, body: str, copies: list[str]) -> str:
    """Sends a letter."""
    return f"sent {len(body)} characters to {to}"


class Letter(TypedDict):
    """A letter."""

    to: str
    body: str
    copies: list[str]


class LetterModel(BaseModel):
    """A letter."""

    to: str
    body: str
    copies: list[str]


def block(name, arguments):
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


CALL = block("send", LETTER)


def pieces(text, size=20):
    """The text in pieces, of which the latter half comes when the test has seen something of the first."""
    cut = tuple(text[start : start + size] for start in range(0, len(text), size))
    return Scenario(pieces=cut, hold_after=len(cut) // 2)


async def streamed(runnable, way, sandbox, seen=None):
    seen = [] if seen is None else seen

    def see(item):
        seen.append(item)
        if item:
            sandbox.release()

    if way == "stream":
        for item in runnable.stream("Write to Ada."):
            see(item)
    else:
        async for item in runnable.astream("Write to Ada."):
            see(item)
    return seen


def bodies(values):
    return [len(value["body"]) for value in values if "body" in value]


@WAYS
async def test_arguments_grow_where_that_is_wanted(yqcloud, sandbox, way):
    sandbox.scenario = pieces(CALL)
    chunks = await streamed(yqcloud().bind_tools([send]).bind(stream_tool_args=True), way, sandbox)
    steps = [chunk.tool_call_chunks[0]["args"] for chunk in chunks if chunk.tool_call_chunks]
    assert len([step for step in steps if step]) > 1
    assert all(len(step) >= 64 for step in steps[1:-1])
    [call] = reduce(plus, chunks).tool_calls
    assert call["args"] == LETTER


@pytest.mark.parametrize("model", [{"stream_tool_args": True}, {}], ids=["constructor", "default"])
@pytest.mark.parametrize("call", [{"stream_tool_args": True}, {"stream_tool_args": False}, {}])
def test_a_word_of_the_call_wins_over_the_constructors(yqcloud, sandbox, model, call):
    sandbox.scenario = Scenario(answer=CALL)
    chunks = list(yqcloud(**model).bind_tools([send], **call).stream("Write to Ada."))
    steps = [chunk.tool_call_chunks[0]["args"] for chunk in chunks if chunk.tool_call_chunks]
    assert (len([step for step in steps if step]) > 1) is {**model, **call}.get("stream_tool_args", False)


@WAYS
async def test_a_call_that_fails_after_it_was_shown_is_invalid_and_not_asked_for_again(yqcloud, sandbox, way):
    sandbox.scenario = pieces(block("send", BROKEN))
    chunks = await streamed(yqcloud(stream_tool_args=True).bind_tools([send]), way, sandbox)
    full = reduce(plus, chunks)
    assert full.tool_calls == []
    assert [call["name"] for call in full.invalid_tool_calls] == ["send"]
    assert full.tool_call_chunks[0]["args"].endswith('"]')
    [told] = full.response_metadata["invalid_tool_calls"]
    assert (told["id"], "copies" in told["error"]) == (full.invalid_tool_calls[0]["id"], True)
    assert len(sandbox.received) == 1


SHORT = {"to": "a", "body": 'x\\"y' * 30, "copies": ["b]", "{c"]}
SHORT_CALL = block("send", SHORT)


@pytest.mark.parametrize("cut", range(SHORT_CALL.index("{"), SHORT_CALL.rindex("}")))
def test_a_reply_that_ends_anywhere_in_its_arguments_holds_no_valid_call(yqcloud, sandbox, cut):
    sandbox.scenario = Scenario(answer=SHORT_CALL[:cut])
    chunks = list(yqcloud(stream_tool_args=True).bind_tools([send]).stream("Write to Ada."))
    assert reduce(plus, chunks).tool_calls == []


@pytest.mark.parametrize("cut", range(0, CALL.rindex("}"), 9))
@WAYS
async def test_a_connection_that_breaks_in_the_arguments_leaves_no_valid_call(yqcloud, sandbox, way, cut):
    sandbox.scenario = Scenario(pieces=pieces(CALL).pieces, cut_at=cut)
    bound, chunks = yqcloud(stream_tool_args=True, max_retries=0).bind_tools([send]), []
    with pytest.raises(errors.ProviderError):
        await streamed(bound, way, sandbox, chunks)
    assert not chunks or reduce(plus, chunks).tool_calls == []


def test_what_has_not_been_shown_is_asked_for_again(yqcloud, sandbox):
    # In one piece: of a call that comes in several the name would have been shown.
    sandbox.script(Scenario(pieces=(block("send", {"to": "a"}),)), Scenario(answer=CALL))
    full = reduce(plus, yqcloud(stream_tool_args=True).bind_tools([send]).stream("Write to Ada."))
    assert [call["args"] for call in full.tool_calls] == [LETTER]
    assert len(sandbox.received) == 2


@pytest.mark.parametrize("method", METHODS)
@WAYS
async def test_a_structured_answer_grows(yqcloud, sandbox, method, way):
    sandbox.scenario = pieces(CALL.replace("send", "Letter") if method == "function_calling" else fenced(LETTER))
    values = await streamed(yqcloud().with_structured_output(Letter, method=method), way, sandbox)
    assert values[-1] == LETTER
    assert bodies(values) == sorted(bodies(values))
    assert len(set(bodies(values))) > 1


def fenced(value):
    return f"Here it is:\n```json\n{json.dumps(value, indent=2)}\n```\nAnything else?"


@pytest.mark.parametrize("schema", [Letter, LetterModel, LetterModel.model_json_schema()])
@pytest.mark.parametrize("method", METHODS)
@WAYS
async def test_a_stream_ends_with_what_invoke_gives(yqcloud, sandbox, schema, method, way):
    sandbox.scenario = Scenario(answer=json.dumps(LETTER))
    asker = yqcloud().with_structured_output(schema, method=method)
    whole = asker.invoke("Write to Ada.") if way == "stream" else await asker.ainvoke("Write to Ada.")
    assert (await streamed(asker, way, sandbox))[-1] == whole


def test_a_structured_answer_comes_whole_where_that_is_wanted(yqcloud, sandbox):
    sandbox.script(Scenario(answer=fenced(BROKEN)), Scenario(answer=fenced(LETTER)))
    assert list(yqcloud().with_structured_output(Letter, stream_tool_args=False).stream("?")) == [LETTER]
    assert len(sandbox.received) == 2


def test_invoke_keeps_the_whole_budget(yqcloud, sandbox):
    sandbox.script(*(Scenario(answer=fenced(value)) for value in (BROKEN, BROKEN, LETTER)))
    assert yqcloud().with_structured_output(Letter).invoke("?") == LETTER
    assert len(sandbox.received) == 3


@pytest.mark.parametrize("method", METHODS[:2])
@WAYS
async def test_a_structured_answer_that_fails_after_it_was_shown_is_an_error(yqcloud, sandbox, method, way):
    sandbox.scenario = pieces(block("Letter", BROKEN) if method == "function_calling" else fenced(BROKEN))
    asker = yqcloud().with_structured_output(Letter, method=method)
    with pytest.raises(errors.StreamInterrupted, match="copies"):
        await streamed(asker, way, sandbox)
    assert len(sandbox.received) == 1


@pytest.mark.parametrize("schema", [Letter, LetterModel])
@pytest.mark.parametrize("method", METHODS)
@WAYS
async def test_a_structured_answer_that_never_fits_is_an_error(yqcloud, sandbox, schema, method, way):
    sandbox.scenario = Scenario(answer="To Ada, I think.")
    asker = yqcloud().with_structured_output(schema, method=method)
    with pytest.raises(OutputParserException, match="To Ada, I think"):
        await streamed(asker, way, sandbox)
    with pytest.raises(OutputParserException, match="To Ada, I think"):
        _ = asker.invoke("?") if way == "stream" else await asker.ainvoke("?")


def test_a_dict_that_does_not_fit_is_an_error(yqcloud, sandbox):
    sandbox.scenario = Scenario(answer='{"to": "Ada"}')
    with pytest.raises(OutputParserException, match="body"):
        yqcloud().with_structured_output(Letter).invoke("?")


def test_the_raw_answer_may_be_streamed_too(yqcloud, sandbox):
    sandbox.scenario = Scenario(answer=fenced(LETTER))
    full = reduce(plus, yqcloud().with_structured_output(Letter, include_raw=True).stream("?"))
    assert (full["parsed"], json.loads(full["raw"].text), full["parsing_error"]) == (LETTER, LETTER, None)


def test_an_agent_shows_growing_arguments_and_runs_the_tool_once(yqcloud, sandbox):
    sandbox.script(Scenario(answer=CALL), Scenario(answer="Done."))
    agent = create_agent(yqcloud(stream_tool_args=True), [send])
    seen = [message for message, _ in agent.stream({"messages": "Write to Ada."}, stream_mode="messages")]
    steps = [c["args"] for message in seen for c in getattr(message, "tool_call_chunks", []) if c["args"]]
    assert len(steps) > 1
    assert json.loads("".join(steps)) == LETTER
    assert [message.content for message in seen if message.type == "tool"] == [
        f"sent {len(LETTER['body'])} characters to ada@example.org"
    ]


def test_an_agents_own_answer_by_a_schema_keeps_the_whole_budget(yqcloud, sandbox):
    sandbox.script(Scenario(answer=fenced(BROKEN)), Scenario(answer=fenced(LETTER)))
    agent = create_agent(yqcloud(stream_tool_args=True), [], response_format=ProviderStrategy(LetterModel))
    states = list(agent.stream({"messages": "Write to Ada."}, stream_mode=["messages", "values"]))
    assert states[-1][1]["structured_response"] == LetterModel(**LETTER)


UNKNOWN = block("subtract", {"a": 1})
GOOD = block("send", {"to": "a", "body": "b", "copies": []})


async def answered(runnable, way, sandbox):
    if way == "invoke":
        return runnable.invoke("?")
    return await runnable.ainvoke("?") if way == "ainvoke" else reduce(plus, await streamed(runnable, way, sandbox))


ALL_WAYS = pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])


@pytest.mark.parametrize("grows", [False, True])
@ALL_WAYS
async def test_an_unknown_call_beside_a_good_one_is_seen(yqcloud, sandbox, way, grows):
    sandbox.scenario = Scenario(answer=f"{UNKNOWN}\n{GOOD}")
    answer = await answered(yqcloud(stream_tool_args=grows).bind_tools([send]), way, sandbox)
    assert [call["name"] for call in answer.tool_calls] == ["send"]
    [failed] = answer.invalid_tool_calls
    assert (failed["name"], "subtract" in failed["args"]) == ("subtract", True)
    [told] = answer.response_metadata["invalid_tool_calls"]
    assert (told["id"], "there is no tool" in told["error"]) == (failed["id"], True)
    assert answer.text == ""


@ALL_WAYS
async def test_a_call_that_stays_broken_is_invalid_and_its_reply_stays_as_it_was_written(yqcloud, sandbox, way):
    reply = f"Let me see.\n{UNKNOWN}\nThat should do."
    sandbox.scenario = Scenario(answer=reply)
    answer = await answered(yqcloud().bind_tools([send]), way, sandbox)
    assert (answer.tool_calls, answer.text) == ([], reply)
    assert [call["name"] for call in answer.invalid_tool_calls] == ["subtract"]
    assert answer.response_metadata["finish_reason"] == "stop"


def test_an_error_says_in_a_whole_answer_what_is_wrong_with_the_call(yqcloud, sandbox):
    sandbox.scenario = Scenario(answer=block("send", BROKEN))
    [failed] = yqcloud().bind_tools([send]).invoke("?").invalid_tool_calls
    assert "copies" in failed["error"]


def test_the_result_of_an_invalid_call_is_sent_under_its_name(yqcloud, sandbox):
    sandbox.script(Scenario(answer=f"{UNKNOWN}\n{GOOD}"), Scenario(answer="Done."))
    bound = yqcloud().bind_tools([send])
    answer = bound.invoke("?")
    result = ToolMessage("there is none", tool_call_id=answer.invalid_tool_calls[0]["id"], status="error")
    bound.invoke([HumanMessage("?"), answer, result])
    assert '<tool_response name="subtract" status="error">' in sandbox.received[-1].json["prompt"]


def test_what_is_said_behind_a_failed_call_does_not_keep_it_from_being_asked_for_again(yqcloud, sandbox):
    sandbox.script(Scenario(answer=f"{UNKNOWN}\nThat should do."), Scenario(answer=GOOD))
    full = reduce(plus, yqcloud().bind_tools([send]).stream("?"))
    assert ([call["name"] for call in full.tool_calls], full.text) == (["send"], "")
