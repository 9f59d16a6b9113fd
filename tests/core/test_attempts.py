"""What the client makes of exchanges that no built-in provider has; a third party's may."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from freeproviders import Client, Fact, Image, Prompt, Retry, Text, errors, providers
from freeproviders.decode import Mapped, PlainText
from freeproviders.provider import Card, Provider
from freeproviders.sandbox import Scenario
from freeproviders.wire import Exchange, Reply, Request

CARD = Card(name="odd", title="Odd", site="", models=("odd",), verified="2026-01-01", evidence="none")
BODY = {"prompt": "hello", "network": True}
HEADERS = {"Content-Type": "application/json", "Accept": "text/plain", "Origin": "https://chat9.yqcloud.top"}
HEADERS["Referer"] = f"{HEADERS['Origin']}/"


@dataclass(frozen=True, kw_only=True)
class Odd(Provider):
    """A provider whose exchange and judgement are given by a test."""

    card: ClassVar[Card] = CARD
    talk: Callable[[], Exchange] | None = None
    judge: Callable[[Reply], errors.ProviderError | None] | None = None

    def exchange(self, prompt: Prompt) -> Exchange:
        del prompt
        assert self.talk is not None
        return (yield from self.talk())

    def failure(self, reply: Reply) -> errors.ProviderError | None:
        return self.judge(reply) if self.judge else super().failure(reply)


def _asks(*, read: Callable[[str], Any] = lambda piece: (piece,), **words: Any) -> Request:
    decoder = Mapped(PlainText(), read)
    return Request(path="/api/generateStream", headers=HEADERS, body=BODY, decoder=decoder, **words)


@pytest.fixture
def odd(sandbox):
    def make(talk: Callable[[], Exchange], judge: Callable[[Reply], Any] | None = None) -> Client:
        provider = Odd(base_url=sandbox.url("yqcloud"), talk=talk, judge=judge)
        return Client(provider, retry=Retry(attempts=1))

    return make


async def test_an_exchange_without_an_answer_is_a_bad_reply(odd):
    def talk() -> Exchange:
        return {}
        yield

    with pytest.raises(errors.BadReply, match=r"\[odd\].*without an answer"):
        await odd(talk).acomplete("hello")


async def test_a_status_that_nobody_judges_is_a_bad_reply(sandbox, odd):
    def talk() -> Exchange:
        yield _asks()

    sandbox.scenario = Scenario(status=404)
    with pytest.raises(errors.BadReply, match="unusual status") as caught:
        await odd(talk, judge=lambda _: None).acomplete("hello")
    assert (caught.value.provider, caught.value.status) == ("odd", 404)


async def test_what_an_exchange_returns_joins_the_metadata(sandbox, odd):
    def talk() -> Exchange:
        reply = yield _asks(read=lambda piece: (Fact("early", 1), piece))
        return {"late": reply.status}

    metadata = (await odd(talk).acomplete("hello")).metadata
    assert (metadata["early"], metadata["late"]) == (1, 200)


async def test_an_exchange_that_fails_at_its_end_interrupts_the_stream(sandbox, odd):
    def talk() -> Exchange:
        yield _asks()
        raise errors.BadReply("no end")

    sandbox.scenario = Scenario(answer="whole")
    with pytest.raises(errors.StreamInterrupted, match="no end") as caught:
        [event async for event in odd(talk).astream("hello")]
    assert caught.value.partial == "whole"


async def test_an_exchange_may_answer_an_error_with_another_request(sandbox, odd):
    def talk() -> Exchange:
        try:
            yield _asks()
        except errors.ServerFailed:
            yield _asks()

    sandbox.script(Scenario(status=500), Scenario(answer="second"))
    answer = await odd(talk).acomplete("hello")
    assert (answer.text, answer.metadata["attempts"]) == ("second", 1)


async def test_white_space_of_a_failed_request_does_not_lead_in_the_next(sandbox, odd):
    def talk() -> Exchange:
        try:
            yield _asks()
        except errors.EmptyAnswer:
            yield _asks()

    sandbox.script(Scenario(answer=" \n"), Scenario(answer="second"))
    assert (await odd(talk).acomplete(Prompt(turns=Prompt.of("x").turns, stop=(" \nx",)))).text == "second"


async def test_a_defect_of_a_provider_is_not_dressed_up(sandbox, odd):
    def broken(_: str) -> Any:
        raise KeyError("bug")

    def talk() -> Exchange:
        yield _asks(read=broken)

    with pytest.raises(KeyError):
        await odd(talk).acomplete("hello")
    assert sandbox.received[-1].wait_closed(10) in ("client closed", "complete")


async def test_images_and_texts_keep_their_order(sandbox, odd):
    image = Image(url="http://127.0.0.1/x")

    def talk() -> Exchange:
        yield _asks(read=lambda piece: (piece, image, piece))

    sandbox.scenario = Scenario(pieces=("a",))
    events = [event async for event in odd(talk).astream("hello")]
    assert events[:-1] == [Text("a"), image, Text("a")]


@pytest.mark.parametrize("setting", [{"extra_body": {"a": object()}}, {"extra_query": {"a": object()}}])
async def test_extras_that_cannot_be_sent_are_named(sandbox, setting):
    client = Client("yqcloud", base_url=sandbox.url("yqcloud"), **setting)
    with pytest.raises(errors.InvalidSetting, match=next(iter(setting))):
        await client.acomplete("hello")


@pytest.mark.parametrize("header", [{"X-A": 1}, {"X-A": None}])
async def test_a_header_that_is_no_text_is_named(sandbox, header):
    with pytest.raises(errors.InvalidSetting, match="X-A"):
        await Client("yqcloud", base_url=sandbox.url("yqcloud"), default_headers=header).acomplete("hello")


@pytest.mark.parametrize("header", ["cf-mitigated", "x-amzn-waf-action"])
async def test_a_challenge_without_a_body_is_known_by_its_header(sandbox, header):
    sandbox.scenario = Scenario(empty=True, status=202, headers={header: "challenge"})
    with pytest.raises(errors.Blocked):
        await Client("yqcloud", base_url=sandbox.url("yqcloud")).acomplete("hello")


def test_a_reply_that_is_no_json_is_quoted():
    with pytest.raises(errors.BadReply, match="nope"):
        Reply(status=200, body=b"nope").json()
    assert Reply(status=200, body=b"\xef\xbb\xbf[1]").json() == [1]


def test_there_is_a_card_for_every_name():
    assert tuple(card.name for card in providers.cards()) == providers.names()
