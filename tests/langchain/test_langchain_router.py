"""The router as a chat model: who answers, what the answer says of it, and all that a chat model must be."""

import asyncio
import copy
import json
import pickle
from functools import reduce
from operator import add

import pytest
from langchain_core import exceptions as core
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from freeproviders import errors
from freeproviders.breaker import BreakerPolicy
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Sandbox, Scenario
from langchain_freeproviders import ChatFlowGpt, ChatFreeRouter, ChatPi, ChatYqcloud
from langchain_freeproviders.errors import AllProvidersFailed

PIECES = ("Once ", "upon ", "a time")
WHOLE = "".join(PIECES)
BROKEN = Scenario(status=500)
# A part arrives, and then the connection breaks.
CUT = Scenario(pieces=PIECES, pause=0.05, cut_at=8)


def asked_of(sandbox):
    return [request.provider for request in sandbox.received if request.endpoint == "answer"]


def test_the_next_candidate_answers_and_the_answer_says_so(routed, sandbox):
    for answer in (routed().invoke("what is 6*7?"), reduce(add, routed().stream("what is 6*7?"))):
        facts = answer.response_metadata
        assert answer.text == "42"
        assert (facts["candidate"], facts["model_provider"], facts["model_name"]) == (
            "flowgpt",
            "flowgpt",
            "gpt-3.5-turbo",
        )
        [tried] = facts["tried"]
        assert (tried["candidate"], tried["error"], facts["attempts"]) == ("yqcloud", "ServerFailed", 1)
    assert asked_of(sandbox) == ["yqcloud", "flowgpt"] * 2


async def test_the_next_candidate_answers_awaited(routed):
    router = routed()
    streamed = reduce(add, [chunk async for chunk in router.astream("what is 6*7?")])
    assert (await router.ainvoke("what is 6*7?")).text == streamed.text == "42"


def test_candidates_may_be_names(monkeypatch, sandbox):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    router = ChatFreeRouter(candidates=["pi", "yqcloud:gpt-4", "flowgpt"])
    assert router.invoke("what is 6*7?").response_metadata["candidate"] == "pi"
    assert router.invoke("hi", model="gpt-4").response_metadata["candidate"] == "yqcloud:gpt-4"


def test_a_candidates_own_words_hold_and_a_calls_words_win(behaving, routed, sandbox):
    router = routed(behaving("flowgpt", model="claude-v2", temperature=0.1, stop=["7"]))
    assert router.invoke("say exactly: 6 7 8").text == "6 "
    assert router.invoke("say exactly: 6 7 8", stop=["8"], temperature=0.9, model="gemini").text == "6 7 "
    first, second = (request.json for request in sandbox.received)
    assert (first["model"], first["temperature"]) == ("claude-v2", 0.1)
    assert (second["model"], second["temperature"]) == ("google-gemini", 0.9)


def test_the_routers_words_hold_for_all_candidates(behaving, routed, sandbox):
    router = routed(behaving("flowgpt", temperature=0.1), temperature=0.5, model="gemini", stop=["8"])
    assert router.invoke("say exactly: 6 7 8").text == "6 7 "
    assert (sandbox.received[-1].json["model"], sandbox.received[-1].json["temperature"]) == ("google-gemini", 0.5)


@pytest.mark.parametrize("streamed", [False, True])
def test_only_who_draws_is_asked_for_an_image_and_its_bytes_are_fetched(behaving, routed, sandbox, streamed):
    router = routed(behaving("yqcloud"), behaving("aichats"), image_format="bytes")
    words = {"model": "dalle"}
    answer = reduce(add, router.stream("a lighthouse", **words)) if streamed else router.invoke("a lighthouse", **words)
    [image] = [block for block in answer.content_blocks if block["type"] == "image"]
    assert image["base64"].startswith("iVBORw0KGgo")
    assert asked_of(sandbox) == ["aichats"]


def test_a_candidates_own_image_format_holds_where_the_router_says_none(behaving, routed):
    for chat in (behaving("aichats", model="dalle"), behaving("aichats", model="dalle", image_format="bytes")):
        image = routed(chat).invoke("a lighthouse").content[1]
        assert ("base64" in image) == (chat.image_format == "bytes")


def test_a_setting_goes_to_those_who_have_it(behaving, routed, sandbox):
    router = routed(behaving("flowgpt"), behaving("yqcloud"))
    assert router.invoke("hi", network=False).response_metadata["candidate"] == "yqcloud"
    assert sandbox.received[-1].json["network"] is False


def test_an_unknown_setting_of_a_call_names_the_nearest(routed):
    with pytest.raises(errors.InvalidSetting, match="'netwrk'.*Did you mean 'network'"):
        routed().invoke("hi", netwrk=False)


@pytest.mark.parametrize("word", ["cookies", "default_headers", "authorization"])
def test_a_secret_given_with_a_call_is_refused(routed, word):
    with pytest.raises(errors.InvalidSetting, match=f"{word} would show"):
        routed().invoke("hi", **{word: "s3cret"})


def test_an_unknown_argument_names_the_nearest():
    with pytest.raises(errors.InvalidSetting, match="'hedge_afer'.*Did you mean 'hedge_after'"):
        ChatFreeRouter(candidates=["pi"], hedge_afer=1)


@pytest.mark.parametrize(
    "words",
    [
        {"candidates": []},
        {"candidates": [ChatPi(name="one"), ChatYqcloud(name="one")]},
        {"candidates": ["pie"]},
        {"candidates": ["pi"], "weights": [1, 2]},
        {"candidates": ["pi"], "weights": [0]},
        {"candidates": ["pi"], "hedge_after": -1},
        {"candidates": ["pi"], "timeout": 0},
        {"candidates": ["pi"], "max_retries": -1},
        {"candidates": ["pi"], "checked": "no such file"},
    ],
)
def test_impossible_words_are_refused_when_it_is_made(words):
    with pytest.raises(errors.InvalidSetting):
        ChatFreeRouter(**words)


def test_other_chat_models_are_no_candidates():
    with pytest.raises(errors.InvalidSetting, match="a chat model of this package .* not a RunnableLambda"):
        ChatFreeRouter(candidates=[RunnableLambda(str)])


def test_two_of_one_service_may_have_names_of_their_own(sandbox, routed, behaving):
    words = {"base_url": sandbox.url("yqcloud"), "name": "second"}
    assert routed(ChatYqcloud(**words)).invoke("hi").response_metadata["candidate"] == "second"
    router = routed(behaving("yqcloud", BROKEN), behaving("yqcloud"), ChatYqcloud(**words))
    assert list(router._chats) == ["yqcloud", "yqcloud#2", "second"]


def test_weights_say_how_often_each_comes_first(behaving, routed, sandbox):
    router = routed(behaving("yqcloud"), behaving("flowgpt"), weights=[1, 10**9])
    assert {router.invoke("hi").response_metadata["candidate"] for _ in range(5)} == {"flowgpt"}


def test_who_answered_a_check_comes_first(behaving, routed, tmp_path, sandbox):
    from freeproviders.__main__ import main

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
        main(["check", "flowgpt", "--save", str(tmp_path / "checked.json")])
    router = routed(behaving("yqcloud"), behaving("flowgpt"), checked=tmp_path / "checked.json")
    assert router.invoke("hi").response_metadata["candidate"] == "flowgpt"


def test_who_fails_is_left_alone(behaving, routed, sandbox):
    router = routed(behaving("yqcloud", BROKEN), behaving("flowgpt"), breaker=BreakerPolicy(consecutive=1))
    for _ in range(3):
        router.invoke("hi")
    assert asked_of(sandbox) == ["yqcloud", "flowgpt", "flowgpt", "flowgpt"]


def test_who_fails_is_left_alone_by_all_who_share_the_state(behaving, routed, sandbox, tmp_path):
    for _ in range(2):
        words = {"state": tmp_path / "state.sqlite", "breaker": BreakerPolicy(consecutive=1)}
        routed(behaving("yqcloud", BROKEN), behaving("flowgpt"), **words).invoke("hi")
    assert asked_of(sandbox) == ["yqcloud", "flowgpt", "flowgpt"]


def test_when_nobody_answers_the_error_says_why_one_by_one(behaving, routed):
    router = routed(behaving("yqcloud", BROKEN), behaving("flowgpt", Scenario(status=404)), max_retries=0)
    for call in (router.invoke, lambda text: list(router.stream(text))):
        with pytest.raises(AllProvidersFailed) as caught:
            call("hi")
        kinds = [(one.candidate, type(one.error)) for one in caught.value.attempts]
        assert kinds == [("yqcloud", errors.ServerFailed), ("flowgpt", errors.RequestRejected)]
        assert isinstance(caught.value, core.ModelError)


def test_max_retries_counts_further_rounds(behaving, routed, sandbox):
    with pytest.raises(AllProvidersFailed):
        routed(behaving("yqcloud", BROKEN), max_retries=2).invoke("hi")
    assert asked_of(sandbox) == ["yqcloud"] * 3


def test_timeout_bounds_the_wait_over_all_candidates(behaving, routed):
    silent = Scenario(stall_before_headers=True)
    with pytest.raises(AllProvidersFailed, match=r"within 0.2 s") as caught:
        routed(behaving("yqcloud", silent), behaving("flowgpt"), timeout=0.2).invoke("hi")
    assert [one.candidate for one in caught.value.attempts] == ["yqcloud", "flowgpt"]


def test_hedging_asks_the_next_one_too(behaving, routed):
    router = routed(behaving("yqcloud", Scenario(stall_before_headers=True)), behaving("flowgpt"), hedge_after=0.05)
    assert router.invoke("what is 6*7?").response_metadata["candidate"] == "flowgpt"


async def test_fifty_at_once_with_hedging(behaving, routed):
    router = routed(behaving("yqcloud", Scenario(delay=0.05)), behaving("flowgpt"), hedge_after=0.01)
    answers = await router.abatch([f"what is {n}*2?" for n in range(50)])
    assert [answer.text for answer in answers] == [str(n * 2) for n in range(50)]


async def test_cancelling_closes_the_connection(behaving, routed, sandbox):
    task = asyncio.create_task(routed(behaving("yqcloud", Scenario(stall_at=0))).ainvoke("hi"))
    while not sandbox.received:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"


def test_a_break_closes_the_connection(behaving, routed, sandbox):
    for _ in routed(behaving("yqcloud", Scenario(pieces=PIECES, hold_after=1))).stream("hi"):
        break
    assert sandbox.received[-1].wait_closed(10) == "client closed"


def test_each_candidate_has_its_own_proxy(behaving, routed):
    with Sandbox() as dead:
        nowhere = dead.url().replace("http://", "http://user:s3cret@")
    router = routed(behaving("yqcloud", proxy=nowhere), behaving("flowgpt"))
    answer = router.invoke("what is 6*7?")
    [tried] = answer.response_metadata["tried"]
    assert (answer.text, tried["candidate"], tried["error"]) == ("42", "yqcloud", "ConnectionFailed")
    assert "s3cret" not in json.dumps(answer.response_metadata)


def test_an_interrupted_answer_is_an_error(behaving, routed):
    router, seen = routed(behaving("yqcloud", CUT), behaving("flowgpt")), []
    with pytest.raises(errors.StreamInterrupted) as caught:
        for chunk in router.stream("what is 6*7?"):
            seen.append(chunk.text)
    assert caught.value.partial == "".join(seen)


def test_one_that_begins_anew_says_so_and_the_sum_from_there_is_the_answer(behaving, routed):
    router = routed(behaving("yqcloud", CUT), behaving("flowgpt"), on_interrupt="restart")
    answer, void = None, ""
    for chunk in router.stream("what is 6*7?"):
        if anew := chunk.additional_kwargs.get("restarted"):
            assert (anew["candidate"], anew["partial"]) == ("yqcloud", void)
        void += chunk.text
        answer = chunk if answer is None or anew else answer + chunk
    assert void.endswith("42")
    assert (answer.text, answer.response_metadata["candidate"]) == ("42", "flowgpt")


def test_a_whole_answer_made_of_a_stream_holds_what_is_valid_alone(behaving, routed, sandbox):
    words = {"on_interrupt": "restart", "cache": InMemoryCache()}
    router = routed(behaving("yqcloud", CUT), behaving("flowgpt"), **words)
    for _ in range(2):  # the second answer is the cache's
        answer = router.invoke("what is 6*7?", stream=True)
        assert (answer.text, answer.additional_kwargs) == ("42", {})
    assert len(sandbox.received) == 2


async def test_events_v2_say_it_and_end_with_what_is_valid(behaving, routed):
    router = routed(behaving("yqcloud", CUT), behaving("flowgpt"), on_interrupt="restart")
    events = [event async for event in router.astream_events("what is 6*7?", version="v2")]
    chunks = [event["data"]["chunk"] for event in events if event["event"] == "on_chat_model_stream"]
    assert sum("restarted" in chunk.additional_kwargs for chunk in chunks) == 1
    assert events[-1]["data"]["output"].text == "42"


# LangChain marks its newest streaming protocol as beta by this warning.
@pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning")
async def test_events_v3_cannot_take_back_what_they_have_shown(behaving, routed):
    router = routed(behaving("yqcloud", CUT), behaving("flowgpt"), on_interrupt="restart")
    stream = await router.astream_events("what is 6*7?", version="v3")
    with pytest.raises(errors.StreamInterrupted, match="cannot be taken back"):
        await stream.output


def test_a_thread_goes_back_to_its_keeper_through_a_checkpointer(behaving, routed):
    router = routed(behaving("yqcloud", BROKEN), behaving("pi"))

    def talk(state):
        said = [message for message in state["messages"] if message.type == "ai"]
        thread = said[-1].response_metadata["thread"] if said else {}
        return {"messages": [router.invoke(state["messages"][-1:], thread=thread)]}

    graph = StateGraph(MessagesState).add_node("talk", talk).add_edge(START, "talk").compile(InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    graph.invoke({"messages": ["My name is Ada."]}, config)
    last = graph.invoke({"messages": ["What is my name?"]}, config)["messages"][-1]
    assert "Ada" in last.text
    assert last.response_metadata["thread"]["candidate"] == "pi"


class Sum(BaseModel):
    """A sum."""

    total: int


def test_structured_output_comes_from_the_next_candidate(behaving, routed):
    good = behaving("flowgpt", Scenario(answer='{"total": 3}'))
    structured = routed(behaving("yqcloud", BROKEN), good).with_structured_output(Sum)
    assert structured.invoke("1 + 2?") == list(structured.stream("1 + 2?"))[-1] == Sum(total=3)


def test_a_fallback_takes_over_from_a_router(behaving, routed):
    router = routed(behaving("yqcloud", BROKEN), max_retries=0).with_fallbacks([behaving("flowgpt")])
    assert router.invoke("what is 6*7?").text == "".join(chunk.text for chunk in router.stream("what is 6*7?")) == "42"


def test_a_cached_answer_asks_nobody_and_other_candidates_have_other_answers(behaving, routed, sandbox):
    cache = InMemoryCache()
    for model in ("claude-v2", "gemini"):
        router = routed(behaving("flowgpt", model=model), cache=cache)
        assert router.invoke("hi").text == router.invoke("hi").text
    assert [request.json["model"] for request in sandbox.received] == ["claude-v2", "google-gemini"]


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda chat: pickle.loads(pickle.dumps(chat)), lambda chat: chat.model_copy(deep=True)],
    ids=["deepcopy", "copy", "pickle", "model_copy"],
)
def test_copies_work_before_and_after_use(routed, copied, used):
    router = routed()
    if used:
        router.invoke("hi")
    assert copied(router).invoke("what is 6*7?").text == "42"


def test_a_changed_field_takes_effect(behaving, routed):
    router = routed()
    router.candidates[1].model = "claude-v2"
    assert router.invoke("hi").response_metadata["model_name"] == "claude-v2"
    router.candidates = [behaving("pi")]
    assert router.invoke("hi").response_metadata["candidate"] == "pi"


def test_what_nobody_changes_keeps_what_is_known_of_the_candidates(routed):
    router = routed()
    router.invoke("hi")
    assert router.bind(stop=["x"]).bound._face is router._face
    assert router.snapshot()["yqcloud"].failures == 1


def test_what_is_learnt_after_a_change_is_kept_where_callbacks_listen(routed):
    router = routed()
    router.hedge_after = 10.0
    router.invoke("hi", {"callbacks": [BaseCallbackHandler()]})
    assert router.snapshot()["yqcloud"].failures == 1


def test_who_comes_first_identifies_the_router(behaving):
    pair = [behaving("yqcloud"), behaving("flowgpt")]
    routers = [ChatFreeRouter(candidates=pair), ChatFreeRouter(candidates=pair[::-1])]
    routers += [ChatFreeRouter(candidates=pair, weights=weights) for weights in ([1, 2], [2, 1])]
    assert len({router._get_llm_string() for router in routers}) == 4


def test_nothing_secret_shows(caplog):
    words = {"cookies": {"a": "s3cret"}, "proxy": "http://user:s3cret@127.0.0.1:9", "default_headers": {"x": "s3cret"}}
    router = ChatFreeRouter(candidates=[ChatFlowGpt(authorization="s3cret", **words), ChatYqcloud(**words)])
    shown = [repr(router), str(router), router.model_dump_json(), json.dumps(router.asdict()), router._get_llm_string()]
    assert not any("s3cret" in text for text in [*shown, caplog.text])


def test_the_profile_is_what_all_have(behaving, routed):
    router = routed(behaving("pi"), behaving("flowgpt"))
    assert (router.profile["max_input_tokens"], router.profile["tool_calling"]) == (1000, True)
    assert not router.profile["temperature"]
    assert not routed(behaving("pi"), behaving("aichats", model="dalle")).profile["tool_calling"]


def test_a_parameter_that_no_candidate_has_is_reported_at_the_callers_line():
    with pytest.warns(IgnoredParameterWarning, match="Yqcloud, Pi has no field for temperature") as caught:
        ChatFreeRouter(candidates=["yqcloud", "pi"], temperature=0)
    assert caught[0].filename == __file__


def test_a_parameter_that_one_candidate_has_is_not_reported(recwarn):
    ChatFreeRouter(candidates=["yqcloud", "flowgpt"], temperature=0)
    assert not recwarn


async def test_a_block_holds_the_connections(routed):
    async with routed() as held:
        assert (await held.ainvoke("what is 6*7?")).text == "42"


def test_its_name_for_traces_is_that_of_its_candidates():
    router = ChatFreeRouter(candidates=[ChatPi(), "yqcloud:gpt-4"])
    assert router._get_ls_params()["ls_model_name"] == "pi, yqcloud:gpt-4"
    assert router._get_ls_params(model="gpt-4")["ls_model_name"] == "gpt-4"
