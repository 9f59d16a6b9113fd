"""A router that asks the next candidate too when one is slow: who speaks first answers, the others are cancelled."""

import asyncio
import contextlib

import pytest
from router_kit import (
    FAILS,
    GOOD,
    HELD,
    NAMES,
    PIECES,
    SILENT,
    WAYS,
    WHOLE,
    Ear,
    asked_of,
    attempts_of,
    both_ways,
    client,
    every_provider,
    every_streaming_provider,
    other,
    outcomes,
    read,
    router,
)

from freeproviders import Candidate, Limits, Text, Timeouts, errors
from freeproviders.reports import FailedOver
from freeproviders.sandbox import Scenario

SOON = 0.05


async def _arrived(sandbox, number: int) -> None:
    while len(asked_of(sandbox)) < number:
        await asyncio.sleep(0.002)


def _alone() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


@both_ways
@every_provider
async def test_the_next_is_asked_too_when_one_gives_nothing(sandbox, name, ask):
    asked = router(client(sandbox, name, SILENT), client(sandbox, other(name)), hedge_after=SOON)
    ear = Ear()
    text, metadata = read(await ask(asked, listen=ear))
    assert (text, metadata["candidate"]) == (WHOLE, other(name))
    assert [(one["candidate"], "error" in one) for one in metadata["tried"]] == [(name, False)]
    assert metadata["tried"][0]["seconds"] >= SOON
    assert [(report.provider, report.to, report.error) for report in ear.of(FailedOver)] == [(name, other(name), None)]
    assert await outcomes(sandbox, name) == ["client closed"]
    assert _alone()
    assert asked.snapshot()[name].calls == 0  # nothing has been learnt of it


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_every_way_to_ask_hedges(sandbox, ask):
    asked = router(client(sandbox, "pi", SILENT), client(sandbox, "aichats"), hedge_after=SOON)
    assert ask(asked)[0] == WHOLE
    silent = next(item for item in sandbox.received if (item.provider, item.endpoint) == ("pi", "answer"))
    assert silent.wait_closed(10) == "client closed"


@both_ways
async def test_the_first_may_still_win(sandbox, ask):
    slow = Scenario(pieces=PIECES, first_byte_delay=0.3)
    asked = router(client(sandbox, "yqcloud", slow), client(sandbox, "flowgpt", SILENT), hedge_after=SOON)
    text, metadata = read(await ask(asked))
    assert (text, metadata["candidate"]) == (WHOLE, "yqcloud")
    assert await outcomes(sandbox, "flowgpt") == ["client closed"]
    assert _alone()


@both_ways
@every_provider
async def test_one_that_answers_in_time_is_asked_alone(sandbox, name, ask):
    asked = router(client(sandbox, name), client(sandbox, other(name)), hedge_after=60.0)
    assert read(await ask(asked))[1]["tried"] == []
    assert asked_of(sandbox) == [name]


@both_ways
async def test_one_that_fails_makes_way_at_once_while_another_is_silent(sandbox, ask):
    chain = (client(sandbox, "pi", SILENT), client(sandbox, "yqcloud", FAILS), client(sandbox, "flowgpt"))
    ear = Ear()
    metadata = read(await ask(router(*chain, hedge_after=0.5), listen=ear))[1]
    assert metadata["candidate"] == "flowgpt"
    tried = [(one["candidate"], one.get("error")) for one in metadata["tried"]]
    assert tried == [("yqcloud", "ServerFailed"), ("pi", None)]
    # Not because of a silence, which would have no error.
    moves = [(report.provider, report.to, type(report.error)) for report in ear.of(FailedOver)]
    assert moves == [("pi", "yqcloud", type(None)), ("yqcloud", "flowgpt", errors.ServerFailed)]


@both_ways
async def test_all_at_once_where_there_is_nothing_to_wait_for(sandbox, ask):
    asked = router(*(client(sandbox, name, SILENT) for name in NAMES[:-1]), client(sandbox, NAMES[-1]), hedge_after=0)
    assert read(await ask(asked))[1]["candidate"] == NAMES[-1]
    for name in NAMES[:-1]:
        assert await outcomes(sandbox, name) in (["client closed"], [])
    assert _alone()


@both_ways
async def test_all_that_are_silent_fail_in_their_own_time(sandbox, ask):
    silent = [client(sandbox, name, SILENT, timeouts=Timeouts(first_byte=0.3)) for name in NAMES]
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(router(*silent, hedge_after=SOON))
    assert sorted(attempts_of(raised.value)) == sorted((name, errors.TimedOut) for name in NAMES)
    assert _alone()


@every_streaming_provider
async def test_a_slower_one_is_asked_again_when_the_faster_one_breaks_off(sandbox, name):
    first = client(sandbox, "yqcloud", SILENT) if name != "yqcloud" else client(sandbox, "flowgpt", SILENT)
    half = client(sandbox, name, HELD, timeouts=Timeouts(idle=0.1))
    asked = router(first, half, hedge_after=SOON, on_interrupt="restart")
    task = asyncio.ensure_future(_texts(asked))
    await _arrived(sandbox, 3)  # silent, broken off, and the silent one again
    assert asked_of(sandbox)[2] == asked_of(sandbox)[0]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _alone()


async def _texts(asked) -> list:
    return [event async for event in asked.astream("hello") if isinstance(event, Text)]


@both_ways
async def test_cancelling_the_call_closes_all_its_connections(sandbox, ask):
    asked = router(*(client(sandbox, name, SILENT) for name in NAMES), hedge_after=SOON)
    task = asyncio.ensure_future(ask(asked))
    await _arrived(sandbox, len(NAMES))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _alone()
    for name in NAMES:
        assert await outcomes(sandbox, name) == ["client closed"]
    assert {state.calls for state in asked.snapshot().values()} == {0}


@both_ways
async def test_the_callers_time_limit_closes_all_connections(sandbox, ask):
    asked = router(*(client(sandbox, name, SILENT) for name in NAMES), hedge_after=0.01)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(ask(asked), 0.5)
    assert asked_of(sandbox)
    for name in NAMES:
        assert set(await outcomes(sandbox, name)) <= {"client closed"}
    assert _alone()


@every_streaming_provider
async def test_an_early_break_closes_all_connections(sandbox, name):
    silent = client(sandbox, "pizzagpt", SILENT)
    asked = router(silent, client(sandbox, name, HELD), hedge_after=SOON)
    async with contextlib.aclosing(asked.astream("hello")) as events:
        async for _ in events:
            break
    assert [*await outcomes(sandbox, "pizzagpt"), *await outcomes(sandbox, name)] == ["client closed"] * 2
    assert _alone()


@every_streaming_provider
def test_an_early_break_out_of_a_blocking_stream_closes_all_connections(sandbox, name):
    asked = router(client(sandbox, "pizzagpt", SILENT), client(sandbox, name, HELD), hedge_after=SOON)
    for _ in asked.stream("hello"):
        break
    answers = [item for item in sandbox.received if item.endpoint == "answer"]
    assert [item.wait_closed(10) for item in answers] == ["client closed"] * 2


@both_ways
async def test_a_listener_that_raises_ends_all_that_runs(sandbox, ask):
    async def refuse(report) -> None:
        if report.provider == "flowgpt" and sandbox.received:
            raise KeyError("enough")

    asked = router(client(sandbox, "yqcloud", SILENT), client(sandbox, "flowgpt"), hedge_after=SOON)
    with pytest.raises(KeyError, match="enough"):
        await ask(asked, listen=refuse)
    assert _alone()
    assert await outcomes(sandbox, "yqcloud") == ["client closed"]


@both_ways
async def test_turns_of_those_that_were_cancelled_are_given_back(sandbox, ask):
    one_at_a_time = client(sandbox, "yqcloud", SILENT, limits=Limits(concurrency=1))
    asked = router(one_at_a_time, client(sandbox, "flowgpt", GOOD), hedge_after=SOON)
    for _ in range(3):
        assert read(await ask(asked))[1]["tried"][0]["seconds"] >= SOON
    permit = await one_at_a_time.rules.limiter.acquire(within=0)
    permit.release()


@both_ways
async def test_a_probe_that_was_cancelled_is_given_back(sandbox, ask):
    asked = router(client(sandbox, "yqcloud", SILENT), client(sandbox, "flowgpt"), hedge_after=SOON)
    breaker = asked.breaker(asked.candidates[0])
    while breaker.snapshot().state == "closed":
        breaker.permit().failed(errors.ServerFailed("down", retry_after=0.01))
    await asyncio.sleep(0.02)
    for _ in range(3):
        assert read(await ask(asked))[1]["candidate"] == "flowgpt"
        assert breaker.snapshot().state == "half_open"
        assert breaker.opens_in() == 0.0


@both_ways
async def test_a_probe_of_a_call_that_ends_otherwise_is_given_back(sandbox, ask):
    asked = router(client(sandbox, "yqcloud"))
    breaker = asked.breaker(asked.candidates[0])
    while breaker.snapshot().state == "closed":
        breaker.permit().failed(errors.ServerFailed("down", retry_after=0.01))
    await asyncio.sleep(0.02)

    async def refuse(report) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError) as raised:
        await ask(asked, listen=refuse)
    assert raised.value.__traceback__ is not None  # which keeps all that was in use alive
    assert breaker.opens_in() == 0.0


@both_ways
async def test_many_at_once_hedge_without_leaving_anything(sandbox, ask):
    asked = router(Candidate(client=client(sandbox, "yqcloud", SILENT)), client(sandbox, "flowgpt"), hedge_after=SOON)
    answers = await asyncio.gather(*(ask(asked) for _ in range(20)))
    assert {read(answer)[0] for answer in answers} == {WHOLE}
    assert set(await outcomes(sandbox, "yqcloud")) == {"client closed"}
    assert _alone()


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_wrong_time_to_hedge_is_told(sandbox, seconds):
    with pytest.raises(errors.InvalidSetting, match="hedge_after"):
        router("pi", hedge_after=seconds)
