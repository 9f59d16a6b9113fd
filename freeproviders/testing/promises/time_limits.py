"""Every limit on waiting fires, and names itself. Which limit it was is asserted, never how long it took."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest

from freeproviders import errors
from freeproviders.policy import Retry, Timeouts
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, HELD, ONCE, PIECES, SILENT, collected, text_of
from freeproviders.testing.promises.base import Contract, streaming
from freeproviders.transport import Client

__all__ = ["TimeLimits"]

HASTY = Timeouts(first_byte=0.1)
RESTLESS = Timeouts(idle=0.1)


STALLS = {
    "no headers": SILENT,
    "headers alone": Scenario(pieces=PIECES, stall_at=0),
}


async def _size(sandbox: Sandbox, client: Client) -> int:
    sandbox.scenario = Scenario(pieces=PIECES)
    await client.acomplete("hello")
    return sandbox.received[-1].sent


class TimeLimits(Contract):
    """Every limit on waiting fires, and names itself."""

    @pytest.fixture
    def deaf_port(self) -> Iterator[int]:
        """A port whose queue is full, so that the system lets further connections wait."""
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for _ in range(4):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]

    async def test_connecting_is_limited(self, deaf_port: int) -> None:
        timeouts = Timeouts(connect=0.1, first_byte=30.0)
        client = Client(self.provider, base_url=f"http://127.0.0.1:{deaf_port}", timeouts=timeouts, retry=ONCE)
        with pytest.raises(errors.TimedOut, match="connecting"):
            await client.acomplete("hello")

    @pytest.mark.parametrize("stall", STALLS.values(), ids=STALLS)
    async def test_the_wait_for_the_first_byte_is_limited(self, sandbox: Sandbox, stall: Scenario) -> None:
        sandbox.scenario = stall
        with pytest.raises(errors.TimedOut, match="setting timeout"):
            await collected(self.client(sandbox, timeouts=HASTY))
        assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"

    async def test_a_pause_in_a_whole_answer_is_limited(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=PIECES, stall_at=await _size(sandbox, self.client(sandbox)) - 1)
        with pytest.raises(errors.TimedOut, match="paused"):
            await self.client(sandbox, timeouts=RESTLESS).acomplete("hello")
        assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"

    @streaming
    async def test_a_pause_in_a_stream_keeps_what_had_come(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        with pytest.raises(errors.StreamInterrupted, match="paused") as caught:
            await collected(self.client(sandbox, timeouts=RESTLESS))
        assert caught.value.partial == PIECES[0]
        assert isinstance(caught.value.__cause__, errors.TimedOut)

    @streaming
    async def test_the_callers_own_pause_does_not_count(self, sandbox: Sandbox) -> None:
        sandbox.scenario = HELD
        events = self.client(sandbox, timeouts=RESTLESS).astream("hello")
        first = await anext(events)
        await asyncio.sleep(0.25)
        sandbox.release()
        assert text_of([first, *[event async for event in events]]) == ANSWER

    async def test_an_answer_that_keeps_coming_has_no_limit(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=tuple("abcdefgh"), pause=0.1)
        timeouts = Timeouts(idle=0.5)
        assert await collected(self.client(sandbox, timeouts=timeouts)) == "abcdefgh"

    async def test_a_time_out_is_tried_again(self, sandbox: Sandbox) -> None:
        sandbox.script(SILENT, Scenario(pieces=PIECES))
        client = self.client(sandbox, timeouts=Timeouts(first_byte=0.3), retry=Retry(attempts=2))
        assert await collected(client) == ANSWER

    async def test_the_deadline_limits_the_wait_for_the_first_byte_too(self, sandbox: Sandbox) -> None:
        sandbox.scenario = SILENT
        client = self.client(sandbox, retry=Retry(attempts=1, deadline=0.1))
        with pytest.raises(errors.TimedOut):
            await client.acomplete("hello")
