"""A proxy is used, gets its credentials, and its failures are told apart from the service's."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import pytest
from contract_kit import every_provider

from freeproviders import Client, Retry, errors

REFUSES = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextlib.asynccontextmanager
async def _proxy(seen: list[str]) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(REFUSES)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _client(name: str, address: str, scheme: str) -> Client:
    proxy = f"http://us%40er:pa%3Ass@{address}"
    return Client(name, base_url=f"{scheme}://service.example", proxy=proxy, retry=Retry(attempts=1))


EXPECTED = f"Proxy-Authorization: Basic {base64.b64encode(b'us@er:pa:ss').decode()}"


@pytest.mark.parametrize(("scheme", "kind"), [("http", errors.RequestRejected), ("https", errors.ConnectionFailed)])
@every_provider
async def test_a_proxy_gets_its_credentials_and_its_refusal_is_told(name, scheme, kind):
    seen: list[str] = []
    async with _proxy(seen) as address:
        with pytest.raises(kind, match=r"proxy|407"):
            await _client(name, address, scheme).acomplete("hello")
    assert EXPECTED in seen[0]
    assert "service.example" in seen[0].splitlines()[0]


@every_provider
async def test_a_proxy_that_is_not_there_is_a_failed_connection(name):
    with pytest.raises(errors.ConnectionFailed):
        await _client(name, "127.0.0.1:9", "https").acomplete("hello")


@pytest.mark.parametrize("scheme", ["http://", ""])
@every_provider
async def test_the_environments_proxy_is_used(name, scheme, monkeypatch):
    seen: list[str] = []
    async with _proxy(seen) as address:
        monkeypatch.setenv("http_proxy", f"{scheme}{address}")
        client = Client(name, base_url="http://service.example", retry=Retry(attempts=1))
        with pytest.raises(errors.RequestRejected):
            await client.acomplete("hello")
    assert len(seen) == 1


@every_provider
def test_this_machine_is_never_asked_through_the_environments_proxy(sandbox, name, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Client(name, base_url=sandbox.url(name)).complete("hello").text
