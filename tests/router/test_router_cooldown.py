"""Who fails is left alone for a while; who has no room by our own limits is passed over, without a stain."""

import asyncio
import random

import pytest
from router_kit import (
    FAILS,
    GOOD,
    NAMES,
    SILENT,
    WHOLE,
    Ear,
    asked_of,
    attempts_of,
    both_ways,
    client,
    every_provider,
    other,
    outcomes,
    read,
    router,
)

from freeproviders import Limiter, Limits, Retry, errors
from freeproviders.breaker import BreakerPolicy
from freeproviders.policy import Clock
from freeproviders.reports import FailedOver, Waited
from freeproviders.sandbox import Scenario
from freeproviders.testing.clock import ManualClock

BUSY = Scenario(status=429, retry_after="30")
AT_ONCE = BreakerPolicy(consecutive=1, first_open=20.0, longest_open=20.0)


@both_ways
@every_provider
async def test_who_has_failed_is_not_asked_until_its_time_is_over(sandbox, name, ask):
    watch = ManualClock()
    sandbox.script(FAILS)
    plain = [client(sandbox, one, None) for one in (name, other(name))]
    asked = router(*plain, breaker=AT_ONCE, clock=watch.clock)
    await ask(asked)
    metadata = read(await ask(asked))[1]
    assert asked_of(sandbox) == [name, other(name), other(name)]
    assert metadata["tried"] == [{"candidate": name, "seconds": 0.0, "opens_in": metadata["tried"][0]["opens_in"]}]
    assert 15.0 <= metadata["tried"][0]["opens_in"] <= 20.0
    watch.now += 20.0
    assert read(await ask(asked))[1]["candidate"] == name
    assert asked.snapshot()[name].state == "closed"


@both_ways
async def test_the_failure_of_all_says_when_the_first_may_be_asked_again(sandbox, ask):
    watch = ManualClock()
    waits = {name: Scenario(status=429, retry_after=str(30 + place)) for place, name in enumerate(NAMES)}
    asked = router(*(client(sandbox, name, waits[name]) for name in reversed(NAMES)), clock=watch.clock)
    with pytest.raises(errors.AllProvidersFailed) as first:
        await ask(asked)
    watch.now += 10.0
    with pytest.raises(errors.AllProvidersFailed) as second:
        await ask(asked)
    assert (first.value.retry_after, second.value.retry_after) == (30.0, 20.0)
    assert len(asked_of(sandbox)) == len(NAMES)
    assert attempts_of(second.value) == [(name, None) for name in reversed(NAMES)]
    assert "pi: not asked after RateLimited (may be asked again in 20 s)" in str(second.value)


@both_ways
async def test_asked_to_it_waits_for_the_first_to_come_back(sandbox, ask):
    watch, ear = ManualClock(), Ear()
    sandbox.script(BUSY, Scenario(status=429, retry_after="7"))
    plain = [client(sandbox, name, None) for name in ("pizzagpt", "yqcloud")]
    asked = router(*plain, wait_for_cooldown=True, clock=watch.clock)
    metadata = read(await ask(asked, listen=ear))[1]
    assert (metadata["candidate"], watch.waits) == ("yqcloud", [7.0])
    assert asked_of(sandbox) == ["pizzagpt", "yqcloud", "yqcloud"]
    assert [report.seconds for report in ear.of(Waited)] == [7.0]


@both_ways
async def test_it_does_not_wait_past_the_deadline(sandbox, ask):
    watch = ManualClock()
    busy = client(sandbox, "yqcloud", BUSY)
    asked = router(busy, wait_for_cooldown=True, clock=watch.clock, retry=Retry(deadline=29.0))
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(asked)
    assert (watch.waits, raised.value.retry_after) == ([], 30.0)


async def test_waiting_for_one_that_never_comes_back_ends_with_the_deadline(sandbox):
    watch = ManualClock()
    busy = client(sandbox, "yqcloud", BUSY)
    asked = router(busy, wait_for_cooldown=True, clock=watch.clock, retry=Retry(deadline=100.0))
    with pytest.raises(errors.AllProvidersFailed):
        await asked.acomplete("hello")
    assert watch.waits == [30.0, 30.0, 30.0]


async def test_callers_who_wait_do_not_all_come_at_once(sandbox):
    """One of them finds out whether the service works again; the others wait for its word."""
    asked = router(client(sandbox, "yqcloud", None), wait_for_cooldown=True, retry=Retry(deadline=60.0))
    breaker = asked.breaker(asked.candidates[0])
    while breaker.snapshot().state == "closed":
        breaker.permit().failed(errors.ServerFailed("down", retry_after=0.3))
    sandbox.scenario = Scenario(pieces=("Hi.",), delay=0.2)
    answers = await asyncio.gather(*(asked.acomplete("hello") for _ in range(8)))
    assert {answer.text for answer in answers} == {"Hi."}
    moments = sorted(item.time for item in sandbox.received)
    assert moments[1] - moments[0] >= 0.2


async def test_one_that_comes_back_while_it_is_looked_at_is_asked(sandbox):
    """The clock goes on with each look, so that each cool-down ends at another step of the call."""
    moment = 0.0

    def tick() -> float:
        nonlocal moment
        moment += 1.0
        return moment

    said = []
    for seconds in range(1, 12):
        asked = router(client(sandbox, "yqcloud"), clock=Clock(monotonic=tick), retry=Retry(attempts=1, deadline=1e6))
        breaker = asked.breaker(asked.candidates[0])
        breaker.permit().failed(errors.ServerFailed("down", retry_after=seconds))
        try:
            said.append((await asked.acomplete("hello")).text)
        except errors.AllProvidersFailed as failure:
            said.append(failure.retry_after)
    # Until it is back for good: never a failure that knows of no time.
    answered = said.count(WHOLE)
    assert said[:answered] == [WHOLE] * answered
    assert all(wait >= 1.0 for wait in said[answered:])
    assert 0 < answered < len(said)


@both_ways
@every_provider
async def test_one_without_room_is_passed_over_at_once(sandbox, name, ask):
    full = client(sandbox, name, limits=Limits(per_minute=1))
    asked = router(full, client(sandbox, other(name)))
    ear = Ear()
    assert read(await ask(asked))[1]["candidate"] == name
    metadata = read(await ask(asked, listen=ear))[1]
    assert metadata["candidate"] == other(name)
    assert [(one["candidate"], one["error"]) for one in metadata["tried"]] == [(name, "LimitReached")]
    assert [type(report.error) for report in ear.of(FailedOver)] == [errors.LimitReached]
    assert (asked.snapshot()[name].failures, asked.snapshot()[name].state) == (0, "closed")


@both_ways
async def test_one_that_is_busy_with_others_is_passed_over_at_once(sandbox, ask):
    narrow = client(sandbox, "yqcloud", SILENT, limits=Limits(concurrency=1))
    asked = router(narrow, client(sandbox, "flowgpt"))
    first = asyncio.ensure_future(ask(asked))
    while not asked_of(sandbox):
        await asyncio.sleep(0.002)
    assert read(await ask(asked))[1]["candidate"] == "flowgpt"
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await outcomes(sandbox, "yqcloud") == ["client closed"]


@both_ways
async def test_where_nobody_has_room_the_first_to_have_some_is_waited_for(sandbox, ask):
    watch = ManualClock()
    slow = Limiter(Limits(per_minute=1), clock=watch.clock)
    quick = Limiter(Limits(per_second=1), clock=watch.clock)
    chain = (client(sandbox, "yqcloud", limits=slow), client(sandbox, "flowgpt", limits=quick))
    asked = router(*chain, clock=watch.clock)
    candidates = [read(await ask(asked))[1]["candidate"] for _ in range(4)]
    assert candidates == ["yqcloud", "flowgpt", "flowgpt", "flowgpt"]
    assert all(wait <= 1.1 for wait in watch.waits)
    assert len(watch.waits) == 2


@both_ways
async def test_where_none_will_have_room_in_time_it_is_told_when(sandbox, ask):
    limits = Limits(per_minute=1)
    chain = [client(sandbox, name, limits=limits) for name in ("yqcloud", "flowgpt")]
    asked = router(*chain, retry=Retry(attempts=1, deadline=30.0))
    for _ in range(2):
        await ask(asked)
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(asked)
    said = [(one.candidate, type(one.error)) for one in raised.value.attempts]
    assert said == [("yqcloud", errors.LimitReached), ("flowgpt", errors.LimitReached)]  # once, though asked twice
    assert 50.0 < raised.value.retry_after < 60.1
    assert len(asked_of(sandbox)) == 2


@both_ways
async def test_many_calls_queue_for_the_little_room_there_is(sandbox, ask):
    chain = [client(sandbox, name, limits=Limits(concurrency=1)) for name in ("yqcloud", "flowgpt")]
    asked = router(*chain)
    answers = await asyncio.gather(*(ask(asked) for _ in range(20)))
    assert [read(answer)[0] for answer in answers] == [WHOLE] * 20


async def test_a_weighted_order_is_drawn_once_a_call(sandbox):
    watch = ManualClock()
    asked = router(
        *(client(sandbox, name, FAILS) for name in NAMES),
        weighted=True,
        retry=Retry(attempts=3),
        clock=watch.clock,
        random=random.Random(7),
        breaker=BreakerPolicy(consecutive=50, least=90),
    )
    with pytest.raises(errors.AllProvidersFailed):
        await asked.acomplete("hello")
    order = asked_of(sandbox)
    assert order[:5] == order[5:10] == order[10:]


@pytest.mark.parametrize("place", ["memory", "file"])
async def test_state_in_a_file_is_shared_by_routers(sandbox, place, tmp_path):
    words = {} if place == "memory" else {"state": tmp_path / "state.db"}
    first = router(client(sandbox, "yqcloud", BUSY), client(sandbox, "flowgpt"), **words)
    second = router(client(sandbox, "yqcloud", GOOD), client(sandbox, "flowgpt"), **words)
    await first.acomplete("hello")
    answered = (await second.acomplete("hello")).metadata["candidate"]
    assert answered == ("flowgpt" if place == "file" else "yqcloud")
