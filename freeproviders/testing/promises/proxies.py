"""A proxy of any kind is used, gets its credentials, shows none, and its failures are told apart from the service's."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from freeproviders import errors
from freeproviders.sandbox import Sandbox
from freeproviders.testing.kit import ANSWER, ONCE, collected, shown
from freeproviders.testing.promises.base import Contract
from freeproviders.testing.proxy_servers import KINDS, LOGIN, REMOTE, SOCKS, USERINFO, port_of, running, through
from freeproviders.transport import Client

__all__ = ["Proxies"]

REFUSES = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
EXPECTED = f"Proxy-Authorization: Basic {base64.b64encode(b'us@er:pa:ss').decode()}"
ENVIRONMENT = {
    "HTTP_PROXY": ("http", "HTTP_PROXY"),
    "http_proxy": ("http", "http_proxy"),
    "ALL_PROXY": ("http", "ALL_PROXY"),
    "SOCKS by ALL_PROXY": ("socks5h", "ALL_PROXY"),
    "SOCKS by http_proxy": ("socks4a", "http_proxy"),
}


@contextlib.asynccontextmanager
async def _refusing(seen: list[str]) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(REFUSES)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Proxies(Contract):
    """A proxy is used, and never shown."""

    def _behind(self, address: str, scheme: str) -> Client:
        proxy = f"http://us%40er:pa%3Ass@{address}"
        return Client(self.provider, base_url=f"{scheme}://service.example", proxy=proxy, retry=ONCE)

    @pytest.mark.parametrize(("scheme", "kind"), [("http", errors.RequestRejected), ("https", errors.ConnectionFailed)])
    async def test_a_proxy_gets_its_credentials_and_its_refusal_is_told(
        self, scheme: str, kind: type[errors.ProviderError]
    ) -> None:
        seen: list[str] = []
        async with _refusing(seen) as address:
            with pytest.raises(kind, match=r"proxy|407"):
                await self._behind(address, scheme).acomplete("hello")
        assert EXPECTED in seen[0]
        assert "service.example" in seen[0].splitlines()[0]

    async def test_a_proxy_that_is_not_there_is_a_failed_connection(self) -> None:
        with pytest.raises(errors.ConnectionFailed):
            await self._behind("127.0.0.1:9", "https").acomplete("hello")

    @pytest.mark.parametrize("scheme", ["http://", ""])
    async def test_the_environments_proxy_may_have_no_scheme(
        self, scheme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[str] = []
        async with _refusing(seen) as address:
            monkeypatch.setenv("http_proxy", f"{scheme}{address}")
            client = Client(self.provider, base_url="http://service.example", retry=ONCE)
            with pytest.raises(errors.RequestRejected):
                await client.acomplete("hello")
        assert len(seen) == 1

    def test_this_machine_is_never_asked_through_the_environments_proxy(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert Client(self.provider, base_url=sandbox.url(self.provider)).complete("hello").text

    @pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
    @pytest.mark.parametrize("scheme", KINDS)
    async def test_an_answer_comes_through_the_proxy(
        self, sandbox: Sandbox, scheme: str, login: tuple[str, str] | None
    ) -> None:
        with running(sandbox, scheme, login=login) as (proxy, url):
            client = through(sandbox, scheme, self.provider, url)
            assert (await client.acomplete("hello")).text == ANSWER == await collected(client)
        assert proxy.strangers == []
        user, password = login or ("", "")
        for seen in proxy.seen:
            place = (True, "service.example", 80) if scheme in REMOTE else (False, "127.0.0.1", port_of(sandbox))
            assert (seen.is_name, seen.host, seen.port) == place
            assert seen.user == user
            if scheme not in ("socks4", "socks4a"):  # which have no password
                assert seen.password == password

    @pytest.mark.parametrize("scheme", SOCKS)
    async def test_a_wrong_login_is_a_failed_connection_that_shows_no_password(
        self, sandbox: Sandbox, scheme: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with running(sandbox, scheme, login=LOGIN) as (_, url):
            client = through(sandbox, scheme, self.provider, url.replace(USERINFO, "somebody:h%40nterzwei"))
            with pytest.raises(errors.ConnectionFailed, match="SOCKS proxy") as raised:
                await client.acomplete("hello")
        assert raised.value.provider == self.provider
        assert "nterzwei" not in shown(client, raised.value, caplog.text)
        assert sandbox.received == []

    @pytest.mark.parametrize(("scheme", "variable"), ENVIRONMENT.values(), ids=ENVIRONMENT)
    async def test_the_environments_proxy_is_used(
        self, sandbox: Sandbox, scheme: str, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with running(sandbox, scheme, login=LOGIN) as (proxy, url):
            monkeypatch.setenv(variable, url)
            client = Client(self.provider, base_url=f"http://service.example/{self.provider}", retry=ONCE)
            assert (await client.acomplete("hello")).text == ANSWER
        assert {seen.host for seen in proxy.seen} == {"service.example"}
