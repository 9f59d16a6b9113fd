"""The router as an LLM: whom it asks and with what, what it tells, tools, threads, images, restarts, copies, words."""

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from kit.calls import CALLS, STREAMS, Call, text_of
from kit.recorders import Limiter
from kit.toolbox import ADD, SHOUT, ZORA, Person, runs_an_agent
from llama_index.core import Document, SummaryIndex
from llama_index.core.agent.workflow import AgentStream, AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.llms import MockLLM
from llama_index.core.prompts import PromptTemplate
from under_test import call_block, service_of

from freeproviders import errors
from freeproviders.breaker import BreakerPolicy
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import AiChats, FlowGpt, FreeRouter, Pi, Pizzagpt, Yqcloud

Of = Callable[..., Any]
PIECES = ("Once ", "upon ", "a time")
GOOD = Scenario(pieces=PIECES)
FAILS = Scenario(status=500)
SILENT = Scenario(stall_before_headers=True)
BREAKS = Scenario(pieces=("x" * 900, "y"), cut_at=900, fragment=300)
EVERY_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
EVERY_STREAM = pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)


@pytest.fixture
def of(sandbox: Sandbox) -> Of:
    """Makes a candidate that speaks to the sandbox, with a behaviour of its own if one is given."""

    def of(cls: Any, scenario: Scenario | None = None, **words: Any) -> Any:
        headers = {} if scenario is None else {"default_headers": scenario.as_header()}
        return cls(**{"api_base": sandbox.url(service_of(cls)), **headers, **words})

    return of


@pytest.fixture
def at_the_sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


def router(*candidates: Any, **words: Any) -> FreeRouter:
    return FreeRouter(candidates=list(candidates), **{"max_retries": 0, **words})


def asked(sandbox: Sandbox) -> list[str]:
    """Names of the services that were asked for an answer, in order."""
    return [request.provider for request in sandbox.received if request.endpoint == "answer"]


# Whom it asks.


@EVERY_CALL
async def test_the_next_candidate_answers_in_place_of_one_that_fails(of: Of, sandbox: Sandbox, call: Call) -> None:
    llm = router(of(Pizzagpt, FAILS), of(Yqcloud, GOOD), of(AiChats))
    last = (await call.responses(llm))[-1]
    assert text_of(last) == "Once upon a time"
    assert (last.raw["provider"], last.raw["candidate"], last.raw["attempts"]) == ("yqcloud", "yqcloud", 1)
    assert [(one["candidate"], one["error"]) for one in last.raw["tried"]] == [("pizzagpt", "ServerFailed")]
    assert asked(sandbox) == ["pizzagpt", "yqcloud"]


@EVERY_CALL
async def test_all_that_was_said_is_told_when_all_fail(of: Of, call: Call) -> None:
    llm = router(of(Pizzagpt, FAILS), of(Yqcloud, Scenario(status=429)))
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await call.responses(llm)
    said = [(one.candidate, type(one.error)) for one in raised.value.attempts]
    assert said == [("pizzagpt", errors.ServerFailed), ("yqcloud", errors.RateLimited)]


def test_further_rounds_are_the_retries(of: Of, sandbox: Sandbox) -> None:
    once = Scenario(status=503, retry_after="0")
    sandbox.script(once, once, once)
    assert FreeRouter(candidates=[of(Pizzagpt), of(Yqcloud)]).complete("Hello.").raw["provider"] == "yqcloud"
    assert asked(sandbox) == ["pizzagpt", "yqcloud"] * 2


@pytest.mark.usefixtures("at_the_sandbox")
def test_names_are_candidates(sandbox: Sandbox) -> None:
    llm = router("yqcloud:gpt-3.5-turbo", "pi", Yqcloud())
    assert list(llm.snapshot()) == ["yqcloud:gpt-3.5-turbo", "pi", "yqcloud"]
    assert llm.complete("What is 12*7?").text == "84"
    assert asked(sandbox) == ["yqcloud"]


def test_two_of_one_service_have_names_of_their_own(of: Of) -> None:
    llm = router(of(Yqcloud, FAILS), of(Yqcloud), of(Yqcloud))
    assert list(llm.snapshot()) == ["yqcloud", "yqcloud#2", "yqcloud#3"]
    assert llm.complete("Hello.").raw["candidate"] == "yqcloud#2"


def test_candidates_keep_what_is_their_own_unless_told_otherwise(of: Of, sandbox: Sandbox) -> None:
    own = of(FlowGpt, model="gemini", temperature=0.2, stop=["upon"], nsfw=True)
    llm = router(own)
    sandbox.scenario = GOOD
    assert llm.complete("Hello.").text == "Once "
    body = sandbox.received[-1].json
    assert (body["model"], body["temperature"], body["nsfw"]) == ("google-gemini", 0.2, True)
    llm = llm.model_copy(update={"temperature": 0.5, "stop": ["a time"]})
    assert llm.complete("Hello.", model="claude-v2", nsfw=False).text == "Once upon "
    body = sandbox.received[-1].json
    assert (body["model"], body["temperature"], body["nsfw"]) == ("claude-v2", 0.5, False)


def test_a_setting_goes_to_those_that_have_it(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Pizzagpt), of(Yqcloud))
    llm.complete("Hello.", network=False)
    assert asked(sandbox) == ["yqcloud"]
    assert sandbox.received[-1].json["network"] is False


def test_the_weights_decide_who_comes_first(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Pizzagpt), of(Yqcloud), weights=[1e-12, 1])
    for _ in range(5):
        llm.complete("Hello.")
    assert asked(sandbox) == ["yqcloud"] * 5


async def test_the_time_is_for_all_candidates_together(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Yqcloud, SILENT), of(AiChats, SILENT), timeout=0.2)
    assert (llm.timeout, router(of(Yqcloud)).timeout) == (0.2, 120.0)
    with pytest.raises(errors.AllProvidersFailed, match="deadline"):
        await llm.acomplete("Hello.")
    assert asked(sandbox) == ["yqcloud"]


@EVERY_CALL
async def test_a_slow_candidate_is_overtaken_and_left(of: Of, sandbox: Sandbox, call: Call) -> None:
    llm = router(of(Yqcloud, SILENT), of(AiChats, GOOD), hedge_after=0.05)
    last = (await call.responses(llm))[-1]
    assert (text_of(last), last.raw["candidate"]) == ("Once upon a time", "aichats")
    assert [("error" in one, one["candidate"]) for one in last.raw["tried"]] == [(False, "yqcloud")]
    assert await asyncio.to_thread(sandbox.received[0].wait_closed, 10) == "client closed"


async def test_cancelling_ends_all_that_were_asked(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Yqcloud, SILENT), of(AiChats, SILENT), hedge_after=0.01)
    task = asyncio.create_task(llm.acomplete("Hello."))
    while len(asked(sandbox)) < 2:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ends = [await asyncio.to_thread(request.wait_closed, 10) for request in sandbox.received]
    assert ends == ["client closed"] * 2


def test_who_fails_again_and_again_is_left_alone(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Pizzagpt, FAILS), of(Yqcloud), breaker=BreakerPolicy(consecutive=2))
    for _ in range(4):
        llm.complete("Hello.")
    assert asked(sandbox).count("pizzagpt") == 2
    assert (llm.snapshot()["pizzagpt"].state, llm.snapshot()["yqcloud"].state) == ("open", "closed")
    llm.candidates[0].default_headers = None
    assert llm.complete("Hello.").raw["candidate"] == "pizzagpt", "a candidate that was changed is another one"


@EVERY_CALL
async def test_the_rate_limiter_of_a_candidate_is_asked_before_each_attempt(of: Of, call: Call) -> None:
    ours, theirs, both = Limiter(), Limiter(), Limiter()
    llm = router(of(Pizzagpt, FAILS, rate_limiter=theirs), of(Yqcloud, rate_limiter=theirs), rate_limiter=ours)
    await call.responses(llm)
    assert ours.taken == theirs.taken == ["async" if call.is_async else "sync"] * 2
    llm = router(of(Pizzagpt, FAILS, rate_limiter=both), of(Yqcloud, rate_limiter=both), rate_limiter=both)
    await call.responses(llm)
    assert both.taken == ours.taken, "one limiter for all is asked once"


# Tools, agents, query engines.


@pytest.mark.parametrize("kind", [FunctionAgent, ReActAgent])
@runs_an_agent
async def test_an_agent_does_not_notice_a_candidate_that_fails_once(of: Of, sandbox: Sandbox, kind: Any) -> None:
    said = call_block("add", a=20, b=22)
    action = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 20, "b": 22}'
    answer = "Thought: I can answer without using any more tools.\nAnswer: It is 42."
    told = [said, "It is 42."] if kind is FunctionAgent else [action, answer]
    sandbox.script(FAILS, *(Scenario(answer=text) for text in told))
    handler = kind(tools=[ADD, SHOUT], llm=router(of(AiChats), of(Yqcloud))).run("What is 20+22?")
    shown = "".join([event.delta async for event in handler.stream_events() if isinstance(event, AgentStream)])
    assert str(await handler) == "It is 42."
    assert asked(sandbox) == ["aichats", "yqcloud", "aichats"]
    assert shown == ("It is 42." if kind is FunctionAgent else action + answer)


@runs_an_agent
async def test_agents_hand_over_through_a_router(of: Of, sandbox: Sandbox) -> None:
    told = [call_block("handoff", to_agent="loud", reason="noise"), call_block("shout", text="ahoy"), "I said it."]
    sandbox.script(FAILS, *(Scenario(answer=text) for text in told))
    llm = router(of(AiChats), of(Yqcloud))
    calm = FunctionAgent(name="calm", description="Adds.", tools=[ADD], llm=llm, can_handoff_to=["loud"])
    loud = FunctionAgent(name="loud", description="Shouts.", tools=[SHOUT], llm=llm)
    result = await AgentWorkflow(agents=[calm, loud], root_agent="calm").run("Shout ahoy!")
    assert (result.current_agent_name, str(result)) == ("loud", "I said it.")


async def test_a_query_engine_works_on_it(of: Of) -> None:
    index = SummaryIndex.from_documents([Document(text="Tea grows on hills.")])
    engine = index.as_query_engine(llm=router(of(Pizzagpt, FAILS), of(Yqcloud, GOOD)))
    assert str(engine.query("Where?")) == str(await engine.aquery("Where?")) == "Once upon a time"


# Threads and images.


def test_a_thread_goes_back_to_who_keeps_it(of: Of, sandbox: Sandbox) -> None:
    first = router(of(Pi, FAILS), of(Yqcloud)).complete("My name is Zora.", thread={})
    thread = json.loads(json.dumps(first.raw["thread"]))
    again = router(of(Pi), of(Yqcloud)).complete("What is my name?", thread=thread)
    assert "Zora" in again.text
    assert (again.raw["candidate"], asked(sandbox)) == ("yqcloud", ["pi", "yqcloud", "yqcloud"])


@EVERY_CALL
async def test_a_model_goes_to_who_has_it(of: Of, sandbox: Sandbox, call: Call) -> None:
    llm = router(of(Pizzagpt), of(Yqcloud), of(AiChats))
    last = (await call.responses(llm, "a red boat", model="dalle"))[-1]
    assert (asked(sandbox), last.raw["candidate"]) == (["aichats"], "aichats")
    assert last.raw["image_urls"][0] in text_of(last)
    if call.is_chat:
        assert [block.block_type for block in last.message.blocks] == ["text", "image"]
    assert len(sandbox.received_images) == call.is_chat


async def test_what_nobody_has_is_refused_before_anything_is_sent(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Pizzagpt), of(Yqcloud))
    with pytest.raises(errors.UnsupportedContent, match="yqcloud: has no model 'dalle'"):
        await llm.acomplete("a red boat", model="dalle")
    assert sandbox.received == []


# Answers that break off.


@EVERY_STREAM
async def test_an_answer_that_breaks_off_is_an_error(of: Of, sandbox: Sandbox, call: Call) -> None:
    with pytest.raises(errors.StreamInterrupted) as raised:
        await call.responses(router(of(Yqcloud, BREAKS), of(AiChats, GOOD)))
    assert set(raised.value.partial) == {"x"}
    assert asked(sandbox) == ["yqcloud"]


@EVERY_STREAM
async def test_or_it_begins_anew_and_says_so(of: Of, call: Call) -> None:
    llm = router(of(Yqcloud, BREAKS), of(AiChats, GOOD), on_interrupt="restart")
    pieces = await call.responses(llm)
    places = [place for place, piece in enumerate(pieces) if "restarted" in piece.raw]
    before, void, after = pieces[: places[0]], pieces[places[0]], pieces[places[0] + 1 :]
    assert (len(places), text_of(void), void.delta) == (1, "", "")
    assert void.raw["restarted"] == {"candidate": "yqcloud", "partial": "".join(piece.delta for piece in before)}
    assert "".join(piece.delta for piece in after) == text_of(after[-1]) == "Once upon a time"
    assert after[-1].raw["candidate"] == "aichats"


@EVERY_CALL
async def test_whole_answers_begin_anew_in_silence(of: Of, call: Call) -> None:
    if not call.is_stream:
        (response,) = await call.responses(router(of(Yqcloud, BREAKS), of(AiChats, GOOD)))
        assert text_of(response) == "Once upon a time"
        assert "restarted" not in response.raw


async def test_calls_of_an_answer_that_broke_off_are_void(of: Of) -> None:
    begun = Scenario(
        pieces=(call_block("add", a=1, b=2), call_block("shout", text="x" * 900)), cut_at=900, fragment=300
    )
    again = Scenario(answer=call_block("shout", text="ahoy"))
    llm = router(of(Yqcloud, begun), of(AiChats, again), on_interrupt="restart")
    stream = await llm.astream_chat_with_tools([ADD, SHOUT], user_msg="Go!", allow_parallel_tool_calls=True)
    pieces = [piece async for piece in stream]
    calls = [llm.get_tool_calls_from_response(piece, error_on_no_tool_call=False) for piece in pieces]
    names = [[call.tool_name for call in found] for found in calls]
    assert ["add"] in names
    assert names[-1] == ["shout"]


@runs_an_agent
async def test_an_agent_answers_with_the_answer_that_was_whole(of: Of) -> None:
    llm = router(of(Yqcloud, BREAKS), of(AiChats, GOOD), on_interrupt="restart")
    assert str(await FunctionAgent(tools=[ADD], llm=llm).run("Tell me.")) == "Once upon a time"


@pytest.mark.parametrize("calling", [True, False], ids=["by calls", "by texts"])
async def test_an_object_that_broke_off_is_begun_anew(of: Of, calling: bool) -> None:
    whole, begun = {"name": "Zora", "age": 7}, {"name": "x" * 900, "age": 7}
    said = [call_block("Person", **one) if calling else json.dumps(one) for one in (begun, whole)]
    broken = Scenario(pieces=(said[0],), cut_at=900, fragment=300)
    chain = (of(Yqcloud, broken), of(AiChats, Scenario(answer=said[1])))
    llm = router(*chain, on_interrupt="restart", is_function_calling_model=calling)
    stream = await llm.astream_structured_predict(Person, PromptTemplate("Who?"))
    assert [one async for one in stream][-1] == ZORA


# Copies and dumps.


def test_a_dump_holds_the_candidates_without_their_secrets(of: Of) -> None:
    llm = router(
        of(Pi, cookies={"session": "s3cret"}), of(Yqcloud, network=True), of(FlowGpt, authorization="Bearer s3cret")
    )
    dump = json.loads(llm.to_json())
    twin = FreeRouter.from_dict(dump)
    assert [type(one) for one in twin.candidates] == [Pi, Yqcloud, FlowGpt]
    assert twin.candidates[1].network is True
    assert twin.complete("What is 12*7?").text == "84"
    shown = f"{dump}{llm!r}{llm}{llm.to_payload()}{llm.snapshot()}"
    assert "s3cret" not in shown


def test_copies_answer_and_know_of_failures_or_not(of: Of, tmp_path: Any) -> None:
    policy = BreakerPolicy(consecutive=1)
    llm = router(of(Pizzagpt, FAILS), of(Yqcloud), breaker=policy)
    known = router(of(Pizzagpt, FAILS), of(Yqcloud), breaker=policy, state=tmp_path / "state.sqlite")
    copies = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda one: pickle.loads(pickle.dumps(one))}
    states = {}
    for one, kind in ((llm, "own"), (known, "file")):
        assert one.complete("Hello.").raw["candidate"] == "yqcloud"
        for name, way in copies.items():
            states[kind, name] = way(one).snapshot()["pizzagpt"].state
    assert states == {**dict.fromkeys(states, "open"), ("own", "deepcopy"): "closed", ("own", "pickle"): "closed"}
    assert FreeRouter.from_dict(known.to_dict()).state == str(tmp_path / "state.sqlite")
    assert copy.deepcopy(llm).complete("Hello.").raw["candidate"] == "yqcloud"


def test_assigning_takes_effect_and_nothing_else_forgets_failures(of: Of, sandbox: Sandbox) -> None:
    llm = router(of(Pizzagpt, FAILS), of(Yqcloud))
    llm.complete("Hello.")
    assert llm.snapshot()["pizzagpt"].failures == 1
    llm.candidates = llm.candidates[1:]
    llm.complete("Hello.")
    assert (list(llm.snapshot()), asked(sandbox)[2:]) == (["yqcloud"], ["yqcloud"])


# Words.


def test_the_smallest_window_is_planned_with(of: Of) -> None:
    assert router(of(Yqcloud), of(Pi)).metadata.context_window == of(Pi).metadata.context_window
    assert router(of(Yqcloud, context_window=777), of(Pi)).metadata.context_window == 777
    assert router(of(Yqcloud), of(Pi), context_window=9000).metadata.context_window == 9000


def test_the_metadata_names_the_candidates(of: Of) -> None:
    assert router(of(Yqcloud), of(Pi)).metadata.model_name == "yqcloud,pi"
    assert router(of(Yqcloud), of(FlowGpt), model="gpt-4").metadata.model_name == "gpt-4"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"candidates": []}, "at least one candidate"),
        ({"candidates": ["yqcluod"]}, "yqcloud"),
        ({"candidates": [MockLLM()]}, "an LLM of llamaindex_freeproviders"),
        ({"candidates": ["pi"], "weigths": [1]}, "'weights'"),
        ({"candidates": ["pi"], "base_url": "http://127.0.0.1"}, "'base_url'"),
        ({"candidates": ["pi"], "weights": [1, 2]}, "2 weights for 1 candidates"),
        ({"candidates": ["pi"], "weights": [0]}, "weight"),
        ({"candidates": ["pi"], "max_retries": -1}, "max_retries"),
        ({"candidates": ["pi"], "timeout": 0}, "deadline"),
        ({"candidates": ["pi"], "hedge_after": -1}, "hedge_after"),
        ({"candidates": ["pi"], "max_tokens": 0}, "max_tokens"),
        ({}, "at least one candidate"),
    ],
)
def test_bad_words_are_refused_at_once(words: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.InvalidSetting, match=said):
        FreeRouter(**words)


@pytest.mark.parametrize("words", [{"tempratur": 1}, {"cookies": {}}, {"authorization": "Bearer s3cret"}])
def test_a_call_refuses_unknown_words_and_secrets(of: Of, words: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidSetting) as raised:
        router(of(Yqcloud), of(FlowGpt)).complete("Hello.", **words)
    assert "s3cret" not in str(raised.value)


def test_a_temperature_is_ignored_where_no_candidate_has_a_field_for_it(of: Of) -> None:
    router(of(Yqcloud), of(FlowGpt), temperature=0.5).complete("Hello.", temperature=0.1)
    with pytest.warns(UserWarning, match="Yqcloud / Pi has no field for temperature"):
        router(of(Yqcloud), of(Pi)).complete("Hello.", temperature=0.1)


async def test_holds_the_connections_for_a_block(of: Of) -> None:
    async with router(of(Pizzagpt, FAILS), of(Yqcloud)) as llm:
        assert (await llm.acomplete("What is 12*7?")).text == "84"
