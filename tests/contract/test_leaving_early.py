"""Whoever stops listening closes the connection: cancelled tasks, early breaks, abandoned and closed generators."""

import asyncio
import contextlib
import gc
import threading

import pytest
from contract_kit import PIECES, client_of, collected, every_provider, every_streaming_provider

from freeproviders import Client, Retry, Text
from freeproviders.blocking import portal
from freeproviders.policy import Clock
from freeproviders.sandbox import Scenario

HELD = Scenario(pieces=PIECES, hold_after=1)
SILENT = Scenario(stall_before_headers=True)


async def _arrived(sandbox) -> None:
    while not any(item.endpoint == "answer" for item in sandbox.received):
        await asyncio.sleep(0.002)


async def _outcome(sandbox) -> str:
    return await asyncio.to_thread(sandbox.received[-1].wait_closed, 10)


@pytest.mark.parametrize("hold", [True, False], ids=["held", "leased"])
@every_streaming_provider
async def test_a_break_out_of_a_stream_closes_the_connection(sandbox, name, hold):
    sandbox.scenario = HELD
    async with contextlib.aclosing(client_of(sandbox, name, hold=hold).astream("hello")) as events:
        async for event in events:
            assert isinstance(event, Text)
            break
    assert await _outcome(sandbox) == "client closed"


@every_streaming_provider
async def test_a_stream_that_is_dropped_closes_the_connection(sandbox, name):
    sandbox.scenario = HELD
    async for _ in client_of(sandbox, name).astream("hello"):
        break
    gc.collect()
    assert await _outcome(sandbox) == "client closed"


@every_streaming_provider
def test_a_break_out_of_a_blocking_stream_closes_the_connection(sandbox, name):
    sandbox.scenario = HELD
    for event in client_of(sandbox, name).stream("hello"):
        assert isinstance(event, Text)
        break
    assert sandbox.received[-1].wait_closed(10) == "client closed"


@every_streaming_provider
def test_closing_a_blocking_stream_closes_the_connection(sandbox, name):
    sandbox.scenario = HELD
    events = client_of(sandbox, name).stream("hello")
    next(events)
    events.close()
    assert sandbox.received[-1].wait_closed(10) == "client closed"


@pytest.mark.parametrize("scenario", [HELD, SILENT], ids=["in the answer", "before the answer"])
@pytest.mark.parametrize("ask", [collected, Client.acomplete], ids=["stream", "whole"])
@every_provider
async def test_cancelling_a_call_closes_the_connection(sandbox, name, ask, scenario):
    sandbox.scenario = scenario
    task = asyncio.ensure_future(ask(client_of(sandbox, name), "hello"))
    await _arrived(sandbox)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _outcome(sandbox) == "client closed"


@every_provider
async def test_a_callers_own_time_limit_closes_the_connection(sandbox, name):
    sandbox.scenario = SILENT
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(client_of(sandbox, name).acomplete("hello"), 0.1)
    assert await _outcome(sandbox) == "client closed"


@every_provider
async def test_cancelling_one_call_leaves_its_neighbour_alone(sandbox, name):
    client = client_of(sandbox, name)
    sandbox.scenario = SILENT
    task = asyncio.ensure_future(client.acomplete("hello"))
    await _arrived(sandbox)
    sandbox.scenario = None
    neighbour = asyncio.ensure_future(client.acomplete("hello"))
    task.cancel()
    assert (await neighbour).text
    with pytest.raises(asyncio.CancelledError):
        await task


@every_provider
async def test_cancelling_during_a_wait_between_attempts_ends_the_call(sandbox, name):
    sandbox.scenario = Scenario(status=500)
    sleeping = asyncio.Event()

    async def sleep(_: float) -> None:
        sleeping.set()
        await asyncio.Event().wait()

    client = client_of(sandbox, name, retry=Retry(attempts=3), clock=Clock(sleep=sleep))
    task = asyncio.ensure_future(client.acomplete("hello"))
    await sleeping.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@every_streaming_provider
def test_a_stream_may_be_dropped_by_the_collector_on_the_background_loop(sandbox, name):
    sandbox.scenario = HELD
    events = client_of(sandbox, name).stream("hello")
    next(events)
    cycle: list = [events]
    cycle.append(cycle)
    del events, cycle

    async def collect() -> int:
        return gc.collect()

    portal.call(collect)
    assert sandbox.received[-1].wait_closed(10) == "client closed"


@every_streaming_provider
def test_a_stream_may_be_read_on_by_another_thread(sandbox, name):
    sandbox.scenario = HELD
    events = client_of(sandbox, name).stream("hello")
    texts = [next(events).text]
    sandbox.release()
    reader = threading.Thread(target=lambda: texts.extend(item.text for item in events if isinstance(item, Text)))
    reader.start()
    reader.join()
    assert "".join(texts) == "".join(PIECES)


@every_provider
def test_a_stream_that_is_never_started_sends_nothing(sandbox, name):
    client_of(sandbox, name).stream("hello").close()
    assert sandbox.received == []
