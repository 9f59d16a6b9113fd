"""Every field of a scenario does what it says, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp
import pytest

from freeproviders.sandbox import Scenario

PROVIDERS = ("pi", "pizzagpt", "aichats", "yqcloud", "flowgpt")
ABCDEF = Scenario(pieces=("ab", "cd", "ef"))


def change(**fields):
    return Scenario(pieces=("ab", "cd", "ef"), **fields)


@pytest.fixture
async def stream(calls):
    """Opens a Yqcloud answer under a scenario."""
    origin = "https://chat9.yqcloud.top"
    usual = {"Accept": "text/plain", "Origin": origin, "Referer": f"{origin}/"}

    @contextlib.asynccontextmanager
    async def opened(scenario):
        url = calls.sandbox.url("yqcloud") + "/api/generateStream"
        headers = {**usual, **scenario.as_header()}
        async with calls.session.post(url, json={"prompt": "hello"}, headers=headers) as response:
            yield response

    return opened


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_service_answers_well_without_a_scenario(calls, provider):
    assert (await calls.chat(provider)).status == 200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_replaces_the_brains(calls, provider):
    assert "Guten" in (await calls.chat(provider, Scenario(answer="Guten Tag"))).text


async def test_an_answer_arrives_to_the_letter(calls):
    assert (await calls.yqcloud(Scenario(answer=" a\n\n b\t"))).text == " a\n\n b\t"


async def test_pieces_are_the_events(calls):
    assert [json.loads(line)["data"] for line in (await calls.flowgpt(ABCDEF)).body.splitlines()] == ["ab", "cd", "ef"]


async def test_delay_comes_before_the_headers(calls):
    begin = asyncio.get_running_loop().time()
    await calls.yqcloud(Scenario(delay=0.05))
    assert asyncio.get_running_loop().time() - begin >= 0.05


async def test_first_byte_delay_comes_after_the_headers(stream):
    async with stream(change(first_byte_delay=60)) as response:
        assert response.status == 200


async def test_pause_comes_between_pieces(stream):
    async with stream(change(pause=60)) as response:
        assert await response.content.readany() == b"ab"


async def test_a_held_answer_shows_what_came_before_the_hold(sandbox, stream):
    async with stream(change(hold_after=1)) as response:
        assert await response.content.readany() == b"ab"
        assert sandbox.received[0].outcome == "open"
        sandbox.release()
        assert await response.content.read() == b"cdef"
    assert sandbox.received[0].wait_closed(5) == "complete"


async def test_hold_after_nothing_waits_after_the_headers(sandbox, stream):
    async with stream(change(hold_after=0)) as response:
        assert sandbox.received[0].sent == 0
        sandbox.release()
        assert await response.content.read() == b"abcdef"


async def test_a_release_before_the_hold_is_not_lost(sandbox, calls):
    sandbox.release()
    assert (await calls.yqcloud(change(hold_after=1))).text == "abcdef"


@pytest.mark.parametrize("word", ["hold", "reset"])
async def test_the_gate_closes_again(sandbox, stream, word):
    sandbox.release()
    getattr(sandbox, word)()
    async with stream(change(hold_after=1)) as response:
        assert await response.content.readany() == b"ab"
        assert sandbox.received[0].outcome == "open"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_service_can_be_held_before_its_end(sandbox, calls, provider):
    task = asyncio.ensure_future(calls.chat(provider, change(hold_after=1)))
    while not (sandbox.received and sandbox.received[-1].endpoint == "answer" and sandbox.received[-1].sent):
        await asyncio.sleep(0.001)
    assert not task.done()
    sandbox.release()
    assert (await task).status == 200


async def test_a_client_that_leaves_is_seen_at_once(sandbox, stream):
    async with stream(change(hold_after=1)) as response:
        await response.content.readany()
        response.close()
    assert await asyncio.to_thread(sandbox.received[0].wait_closed, 5) == "client closed"


@pytest.mark.parametrize("size", [1, 2, 4, 100])
async def test_fragments_have_exactly_that_size(sandbox, calls, size):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url().rpartition(":")[2]))
    header = json.dumps({"fragment": size, "pieces": ["abc", "defg"]})
    body = b'{"prompt":"x"}'
    origin = "https://chat9.yqcloud.top"
    writer.write(
        f"POST /yqcloud/api/generateStream HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\nOrigin: {origin}\r\n"
        f"Referer: {origin}/\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\nx-sandbox-scenario: {header}\r\n\r\n".encode()
        + body
    )
    _, _, chunked = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    chunks = [line for line in chunked.split(b"\r\n")[1::2] if line]
    assert chunks == [b"abcdefg"[at : at + size] for at in range(0, 7, size)]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("at", [0, 1, 7])
async def test_a_cut_comes_after_exactly_so_many_bytes(sandbox, calls, provider, at):
    with pytest.raises(aiohttp.ClientPayloadError):
        await calls.chat(provider, Scenario(cut_at=at))
    assert (sandbox.received[-1].sent, sandbox.received[-1].wait_closed(5)) == (at, "cut")


async def test_the_bytes_before_a_cut_arrive(stream):
    async with stream(change(cut_at=3)) as response:
        assert await response.content.readexactly(3) == b"abc"


async def test_a_cut_beyond_the_end_never_comes(calls):
    assert (await calls.yqcloud(change(cut_at=7))).text == "abcdef"


async def test_a_cut_before_the_headers_leaves_no_response(sandbox, calls):
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await calls.yqcloud(Scenario(cut_before_headers=True))
    assert sandbox.received[0].wait_closed(5) == "cut"


@pytest.mark.parametrize("at", [0, 3])
async def test_a_stall_stops_after_so_many_bytes(sandbox, stream, at):
    async with stream(change(stall_at=at)) as response:
        assert await response.content.readexactly(at) == b"abcdef"[:at]
        assert sandbox.received[0].outcome == "open"
    assert await asyncio.to_thread(sandbox.received[0].wait_closed, 5) == "client closed"
    assert sandbox.received[0].sent == at


async def test_a_stall_before_the_headers_sends_nothing(sandbox, calls):
    task = asyncio.ensure_future(calls.yqcloud(Scenario(stall_before_headers=True)))
    while not sandbox.received:
        await asyncio.sleep(0.001)
    task.cancel()
    assert await asyncio.to_thread(sandbox.received[0].wait_closed, 5) == "client closed"


async def test_a_compressed_answer_still_streams(sandbox, stream):
    async with stream(change(compress="gzip", hold_after=1)) as response:
        assert await response.content.readany() == b"ab"
        sandbox.release()
