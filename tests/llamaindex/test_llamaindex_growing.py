"""Calls and objects that grow while they are streamed, and what happens when they turn out wrong."""

from itertools import pairwise
from typing import Any

import pytest
from kit.toolbox import ADD, ZORA, Crew, Person, runs_an_agent
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from under_test import call_block

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import Yqcloud

PROMPT = PromptTemplate("Tell of {it}.")
CREW = Crew(ship="Argo", captain=ZORA, sailors=[Person(name=f"Sailor {n}", age=20 + n) for n in range(12)])
TEXT = "a long text, " * 30
SHOUTED = call_block("shout", text=TEXT)


def shout(text: str) -> str:
    """Says it louder."""
    RUNS.append(text)
    return text.upper()


RUNS: list[str] = []
SHOUT = FunctionTool.from_defaults(shout)
PREDICTS = pytest.mark.parametrize("name", ["stream_structured_predict", "astream_structured_predict"])


def held(text: str, size: int = 20) -> Scenario:
    """The text in pieces, of which the latter half comes when the test has seen something of the first."""
    cut = tuple(text[start : start + size] for start in range(0, len(text), size))
    return Scenario(pieces=cut, hold_after=len(cut) // 2)


async def seen(stream: Any, sandbox: Sandbox) -> list[Any]:
    items = []
    if hasattr(stream, "__aiter__"):
        async for item in stream:
            items.append(item)
            sandbox.release()
        return items
    for item in stream:
        items.append(item)
        sandbox.release()
    return items


@pytest.mark.parametrize("name", ["stream_chat_with_tools", "astream_chat_with_tools"])
@pytest.mark.parametrize("word", ["constructor", "call"])
async def test_a_call_grows_where_that_is_wanted(make: Any, sandbox: Sandbox, name: str, word: str) -> None:
    sandbox.scenario = held(SHOUTED)
    llm = make(Yqcloud, stream_tool_args=word == "constructor")
    stream = getattr(llm, name)([SHOUT], user_msg="?", **({"stream_tool_args": True} if word == "call" else {}))
    responses = await seen(await stream if name.startswith("a") else stream, sandbox)
    calls = [llm.get_tool_calls_from_response(response)[0] for response in responses]
    texts = [call.tool_kwargs.get("text", "") for call in calls]
    assert texts[-1] == TEXT
    assert 0 < len(texts[0]) < len(TEXT)
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert len({call.tool_id for call in calls}) == 1
    assert all(response.delta == "" for response in responses)


def test_a_call_comes_whole_by_default(yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = Scenario(answer=SHOUTED)
    responses = list(yqcloud.stream_chat_with_tools([SHOUT], user_msg="?"))
    assert [call.tool_kwargs for r in responses for call in yqcloud.get_tool_calls_from_response(r)] == [
        {"text": TEXT}
    ] * len(responses)


async def test_a_call_that_fails_after_it_was_shown_is_gone_at_the_end_and_told_of(
    yqcloud: Any, sandbox: Sandbox
) -> None:
    sandbox.scenario = held(call_block("shout", text=TEXT, much=True))
    stream = yqcloud.stream_chat_with_tools([SHOUT], user_msg="?", stream_tool_args=True)
    responses = await seen(stream, sandbox)
    assert yqcloud.get_tool_calls_from_response(responses[0])
    assert not yqcloud.get_tool_calls_from_response(responses[-1], error_on_no_tool_call=False)
    [failed] = responses[-1].raw["invalid_tool_calls"]
    assert (failed["name"], "much" in failed["error"], bool(failed["id"])) == ("shout", True, True)
    assert len(sandbox.received) == 1


@pytest.mark.parametrize("name", ["chat_with_tools", "achat_with_tools"])
async def test_a_whole_answer_tells_of_calls_that_cannot_be_made(yqcloud: Any, sandbox: Sandbox, name: str) -> None:
    sandbox.scenario = Scenario(answer=call_block("subtract", a=1) + "\n" + call_block("add", a=1, b=2))
    answer = getattr(yqcloud, name)([ADD], user_msg="?", allow_parallel_tool_calls=True)
    answer = await answer if name.startswith("a") else answer
    assert [call.tool_name for call in yqcloud.get_tool_calls_from_response(answer)] == ["add"]
    [failed] = answer.raw["invalid_tool_calls"]
    assert (failed["name"], "subtract" in failed["args"]) == ("subtract", True)


def test_a_reply_whose_call_stays_broken_is_given_as_it_was_written(yqcloud: Any, sandbox: Sandbox) -> None:
    reply = f"So:\n{call_block('subtract', a=1)}\nThere."
    sandbox.scenario = Scenario(answer=reply)
    assert yqcloud.chat_with_tools([ADD], user_msg="?").message.content == reply
    assert list(yqcloud.stream_chat_with_tools([ADD], user_msg="?"))[-1].message.content == reply


@PREDICTS
async def test_a_streamed_object_grows(yqcloud: Any, sandbox: Sandbox, name: str) -> None:
    sandbox.scenario = held(call_block("Crew", **CREW.model_dump()))
    stream = getattr(yqcloud, name)(Crew, PROMPT, it="them")
    objects = await seen(await stream if name.startswith("a") else stream, sandbox)
    sizes = [len(getattr(item, "sailors", None) or ()) for item in objects]
    assert objects[-1] == CREW
    assert sizes == sorted(sizes)
    assert any(0 < size < 12 for size in sizes)


@pytest.mark.filterwarnings("ignore:The `json` method is deprecated")  # core's streams use it
async def test_a_structured_llm_streams_growing_objects(yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = held(call_block("Crew", **CREW.model_dump()))
    llm = yqcloud.as_structured_llm(Crew)
    responses = await seen(llm.stream_chat([ChatMessage(content="?")]), sandbox)
    assert len({response.message.content for response in responses}) > 1
    assert responses[-1].raw == CREW


@PREDICTS
async def test_an_object_that_fails_after_it_was_shown_is_an_error(yqcloud: Any, sandbox: Sandbox, name: str) -> None:
    broken = {**CREW.model_dump(), "captain": "Zora"}
    broken["captain"] = broken.pop("captain")  # last, so that the others are shown first
    sandbox.scenario = held(call_block("Crew", **broken))
    stream = getattr(yqcloud, name)(Crew, PROMPT, it="them")
    with pytest.raises(errors.StreamInterrupted, match="captain"):
        await seen(await stream if name.startswith("a") else stream, sandbox)


@PREDICTS
@pytest.mark.parametrize("calling", [True, False])
async def test_an_object_that_never_fits_is_an_error(make: Any, sandbox: Sandbox, name: str, calling: bool) -> None:
    sandbox.scenario = Scenario(answer="They are many.")
    llm = make(Yqcloud, is_function_calling_model=calling)
    stream = getattr(llm, name)(Crew, PROMPT, it="them")
    with pytest.raises(errors.BadReply, match="Crew"):
        await seen(await stream if name.startswith("a") else stream, sandbox)


@runs_an_agent
async def test_an_agent_shows_growing_calls_and_runs_the_tool_once(make: Any, sandbox: Sandbox) -> None:
    RUNS.clear()
    sandbox.script(held(SHOUTED), Scenario(answer="Done."))
    handler = FunctionAgent(tools=[SHOUT], llm=make(Yqcloud, stream_tool_args=True)).run("Shout.")
    shown = []
    async for event in handler.stream_events():
        if isinstance(event, AgentStream) and event.tool_calls:
            shown.append(event.tool_calls[0].tool_kwargs.get("text", ""))
            sandbox.release()
    assert str(await handler) == "Done."
    assert 0 < len(shown[0]) < len(shown[-1])
    assert RUNS == [TEXT]
