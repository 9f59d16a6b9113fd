"""Calls that no handler hears give what those with one give; core's own way is taken where it does more."""

import re
import uuid
import warnings

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.rate_limiters import InMemoryRateLimiter

from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatYqcloud
from langchain_freeproviders.errors import StreamInterrupted

INPUTS = {
    "text": "what is 6*7?",
    "pairs": [("system", "Be brief."), ("human", "what is 6*7?")],
    "messages": [SystemMessage("Be brief."), HumanMessage("what is 6*7?", id="mine")],
    "template": ChatPromptTemplate.from_messages([("human", "what is {a}*7?")]).invoke({"a": 6}),
    "blocks": [HumanMessage([{"type": "text", "text": "what is 6*7?"}])],
}


class Handler(BaseCallbackHandler):
    """Hears of all, and does nothing."""


async def every_way(chat, given, config=None, **words):
    """The messages of each way to ask, without what is different every time."""
    ways = {
        "invoke": [chat.invoke(given, config, **words)],
        "ainvoke": [await chat.ainvoke(given, config, **words)],
        "stream": list(chat.stream(given, config, **words)),
        "astream": [chunk async for chunk in chat.astream(given, config, **words)],
    }
    said = {}
    for way, messages in ways.items():
        assert len({message.id for message in messages}) == 1, way
        (known,) = {re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", message.id) for message in messages}
        joined = messages[0]
        for message in messages[1:]:
            joined += message
        calls = [call | {"id": ""} for call in joined.tool_calls]
        facts = list(joined.response_metadata.items())
        last = [getattr(message, "chunk_position", None) for message in messages][-1]
        said[way] = (known, type(joined), joined.content, calls, joined.usage_metadata, facts, last)
    return said


@pytest.mark.parametrize("given", INPUTS.values(), ids=INPUTS)
async def test_an_unheard_call_gives_what_a_heard_one_gives(yqcloud, given):
    unheard = await every_way(yqcloud(), given, ls_structured_output_format=None, structured_output_format=None)
    assert unheard == await every_way(yqcloud(callbacks=[Handler()]), given)
    assert unheard == await every_way(yqcloud(), given, {"callbacks": [Handler()]})
    assert {content for _, _, content, *_ in unheard.values()} == {"42"}


async def test_calls_of_tools_are_the_same_unheard(yqcloud):
    def add(a: int, b: int) -> int:
        """Adds two numbers."""
        return a + b

    asked = "Use the tool add with a=2 and b=3."
    unheard, heard = [
        await every_way(yqcloud(callbacks=handlers).bind_tools([add], tool_choice="add"), asked)
        for handlers in (None, [Handler()])
    ]
    assert unheard == heard
    assert all(calls for *_, calls, _, _, _ in unheard.values())


async def test_failures_are_the_same_unheard(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("one ", "two "), pause=0.01, cut_at=5)
    ends = []
    for handlers in (None, [Handler()]):
        chat, seen = yqcloud(callbacks=handlers, max_retries=0), []
        with pytest.raises(StreamInterrupted) as caught:
            async for chunk in chat.astream("hello"):
                seen.append(chunk.content)
        ends.append((seen, caught.value.partial, str(caught.value)))
    assert ends[0] == ends[1]
    assert "".join(ends[0][0]) == ends[0][1]


@pytest.mark.parametrize("output_version", [None, "v0", "v1"])
async def test_all_forms_of_output_are_the_same_unheard(yqcloud, output_version):
    unheard, heard = [
        await every_way(yqcloud(callbacks=handlers, output_version=output_version), "what is 6*7?")
        for handlers in (None, [Handler()])
    ]
    assert unheard == heard


async def test_a_run_id_that_is_given_is_in_the_answers_id(yqcloud):
    chat, config = yqcloud(), {"run_id": uuid.UUID(int=7)}
    assert chat.invoke("hello", config).id == f"lc_run--{config['run_id']}-0"
    assert (await chat.ainvoke("hello", config)).id == f"lc_run--{config['run_id']}-0"
    assert {chunk.id for chunk in chat.stream("hello", config)} == {f"lc_run--{config['run_id']}"}
    assert {chunk.id async for chunk in chat.astream("hello", config)} == {f"lc_run--{config['run_id']}"}


async def test_methods_of_a_class_made_of_ours_are_called(sandbox):
    class Own(ChatYqcloud):
        async def _astream(self, *_, **__):
            yield ChatGenerationChunk(message=AIMessageChunk("mine"))

    chunks = [chunk async for chunk in Own(base_url=sandbox.url("yqcloud")).astream("hello")]
    assert [chunk.content for chunk in chunks] == ["mine", ""]


class Below(ChatYqcloud):
    """Has a method of its own where core passes by on the way down."""

    def generate(self, *args, **words):
        self.metadata = {"passed": True}
        return super().generate(*args, **words)


def test_what_others_put_on_the_way_of_core_is_met(sandbox, yqcloud, monkeypatch):
    below = Below(base_url=sandbox.url("yqcloud"))
    below.invoke("hello")
    assert below.metadata == {"passed": True}

    chat, met = yqcloud(), []
    chat.invoke("hello")

    def wrapped(method):
        def wrapper(*args, **words):
            met.append(method.__name__)
            return method(*args, **words)

        return wrapper

    for cls, name in ((BaseChatModel, "generate"), (BaseChatModel, "invoke"), (ChatYqcloud, "_generate")):
        with monkeypatch.context() as patched:
            patched.setattr(cls, name, wrapped(getattr(cls, name)))
            chat.invoke("hello")
        chat.invoke("hello")
    with monkeypatch.context() as patched:
        patched.setattr(BaseChatModel, "stream", wrapped(BaseChatModel.stream))
        assert list(chat.stream("hello"))
    chat._generate = wrapped(chat._generate)
    chat.invoke("hello")
    assert met == ["generate", "invoke", "_generate", "stream", "_generate"]


async def test_what_is_no_input_is_said_when_core_says_it(yqcloud):
    stream, astream = yqcloud().stream(5), yqcloud().astream(5)
    for ask in (lambda: yqcloud().invoke(5), lambda: next(stream)):
        with pytest.raises(ValueError, match="Invalid input type"):
            ask()
    with pytest.raises(ValueError, match="Invalid input type"):
        await anext(astream)


async def test_a_stream_that_is_turned_off_comes_whole(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("one ", "two"), pause=0.01)
    chat = yqcloud(disable_streaming=True)
    assert [chunk.content for chunk in chat.stream("hello")] == ["one two"]
    assert [chunk.content async for chunk in chat.astream("hello")] == ["one two"]


async def test_caches_answer_unheard_calls(yqcloud, sandbox):
    own, everybodys = yqcloud(cache=InMemoryCache()), yqcloud()
    set_llm_cache(InMemoryCache())
    try:
        for chat in (own, everybodys):
            before = len(sandbox.received)
            said = [chat.invoke("hello").content, (await chat.ainvoke("hello")).content]
            assert (len(set(said)), len(sandbox.received) - before) == (1, 1)
        assert yqcloud(cache=False).invoke("hello").content
        assert len(sandbox.received) == before + 2
    finally:
        set_llm_cache(None)


async def test_a_rate_limiter_is_taken_unheard(yqcloud):
    class Counting(InMemoryRateLimiter):
        taken = 0

        def acquire(self, *, blocking=True):
            self.taken += 1
            return super().acquire(blocking=blocking)

        async def aacquire(self, *, blocking=True):
            self.taken += 1
            return await super().aacquire(blocking=blocking)

    limiter = Counting(requests_per_second=1000)
    await every_way(yqcloud(rate_limiter=limiter), "hello")
    assert limiter.taken == 4


async def test_a_word_without_effect_is_reported_at_the_callers_line(yqcloud):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await every_way(yqcloud(), "hello", temperature=0.5)
        yqcloud(callbacks=[Handler()]).invoke("hello", temperature=0.5)
    assert {one.filename for one in caught} == {__file__}
    assert [one.category for one in caught] == [IgnoredParameterWarning] * 5
