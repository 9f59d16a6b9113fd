"""What is told of calls: to the caller's listener, to the observers of the process, and to the log."""

import asyncio
import logging
import pickle

import pytest

from freeproviders import Candidate, Client, Limits, Prompt, Retry, Router, errors, providers
from freeproviders.policy import Clock
from freeproviders.reports import (
    AnswerBegan,
    AskedAgain,
    AttemptFailed,
    AttemptStarted,
    Began,
    Ended,
    FailedOver,
    Report,
    Teller,
    Waited,
    observe,
)
from freeproviders.sandbox import Scenario

NAMES = providers.names()
every_provider = pytest.mark.parametrize("name", NAMES)
SECRET = "nterzwei-s3cret"
ASKED = "what nobody else may read"
ANSWERED = "an answer for one pair of eyes"
TOOL = {"name": "act", "description": "Acts.", "parameters": {"type": "object", "properties": {}}}


async def _no_wait(_: float) -> None:
    await asyncio.sleep(0)


QUICK = Clock(sleep=_no_wait)


class Ear:
    def __init__(self) -> None:
        self.told: list[Report] = []

    async def __call__(self, report: Report) -> None:
        self.told.append(report)


@pytest.fixture
def observed():
    seen: list[Report] = []
    end = observe(seen.append)
    yield seen
    end()


async def whole(asked, prompt, listen=None) -> None:
    await asked.acomplete(prompt, listen=listen)


async def streamed(asked, prompt, listen=None) -> None:
    async for _ in asked.astream(prompt, listen=listen):
        pass


both_ways = pytest.mark.parametrize("ask", [whole, streamed])


def client(sandbox, name, **words) -> Client:
    return Client(name, **{"base_url": sandbox.url(name), "clock": QUICK, **words})


@both_ways
@every_provider
async def test_a_call_is_told_from_beginning_to_end(sandbox, name, ask, observed):
    sandbox.scenario = Scenario(answer=ANSWERED)
    ear = Ear()
    await ask(client(sandbox, name), ASKED, ear)
    assert [type(report) for report in observed] == [Began, AttemptStarted, AnswerBegan, Ended]
    assert ear.told == observed[1:3]
    began, started, answer, ended = observed
    assert began.model == providers.get(name).card.models[0]
    assert {(report.request, report.provider) for report in observed} == {(began.request, name)}
    assert (started.number, ended.attempts, ended.status, ended.error) == (1, 1, 200, None)
    assert ended.first == answer.seconds
    assert 0 < ended.first <= ended.seconds
    assert ended.received >= len(ANSWERED)


@both_ways
@every_provider
async def test_a_failed_attempt_is_told_with_the_wait(sandbox, name, ask, observed):
    sandbox.script(Scenario(status=429, retry_after="7"))
    ear = Ear()
    await ask(client(sandbox, name), ASKED, ear)
    failed = next(report for report in ear.told if isinstance(report, AttemptFailed))
    assert (failed.number, failed.wait, type(failed.error)) == (1, 7.0, errors.RateLimited)
    assert [report.number for report in ear.told if isinstance(report, AttemptStarted)] == [1, 2]
    assert observed[-1].attempts == 2


@both_ways
@every_provider
async def test_a_call_that_fails_ends_with_its_error(sandbox, name, ask, observed):
    sandbox.scenario = Scenario(status=503)
    with pytest.raises(errors.ServerFailed) as raised:
        await ask(client(sandbox, name, retry=Retry(attempts=2)), ASKED)
    ended = observed[-1]
    assert (ended.error, ended.status, ended.attempts, ended.first) == (raised.value, 503, 2, None)


@both_ways
async def test_a_cancelled_call_ends_too(sandbox, ask, observed):
    sandbox.scenario = Scenario(stall_before_headers=True)
    task = asyncio.ensure_future(ask(client(sandbox, "yqcloud"), ASKED))
    while not sandbox.received:
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(observed[-1].error, asyncio.CancelledError)


async def test_a_stream_that_is_left_ends_too(sandbox, observed):
    sandbox.scenario = Scenario(pieces=("a", "b"), hold_after=1)
    events = client(sandbox, "yqcloud").astream(ASKED)
    await anext(events)
    await events.aclose()
    assert isinstance(observed[-1].error, GeneratorExit)
    assert (observed[-1].status, observed[-1].received) == (200, 1)


@both_ways
async def test_a_wait_for_our_own_limit_is_told(sandbox, ask):
    moment = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal moment
        moment += seconds

    clock = Clock(monotonic=lambda: moment, sleep=sleep)
    asked, ear = client(sandbox, "yqcloud", limits=Limits(per_minute=1), clock=clock), Ear()
    await ask(asked, ASKED, ear)
    await ask(asked, ASKED, ear)
    waited = [report.seconds for report in ear.told if isinstance(report, Waited)]
    assert len(waited) == 1
    assert 60.0 <= waited[0] < 61.0


@both_ways
async def test_a_further_round_is_told(sandbox, ask):
    sandbox.scenario = Scenario(answer="I shall not.")
    ear = Ear()
    await ask(client(sandbox, "yqcloud"), Prompt(turns=Prompt.of(ASKED).turns, tools=(TOOL,), tool_choice="any"), ear)
    assert [report.round for report in ear.told if isinstance(report, AskedAgain)] == [2, 3]


@both_ways
async def test_all_reports_of_a_routed_call_share_its_id(sandbox, ask, observed):
    failing = {"default_headers": Scenario(status=500).as_header()}
    asked, ear = Router([client(sandbox, "pi", **failing), client(sandbox, "yqcloud")]), Ear()
    await ask(asked, ASKED, ear)
    kinds = [Began, AttemptStarted, Ended, FailedOver, Began, AttemptStarted, AnswerBegan, Ended]
    assert [type(report) for report in observed] == kinds
    assert [type(report) for report in ear.told] == [kind for kind in kinds if kind not in (Began, Ended)]
    assert len({report.request for report in observed}) == 1
    assert [report.provider for report in observed] == ["pi"] * 4 + ["yqcloud"] * 4
    await ask(asked, ASKED, ear)
    assert len({report.request for report in observed}) == 2


async def test_what_the_listener_awaits_holds_the_attempt_back(sandbox):
    gate = asyncio.Event()

    async def hold(report: Report) -> None:
        if isinstance(report, AttemptStarted):
            await gate.wait()

    task = asyncio.ensure_future(whole(client(sandbox, "yqcloud"), ASKED, hold))
    await asyncio.sleep(0.05)
    assert sandbox.received == []
    gate.set()
    await task
    assert len(sandbox.received) == 1


@both_ways
async def test_what_the_listener_raises_ends_the_call(sandbox, ask):
    async def refuse(report: Report) -> None:
        raise KeyError("enough")

    limited = client(sandbox, "yqcloud", limits=Limits(concurrency=1))
    for _ in range(2):  # the turn of the first is given back
        with pytest.raises(KeyError, match="enough"):
            await ask(limited, ASKED, refuse)
    assert sandbox.received == []


def test_observers_hear_until_they_end(sandbox):
    first, second = [], []
    end_first, end_second = observe(first.append), observe(second.append)
    client(sandbox, "yqcloud").complete(ASKED)
    end_first()
    client(sandbox, "yqcloud").complete(ASKED)
    end_second()
    end_second()
    client(sandbox, "yqcloud").complete(ASKED)
    assert (len(first), len(second)) == (4, 8)


def test_a_teller_gives_a_call_an_id_of_its_own():
    assert Teller().request != Teller().request
    teller = Teller()
    assert Teller.of(teller) is teller


@pytest.mark.parametrize(
    "report",
    [Began(request="1", provider="pi", model="pi"), FailedOver(request="1", provider="pi", to="yqcloud", error=None)],
)
def test_reports_are_values(report):
    assert pickle.loads(pickle.dumps(report)) == report


# The log.

# A setting that holds a secret, by service.
SECRETS = {"pizzagpt": {"secret": SECRET}, "flowgpt": {"authorization": f"Bearer {SECRET}"}}


@both_ways
@every_provider
async def test_the_log_tells_facts_and_neither_texts_nor_secrets(sandbox, name, ask, caplog):
    caplog.set_level(logging.DEBUG, "freeproviders")
    sandbox.settings.pizzagpt_secrets.add(SECRET)
    sandbox.settings.flowgpt_tokens.add(SECRET)
    sandbox.script(Scenario(status=500), Scenario(answer=ANSWERED))
    await ask(client(sandbox, name, cookies={"sid": SECRET}, **SECRETS.get(name, {})), ASKED)
    records = [record for record in caplog.records if record.name == "freeproviders.calls"]
    by_event = {record.event: record for record in records}
    assert [record.event for record in records] == [
        "Began", "AttemptStarted", "AttemptFailed", "AttemptStarted", "AnswerBegan", "Ended"
    ]  # fmt: skip
    assert len({record.freeproviders_request for record in records}) == 1
    assert {record.freeproviders_provider for record in records} == {name}
    failed, ended = by_event["AttemptFailed"], by_event["Ended"]
    assert (failed.levelno, failed.freeproviders_number, failed.freeproviders_error) == (
        logging.WARNING, 1, "ServerFailed"
    )  # fmt: skip
    assert failed.freeproviders_wait >= 0
    assert (ended.freeproviders_attempts, ended.freeproviders_status) == (2, 200)
    assert ended.freeproviders_first == by_event["AnswerBegan"].freeproviders_seconds > 0
    assert ended.freeproviders_received > 0
    whole_log = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for text in (ASKED, ANSWERED, SECRET, "Internal Server Error"):
        assert text not in whole_log


async def test_what_a_service_says_in_an_error_is_not_logged(sandbox, caplog):
    caplog.set_level(logging.DEBUG, "freeproviders")
    sandbox.scenario = Scenario(status=500, body=f"we got: {ASKED}")
    parts = [Candidate(client=client(sandbox, name)) for name in ("yqcloud", "flowgpt")]
    with pytest.raises(errors.AllProvidersFailed):
        await Router(parts, clock=QUICK).acomplete(ASKED)
    assert "FailedOver" in {record.event for record in caplog.records if hasattr(record, "event")}
    assert ASKED not in " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)


async def test_nothing_is_formatted_for_a_log_that_nobody_reads(sandbox, caplog):
    caplog.set_level(logging.ERROR, "freeproviders")
    sandbox.script(Scenario(status=500))
    await whole(client(sandbox, "yqcloud"), ASKED)
    assert caplog.records == []
