"""Retry and Timeouts: values that check themselves, and what they mean to tenacity."""

import pickle

import pytest

from freeproviders import Retry, Timeouts, errors
from freeproviders.policy import Clock


@pytest.mark.parametrize("name", ["connect", "first_byte", "idle"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_time_limit_is_positive(name, value):
    with pytest.raises(errors.InvalidSetting, match=name):
        Timeouts(**{name: value})


@pytest.mark.parametrize("name", ["deadline", "base", "longest_wait", "longest_retry_after"])
def test_a_wait_is_positive(name):
    with pytest.raises(errors.InvalidSetting, match=name):
        Retry(**{name: 0})


def test_there_is_at_least_one_attempt():
    with pytest.raises(errors.InvalidSetting, match="attempts"):
        Retry(attempts=0)


@pytest.mark.parametrize("value", [Retry(), Timeouts(), Clock()])
def test_they_are_values(value):
    assert pickle.loads(pickle.dumps(value)) == value


async def _run(retry: Retry, failure: Exception) -> list[float]:
    waits: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        now += seconds

    with pytest.raises(type(failure)):
        async for attempt in retry.controller(sleep, lambda: retry.deadline - now):
            with attempt:
                raise failure
    return waits


async def test_an_error_of_another_kind_is_never_retried():
    assert await _run(Retry(attempts=5), KeyError("x")) == []


@pytest.mark.parametrize(
    "kind", [errors.Blocked, errors.LoginRequired, errors.InvalidSetting, errors.StreamInterrupted]
)
async def test_an_error_that_says_so_is_not_retried(kind):
    assert await _run(Retry(attempts=5), kind("x")) == []


async def test_waits_are_within_their_bounds():
    for _ in range(20):
        waits = await _run(Retry(attempts=5, base=1.0, longest_wait=3.0), errors.ServerFailed("x"))
        assert all(wait <= bound for wait, bound in zip(waits, (1, 2, 3, 3), strict=True))


async def test_a_wait_of_exactly_the_deadline_is_still_made():
    assert await _run(Retry(attempts=9, deadline=20), errors.RateLimited("x", retry_after=10)) == [10, 10]


async def test_a_wait_asked_for_may_be_none_at_all():
    assert await _run(Retry(attempts=3), errors.RateLimited("x", retry_after=0.0)) == [0, 0]
