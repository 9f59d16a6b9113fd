"""Whoever stops listening closes the connection: cancelled tasks, early breaks, abandoned and closed generators."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Awaitable, Callable

import pytest

from freeproviders.blocking import portal
from freeproviders.policy import Clock, Retry
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, HELD, SILENT, collected, text_of
from freeproviders.testing.promises.base import Contract, streaming
from freeproviders.transport import Client
from freeproviders.wire import Text

__all__ = ["LeavingEarly"]


async def _arrived(sandbox: Sandbox) -> None:
    while not any(item.endpoint == "answer" for item in sandbox.received):
        await asyncio.sleep(0.002)


async def _outcome(sandbox: Sandbox) -> str:
    return await asyncio.to_thread(sandbox.received[-1].wait_closed, 10)


class LeavingEarly(Contract):
    """Whoever stops listening closes the connection."""

    @pytest.mark.parametrize("hold", [True, False], ids=["held", "leased"])
    @streaming
    async def test_a_break_out_of_a_stream_closes_the_connection(self, sandbox: Sandbox, hold: bool) -> None:
        sandbox.scenario = HELD
        async with contextlib.aclosing(self.client(sandbox, hold=hold).astream("hello")) as events:
            async for event in events:
                assert isinstance(event, Text)
                break
        assert await _outcome(sandbox) == "client closed"

    @streaming
    async def test_a_stream_that_is_dropped_closes_the_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        async for _ in self.client(sandbox).astream("hello"):
            break
        gc.collect()
        assert await _outcome(sandbox) == "client closed"

    @streaming
    def test_a_break_out_of_a_blocking_stream_closes_the_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        for event in self.client(sandbox).stream("hello"):
            assert isinstance(event, Text)
            break
        assert sandbox.received[-1].wait_closed(10) == "client closed"

    @streaming
    def test_closing_a_blocking_stream_closes_the_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox).stream("hello")
        next(events)
        events.close()
        assert sandbox.received[-1].wait_closed(10) == "client closed"

    @pytest.mark.parametrize("scenario", [HELD, SILENT], ids=["in the answer", "before the answer"])
    @pytest.mark.parametrize("ask", [collected, Client.acomplete], ids=["stream", "whole"])
    async def test_cancelling_a_call_closes_the_connection(
        self, sandbox: Sandbox, ask: Callable[[Client, str], Awaitable[object]], scenario: Scenario
    ) -> None:
        sandbox.scenario = scenario
        task = asyncio.ensure_future(ask(self.client(sandbox), "hello"))
        await _arrived(sandbox)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _outcome(sandbox) == "client closed"

    async def test_a_callers_own_time_limit_closes_the_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = SILENT
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(self.client(sandbox).acomplete("hello"), 0.1)
        assert await _outcome(sandbox) == "client closed"

    async def test_cancelling_one_call_leaves_its_neighbour_alone(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        sandbox.scenario = SILENT
        task = asyncio.ensure_future(client.acomplete("hello"))
        await _arrived(sandbox)
        sandbox.scenario = None
        neighbour = asyncio.ensure_future(client.acomplete("hello"))
        task.cancel()
        assert (await neighbour).text
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_cancelling_during_a_wait_between_attempts_ends_the_call(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(status=500)
        sleeping = asyncio.Event()

        async def sleep(_: float) -> None:
            sleeping.set()
            await asyncio.Event().wait()

        client = self.client(sandbox, retry=Retry(attempts=3), clock=Clock(sleep=sleep))
        task = asyncio.ensure_future(client.acomplete("hello"))
        await sleeping.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    @streaming
    def test_a_stream_may_be_dropped_by_the_collector_on_the_background_loop(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox).stream("hello")
        next(events)
        cycle: list[object] = [events]
        cycle.append(cycle)
        del events, cycle

        async def collect() -> int:
            return gc.collect()

        portal.call(collect)
        assert sandbox.received[-1].wait_closed(10) == "client closed"

    @streaming
    def test_a_stream_may_be_read_on_by_another_thread(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox).stream("hello")
        heard = [next(events)]
        sandbox.release()
        reader = threading.Thread(target=lambda: heard.extend(events))
        reader.start()
        reader.join()
        assert text_of(heard) == ANSWER

    def test_a_stream_that_is_never_started_sends_nothing(self, sandbox: Sandbox) -> None:
        self.client(sandbox).stream("hello").close()
        assert sandbox.received == []
