"""Every limit on waiting fires, and names itself. Which limit it was is asserted, never how long it took."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from contract_kit import ONCE, PIECES, client_of, collected, every_provider, every_streaming_provider

from freeproviders import Client, Retry, Timeouts, errors
from freeproviders.sandbox import Scenario

HASTY = Timeouts(first_byte=0.1)
RESTLESS = Timeouts(idle=0.1)


@pytest.fixture
def deaf_port() -> Iterator[int]:
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


@every_provider
async def test_connecting_is_limited(name, deaf_port):
    timeouts = Timeouts(connect=0.1, first_byte=30.0)
    client = Client(name, base_url=f"http://127.0.0.1:{deaf_port}", timeouts=timeouts, retry=ONCE)
    with pytest.raises(errors.TimedOut, match="connecting"):
        await client.acomplete("hello")


STALLS = {
    "no headers": Scenario(stall_before_headers=True),
    "headers alone": Scenario(pieces=PIECES, stall_at=0),
}


@pytest.mark.parametrize("stall", STALLS.values(), ids=STALLS)
@every_provider
async def test_the_wait_for_the_first_byte_is_limited(sandbox, name, stall):
    sandbox.scenario = stall
    with pytest.raises(errors.TimedOut, match="setting timeout"):
        await collected(client_of(sandbox, name, timeouts=HASTY))
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"


async def _size(sandbox, name: str) -> int:
    sandbox.scenario = Scenario(pieces=PIECES)
    await client_of(sandbox, name).acomplete("hello")
    return sandbox.received[-1].sent


@every_provider
async def test_a_pause_in_a_whole_answer_is_limited(sandbox, name):
    sandbox.scenario = Scenario(pieces=PIECES, stall_at=await _size(sandbox, name) - 1)
    with pytest.raises(errors.TimedOut, match="paused"):
        await client_of(sandbox, name, timeouts=RESTLESS).acomplete("hello")
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"


@every_streaming_provider
async def test_a_pause_in_a_stream_keeps_what_had_come(sandbox, name):
    sandbox.scenario = Scenario(pieces=PIECES, hold_after=1)
    with pytest.raises(errors.StreamInterrupted, match="paused") as caught:
        await collected(client_of(sandbox, name, timeouts=RESTLESS))
    assert caught.value.partial == PIECES[0]
    assert isinstance(caught.value.__cause__, errors.TimedOut)


@every_streaming_provider
async def test_the_callers_own_pause_does_not_count(sandbox, name):
    sandbox.scenario = Scenario(pieces=PIECES, hold_after=1)
    events = client_of(sandbox, name, timeouts=RESTLESS).astream("hello")
    first = await anext(events)
    await asyncio.sleep(0.25)
    sandbox.release()
    assert first.text + "".join([event.text async for event in events if hasattr(event, "text")]) == "".join(PIECES)


@every_provider
async def test_an_answer_that_keeps_coming_has_no_limit(sandbox, name):
    sandbox.scenario = Scenario(pieces=tuple("abcdefgh"), pause=0.1)
    timeouts = Timeouts(idle=0.5)
    assert await collected(client_of(sandbox, name, timeouts=timeouts)) == "abcdefgh"


@every_provider
async def test_a_time_out_is_tried_again(sandbox, name):
    sandbox.script(Scenario(stall_before_headers=True), Scenario(pieces=PIECES))
    client = client_of(sandbox, name, timeouts=Timeouts(first_byte=0.3), retry=Retry(attempts=2))
    assert await collected(client) == "".join(PIECES)


@every_provider
async def test_the_deadline_limits_the_wait_for_the_first_byte_too(sandbox, name):
    sandbox.scenario = Scenario(stall_before_headers=True)
    client = client_of(sandbox, name, retry=Retry(attempts=1, deadline=0.1))
    with pytest.raises(errors.TimedOut):
        await client.acomplete("hello")
