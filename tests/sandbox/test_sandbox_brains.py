"""Any kind of brain can answer, and its pieces travel as they come."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from freeproviders.sandbox import Question, Sandbox, Scenario
from freeproviders.sandbox.brain import pieces_of, think

ASK = Question(provider="pi", text="hello")
HEADERS = {"Accept": "text/plain", "Origin": "https://chat9.yqcloud.top", "Referer": "https://chat9.yqcloud.top/"}


async def awaited(question):
    await asyncio.sleep(0)
    return f"awaited {question.text}"


async def generated(question):
    yield "gen"
    await asyncio.sleep(0)
    yield question.text


async def ask(sandbox):
    url = sandbox.url("yqcloud") + "/api/generateStream"
    async with aiohttp.ClientSession() as session, session.post(url, json={"prompt": "x"}, headers=HEADERS) as response:
        return await response.text()


@pytest.mark.parametrize(
    ("brain", "answer"),
    [(lambda question: f"plain {question.text}", "plain x"), (awaited, "awaited x"), (generated, "genx")],
)
async def test_every_kind_of_brain_answers(brain, answer):
    with Sandbox(brain=brain) as sandbox:
        assert await ask(sandbox) == answer


@pytest.mark.parametrize(
    "text", ["Hello, big world!\n\n  Bye ", "", " ", "你好，世界。这是一个测试", "a\tb\x00c", "naïve café"]
)
def test_pieces_join_to_the_text(text):
    assert "".join(pieces_of(text)) == text


def test_pieces_are_words():
    assert pieces_of("Hello big world!") == ["Hello", " big", " world!"]


async def test_an_iterators_pieces_stay_as_they_are():
    assert [piece async for piece in think(generated, ASK)] == ["gen", "hello"]


async def test_a_brain_is_closed_when_the_client_leaves():
    closed = asyncio.Event()

    async def endless(_question):
        try:
            while True:
                yield "more"
        finally:
            closed.set()

    thoughts = think(endless, ASK)
    await thoughts.__anext__()
    await thoughts.aclose()
    assert closed.is_set()


async def test_a_brain_that_fails_before_its_first_word_is_a_500(caplog):
    def failing(_question):
        raise ArithmeticError("brain failure")

    with Sandbox(brain=failing) as sandbox:
        url = sandbox.url("pizzagpt") + "/api/chatx-completion"
        site = "https://pizzagpt.it"
        headers = {"Accept": "application/json", "Origin": site, "Referer": f"{site}/", "x-secret": "Diavola"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"question": "x"}, headers=headers) as response,
        ):
            assert (response.status, "brain failure" in await response.text()) == (500, True)


async def test_a_failing_brain_is_no_whole_answer(caplog):
    async def failing(_question):
        yield "some"
        raise ArithmeticError("brain failure")

    with Sandbox(brain=failing) as sandbox:
        with pytest.raises(aiohttp.ClientPayloadError):
            await ask(sandbox)
        assert sandbox.received[0].wait_closed(5) == "cut"


@pytest.mark.parametrize("provider", ["pi", "pizzagpt", "aichats", "yqcloud", "flowgpt"])
async def test_half_a_surrogate_pair_breaks_no_answer(sandbox, calls, provider):
    sandbox.scenario = Scenario(pieces=("half \ud83d pair",))
    assert b" pair" in (await calls.chat(provider)).body
