"""Connections that break in ways the sandbox's server library cannot produce, from a bare socket."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from freeproviders import Client, errors
from freeproviders.testing.kit import ONCE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
RESET = struct.pack("ii", 1, 0)


@contextlib.asynccontextmanager
async def _service(reply: bytes, *, reset: bool) -> AsyncIterator[Client]:
    """A Yqcloud that sends these bytes once the client listens, then closes or resets the connection."""
    tasks = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        await asyncio.sleep(0.05)  # a reset that overtook the bytes would drop them
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Client("yqcloud", base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", retry=ONCE)
        await asyncio.gather(*tasks)


async def test_a_body_that_the_connections_end_ends_is_whole():
    async with _service(HEAD + b"\r\nHello", reset=False) as client:
        assert (await client.acomplete("hello")).text == "Hello"


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_reset_never_passes_for_the_end(framing):
    body = b"5\r\nHello\r\n" if b"chunked" in framing else b"Hello"
    async with _service(HEAD + framing + b"\r\n" + body, reset=True) as client:
        with pytest.raises(errors.ConnectionFailed):
            await client.acomplete("hello")


@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_close_before_the_announced_end_is_a_failure(framing):
    body = b"5\r\nHello\r\n" if b"chunked" in framing else b"Hello"
    async with _service(HEAD + framing + b"\r\n" + body, reset=False) as client:
        with pytest.raises(errors.ConnectionFailed):
            await client.acomplete("hello")


NO_HTTP = [b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]


@pytest.mark.parametrize("reply", NO_HTTP)
async def test_what_is_no_http_is_a_typed_error(reply):
    async with _service(reply, reset=False) as client:
        with pytest.raises((errors.BadReply, errors.ConnectionFailed)):
            await client.acomplete("hello")


@pytest.mark.parametrize("status", [b"204 No Content", b"205 Reset", b"304 Not Modified", b"199 x", b"999 x"])
async def test_an_unusual_status_is_a_typed_error(status):
    async with _service(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n", reset=False) as client:
        with pytest.raises(errors.ProviderError):
            await client.acomplete("hello")


async def test_a_refused_connection_is_told_in_words():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens
        port = silent.getsockname()[1]
        with pytest.raises(errors.ConnectionFailed, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
            await Client("yqcloud", base_url=f"http://127.0.0.1:{port}", retry=ONCE).acomplete("hello")
