"""One call: its turns, its deadline, and the copies of a client that make one attempt."""

import asyncio

import pytest

from freeproviders import Client, Limiter, Limits, Retry, errors, providers
from freeproviders.sandbox import Scenario

every_provider = pytest.mark.parametrize("name", providers.names())


def client(sandbox, name, **words) -> Client:
    return Client(name, **{"base_url": sandbox.url(name), "retry": Retry(attempts=1), **words})


async def whole(asked) -> None:
    await asked.acomplete("hello")


async def streamed(asked) -> None:
    async for _ in asked.astream("hello"):
        pass


async def left(asked) -> None:
    events = asked.astream("hello")
    await anext(events)
    await events.aclose()


async def cancelled(asked) -> None:
    task = asyncio.ensure_future(asked.acomplete("hello"))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])


async def failed(asked) -> None:
    broken = asked.provider.with_settings({"default_headers": Scenario(status=500).as_header()})
    with pytest.raises(errors.ServerFailed):
        await Client(broken, limits=asked.rules.limiter, retry=Retry(attempts=1)).acomplete("hello")


ENDS = [whole, streamed, left, cancelled, failed]


@pytest.mark.parametrize("end", ENDS)
@every_provider
async def test_a_turn_is_given_back_however_the_call_ends(sandbox, name, end):
    asked = client(sandbox, name, limits=Limits(concurrency=1))
    for _ in range(3):
        await end(asked)
        (await asked.rules.limiter.acquire(within=0)).release()


@every_provider
async def test_a_turn_lasts_as_long_as_the_answer(sandbox, name):
    limiter = Limiter(Limits(concurrency=1))
    asked = client(sandbox, name, limits=limiter)
    events = asked.astream("hello")
    await anext(events)
    with pytest.raises(errors.LimitReached):
        await limiter.acquire(within=0)
    await events.aclose()


@pytest.mark.parametrize("ask", [whole, streamed])
async def test_calls_wait_for_their_turn_within_the_deadline(sandbox, ask):
    limiter = Limiter(Limits(concurrency=1))
    permit = await limiter.acquire(within=0)
    with pytest.raises(errors.LimitReached):
        await ask(client(sandbox, "yqcloud", limits=limiter, retry=Retry(deadline=0.05)))
    task = asyncio.ensure_future(ask(client(sandbox, "yqcloud", limits=limiter)))
    await asyncio.sleep(0.02)
    assert sandbox.received == []
    permit.release()
    await task


@pytest.mark.parametrize("ask", [whole, streamed])
async def test_an_impatient_copy_does_not_wait_for_its_turn(sandbox, ask):
    limiter = Limiter(Limits(concurrency=1))
    permit = await limiter.acquire(within=0)
    asked = client(sandbox, "yqcloud", limits=limiter, retry=Retry(deadline=3600))
    with pytest.raises(errors.LimitReached):
        await ask(asked.once(3600, patient=False))
    permit.release()
    await ask(asked.once(3600, patient=False))


@every_provider
async def test_a_copy_for_one_attempt_makes_one_and_shares_cookies_and_limits(sandbox, name):
    asked = client(sandbox, name, retry=Retry(attempts=5, deadline=50.0), cookies="a=1")
    once = asked.once(10.0)
    assert (once.rules.retry.attempts, once.rules.retry.deadline) == (1, 10.0)
    assert asked.once(100.0).rules.retry.deadline == 50.0
    assert (once.rules.limiter, once._cookies) == (asked.rules.limiter, asked._cookies)
    assert once._cookies is asked._cookies
    assert asked.rules.retry.attempts == 5
    sandbox.scenario = Scenario(status=500)
    with pytest.raises(errors.ServerFailed):
        await once.acomplete("hello")
    assert sum(item.endpoint == "answer" for item in sandbox.received) == 1


@pytest.mark.parametrize("ask", [whole, streamed])
@every_provider
async def test_the_deadline_ends_a_wait_for_the_first_byte(sandbox, name, ask):
    sandbox.scenario = Scenario(stall_before_headers=True)
    with pytest.raises(errors.TimedOut):
        await ask(client(sandbox, name, retry=Retry(attempts=3, deadline=0.1)))
    assert sum(item.endpoint == "answer" for item in sandbox.received) <= 1
