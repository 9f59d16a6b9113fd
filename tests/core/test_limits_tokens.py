"""Limits in tokens: what answers have cost counts against the turns to come."""

import asyncio
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits_kit import StillLoop, still

from freeproviders import Candidate, Client, Retry, Router, errors
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Clock
from freeproviders.sandbox import Scenario
from freeproviders.spending import tokens_of
from freeproviders.wire import Turn

MARGIN = 0.05
CALLERS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 20.0, 61.0, 4000.0]), st.integers(0, 60), st.sampled_from([0.0, 1.0, 30.0])),
    max_size=25,
)


class Time:
    """A clock that stands still but for sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, sleep=self.sleep)


def spent(charges, now, seconds):
    return sum(tokens for moment, tokens in charges if moment + (seconds + MARGIN) > now)


@given(CALLERS, st.integers(0, 100), st.integers(0, 200))
def test_a_turn_comes_as_soon_as_less_than_the_limit_is_spent(callers, a_minute, a_day):
    limits = [(a_minute, 60.0), (a_day, 86_400.0)]
    loop = StillLoop()
    limiter = Limiter(Limits(tokens_per_minute=a_minute, tokens_per_day=a_day), clock=loop.clock)

    async def main() -> None:
        charges: list[tuple[float, int]] = []
        for pause, tokens, stays in callers:
            await asyncio.sleep(pause)
            came = loop.time()
            permit = await limiter.acquire(within=1e9)
            began = loop.time()
            full = [seconds for limit, seconds in limits if limit and spent(charges, began, seconds) >= limit]
            assert not full
            if began > came:  # an instant earlier there was no room
                earlier = began - 1e-6
                assert any(limit and spent(charges, earlier, seconds) >= limit for limit, seconds in limits)
            await asyncio.sleep(stays)
            limiter.charge(tokens)
            charges.append((loop.time(), tokens))
            permit.release()

    still(main(), loop)


def test_a_copy_has_spent_nothing():
    limiter = Limiter(Limits(tokens_per_day=10))
    limiter.charge(10)
    copied = pickle.loads(pickle.dumps(limiter))
    assert asyncio.run(copied.acquire(within=0.0)).waited == 0.0
    with pytest.raises(errors.LimitReached, match="tokens_per_day=10") as caught:
        asyncio.run(limiter.acquire(within=60.0))
    assert 86_000 < caught.value.retry_after <= 86_401


def test_a_service_that_does_not_count_costs_a_token_for_four_characters():
    asked = (Turn(role="system", text="1234"), Turn(role="user", text="12345678"))
    assert tokens_of({}, asked, 8) == 5
    assert tokens_of({"total_tokens": 0}, asked, 8) == 5
    assert tokens_of({"prompt_tokens": 1, "completion_tokens": 2}, asked, 8) == 3
    assert tokens_of({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 9}, asked, 8) == 9


# Through a client.


def client(sandbox, time, tokens, name="openai_compatible", **words) -> Client:
    limits = Limits(tokens_per_minute=tokens)
    return Client(name, **{"base_url": sandbox.url(name), "limits": limits, "clock": time.clock, **words})


async def whole(asked) -> int:
    return (await asked.acomplete("What is 6 * 7?")).metadata.get("usage", {}).get("total_tokens", 0)


async def streamed(asked) -> int:
    events = [event async for event in asked.astream("What is 6 * 7?")]
    return events[-1].metadata.get("usage", {}).get("total_tokens", 0)


@pytest.mark.parametrize("ask", [whole, streamed])
async def test_what_the_service_counts_is_charged(sandbox, ask):
    cost = await ask(client(sandbox, Time(), 10_000))
    assert cost > 0
    for tokens, waits in ((cost + 1, [60.0]), (cost, [60.0, 60.0])):
        time = Time()
        asked = client(sandbox, time, tokens)
        for _ in range(3):
            await ask(asked)
        assert [round(seconds - MARGIN, 3) for seconds in time.slept] == waits


async def test_what_nobody_counts_is_charged_by_its_length(sandbox):
    for name, variant in (("yqcloud", None), ("openai_compatible", "no_usage")):
        sandbox.scenario = Scenario(pieces=("x" * 400,), variant=variant)
        time = Time()
        asked = client(sandbox, time, 100, name)
        await whole(asked)
        assert time.slept == []
        await whole(asked)
        assert len(time.slept) == 1


async def test_an_answer_that_is_left_costs_what_has_come_of_it(sandbox):
    sandbox.scenario = Scenario(pieces=("x" * 400, "y" * 400), hold_after=1)
    time = Time()
    asked = client(sandbox, time, 100, "yqcloud")
    events = asked.astream("hello")
    await anext(events)
    await events.aclose()
    sandbox.scenario = Scenario()
    await whole(asked)
    assert len(time.slept) == 1


async def test_a_refusal_costs_nothing(sandbox):
    sandbox.scenario = Scenario(status=500)
    time = Time()
    asked = client(sandbox, time, 1, retry=Retry(attempts=1))
    for _ in range(2):
        with pytest.raises(errors.ServerFailed):
            await whole(asked)
    assert time.slept == []


async def test_who_cannot_wait_is_told_which_limit_it_was_and_a_router_asks_another(sandbox):
    time = Time()
    tired = client(sandbox, time, 1, retry=Retry(attempts=1, deadline=30))
    await whole(tired)
    with pytest.raises(errors.LimitReached, match="tokens_per_minute=1") as caught:
        await whole(tired)
    assert caught.value.retry_after == pytest.approx(60.05)
    other = Client("yqcloud", base_url=sandbox.url("yqcloud"))
    answer = await Router([Candidate(client=tired), Candidate(client=other)], retry=Retry(deadline=30)).acomplete(
        "hello"
    )
    assert answer.metadata["candidate"] == "yqcloud"


def test_limits_are_told_in_words():
    assert str(Limits(per_second=2, tokens_per_day=500)) == "2 a second, 500 tokens a day"
    assert str(Limits()) == ""
