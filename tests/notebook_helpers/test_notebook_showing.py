"""``show`` reads a stream of any of the frameworks to its end and gives its text."""

from __future__ import annotations

import asyncio

import pytest
from llama_index.core import Document, SummaryIndex
from llama_index.core.llms import ChatMessage
from notebook_kit import client

from freeproviders import Router, errors
from freeproviders.notebook import ashow, show
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatYqcloud
from llamaindex_freeproviders import Yqcloud

GREETING = "Hello! How can I help you today?"
CUT = Scenario(pieces=("one ", "two ", "three"), cut_at=8)


@pytest.fixture(autouse=True)
def _sent_to_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


def message(text):
    return [ChatMessage(content=text)]


@pytest.mark.parametrize(
    "begun",
    [
        lambda sandbox: ChatYqcloud().stream("hello"),
        lambda sandbox: Yqcloud().stream_complete("hello"),
        lambda sandbox: Yqcloud().stream_chat(message("hello")),
        lambda sandbox: client(sandbox).stream("hello"),
        lambda sandbox: iter(["Hello! ", "How can I help you ", "today?"]),
        lambda sandbox: ["Hello! How can I ", "help you today?"],
        lambda sandbox: GREETING,
        lambda sandbox: ChatYqcloud().invoke("hello"),
    ],
    ids=["langchain", "completion", "chat", "client", "strings", "list", "text", "message"],
)
def test_every_kind_of_stream_is_read_to_its_end(sandbox, begun):
    assert show(begun(sandbox)) == GREETING


@pytest.mark.parametrize(
    "begun",
    [
        lambda sandbox: ChatYqcloud().astream("hello"),
        lambda sandbox: Yqcloud().astream_complete("hello"),
        lambda sandbox: Yqcloud().astream_chat(message("hello")),
        lambda sandbox: client(sandbox).astream("hello"),
    ],
    ids=["langchain", "completion", "chat", "client"],
)
def test_every_kind_of_asynchronous_stream_is_read_to_its_end(sandbox, begun):
    async def read():
        return await ashow(begun(sandbox))

    assert asyncio.run(read()) == GREETING


async def test_a_blocking_stream_is_read_inside_a_running_loop():
    assert show(ChatYqcloud().stream("hello")) == GREETING


def test_the_answer_of_a_query_engine_is_read():
    index = SummaryIndex.from_documents([Document(text="The tower is 40 metres high.")])
    answer = index.as_query_engine(llm=Yqcloud(), streaming=True).query("How high is the tower?")
    assert "40 metres" in show(answer.response_gen)


def test_what_a_router_voids_is_dropped(sandbox):
    router = Router([client(sandbox, "yqcloud", CUT), "pi"], on_interrupt="restart")
    assert show(router.stream("hello")) == GREETING


def test_an_error_of_the_stream_is_the_callers(sandbox):
    with pytest.raises(errors.StreamInterrupted) as caught:
        show(client(sandbox, "yqcloud", CUT).stream("hello"))
    assert caught.value.partial == "one two "


async def test_an_error_of_an_asynchronous_stream_is_the_callers(sandbox):
    with pytest.raises(errors.StreamInterrupted) as caught:
        await ashow(client(sandbox, "yqcloud", CUT).astream("hello"))
    assert caught.value.partial == "one two "


def test_a_stream_that_is_left_is_closed():
    closed = []

    def pieces():
        try:
            yield "text"
            yield object()
        finally:
            closed.append(True)

    with pytest.raises(errors.InvalidSetting, match="a piece of the stream is a object"):
        show(pieces())
    assert closed == [True]


async def test_an_asynchronous_stream_that_is_left_is_closed():
    closed = []

    async def pieces():
        try:
            yield "text"
            yield object()
        finally:
            closed.append(True)

    with pytest.raises(errors.InvalidSetting, match="a piece of the stream is a object"):
        await ashow(pieces())
    assert closed == [True]


async def test_an_iterator_that_cannot_be_closed_is_read():
    class Once:
        left = ["a", "b"]

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop(0)

    assert await ashow(Once()) == "ab"


async def test_each_names_the_other_where_it_is_the_one_to_use():
    with pytest.raises(errors.InvalidSetting, match="await ashow"):
        show(ChatYqcloud().astream("hello"))
    with pytest.raises(errors.InvalidSetting, match="await ashow"):
        show(Yqcloud().astream_complete("hello"))
    with pytest.raises(errors.InvalidSetting, match=r"show\(\.\.\.\)"):
        await ashow(ChatYqcloud().stream("hello"))


@pytest.mark.parametrize("given", [None, 42, object()])
async def test_what_is_no_stream_is_told(given):
    with pytest.raises(errors.InvalidSetting, match="a stream of an answer is needed"):
        show(given)
    with pytest.raises(errors.InvalidSetting, match="a stream of an answer is needed"):
        await ashow(given)


def test_nothing_is_printed_outside_a_notebook(capsys):
    show(["text"])
    assert capsys.readouterr() == ("", "")
