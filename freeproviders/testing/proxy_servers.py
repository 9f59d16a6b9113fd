"""Real proxies: SOCKS 4, 4a and 5 (RFC 1928, RFC 1929), HTTP with CONNECT, and a TLS front of a server.

Each listens on loopback in a thread of its own and forwards every destination to one port, so that any name may be
asked for.
"""

import asyncio
import base64
import contextlib
import ipaddress
import ssl
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from freeproviders.sandbox import Sandbox
from freeproviders.testing.kit import ONCE, says
from freeproviders.transport import Client

__all__ = [
    "KINDS",
    "LOGIN",
    "REMOTE",
    "SOCKS",
    "USERINFO",
    "address_of",
    "forward",
    "port_of",
    "running",
    "served",
    "through",
]

# Of the loop, from a connection to the task that serves it: three in CPython, with some to spare.
_ROUNDS = 5

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class _Refused(Exception):
    """The proxy lets nobody through."""


@contextlib.contextmanager
def served(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serves connections in a thread until the block ends; gives the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def end() -> None:
        server.close()
        # What has just come is served some rounds later: ended before it begins, nobody would close it.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # closed transports say so in the next round of the loop

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, _Refused):
                await handler(reader, writer)
        finally:
            writer.close()

    starting = asyncio.start_server(quiet, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, head: bytes = b"") -> None:
    """Passes bytes in both directions until one side ends."""
    to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
    to_writer.write(head)

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()

    ways = [asyncio.ensure_future(copy(reader, to_writer)), asyncio.ensure_future(copy(to_reader, writer))]
    try:
        await asyncio.wait(ways, return_when="FIRST_COMPLETED")
    finally:
        to_writer.close()  # before anything is awaited, as the end of the server may cancel that
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


@dataclass
class Seen:
    """What a proxy was asked for.

    Attributes:
        version: 4 or 5 for SOCKS, 1 for HTTP.
        host: The destination as it was named.
        is_name: Whether that is a domain name, not an address.
        port: Its port.
        user: Who asked, as far as said.
        password: Their password.
    """

    version: int
    host: str = ""
    is_name: bool = False
    port: int = 0
    user: str = ""
    password: str = ""


@dataclass
class Proxy(ABC):
    """A proxy that forwards to a port.

    Attributes:
        target: The port.
        login: User and password that it demands; for SOCKS 4 the user counts alone.
        refuses: Whether it declines every destination.
        seen: What it was asked for.
        strangers: First bytes that were not its protocol.
        open: Connections that are open.
    """

    target: int
    login: tuple[str, str] | None = None
    refuses: bool = False
    seen: list[Seen] = field(default_factory=list)
    strangers: list[bytes] = field(default_factory=list)
    open: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        self.open += 1
        try:
            head = await self.greet(reader, writer)
            await forward(reader, writer, self.target, head)
        finally:
            self.open -= 1

    @abstractmethod
    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Speaks its protocol up to the connection; gives what is to be sent on first."""

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Serves until the block ends; gives host and port."""
        with served(self.handle) as port:
            yield f"127.0.0.1:{port}"


class SocksProxy(Proxy):
    """SOCKS 4, 4a and 5."""

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        first = await reader.readexactly(1)
        if first == b"\x05":
            await self._five(reader, writer)
        elif first == b"\x04":
            await self._four(reader, writer)
        else:
            self.strangers.append(first + await reader.read(100))
            raise _Refused
        return b""

    async def _five(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = Seen(version=5)
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        method = 2 if self.login else 0
        if method not in methods:
            writer.write(b"\x05\xff")
            raise _Refused
        writer.write(bytes([5, method]))
        if self.login:
            assert await reader.readexactly(1) == b"\x01"
            seen.user, seen.password = [await _counted(reader), await _counted(reader)]
            good = (seen.user, seen.password) == self.login
            writer.write(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                raise _Refused
        await _destination(reader, seen)
        self.seen.append(seen)
        writer.write(bytes([5, 2 if self.refuses else 0, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.refuses:
            raise _Refused

    async def _four(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command, port, address = struct.unpack("!BH4s", await reader.readexactly(7))
        assert command == 1
        user = (await reader.readuntil(b"\0"))[:-1].decode()
        is_name = address[:3] == b"\0\0\0" and address[3] != 0
        host = (await reader.readuntil(b"\0"))[:-1].decode() if is_name else str(ipaddress.ip_address(address))
        self.seen.append(Seen(version=4, host=host, is_name=is_name, port=port, user=user))
        good = not self.refuses and (self.login is None or user == self.login[0])
        writer.write(bytes([0, 90 if good else 93, 0, 0, 0, 0, 0, 0]))
        if not good:
            raise _Refused


class HttpProxy(Proxy):
    """HTTP: CONNECT, and whole requests, which it forwards as they are."""

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        method, where, _ = head.decode().split(" ", 2)
        authority = where if method == "CONNECT" else where.split("/")[2]
        host, _, port = authority.partition(":")
        user, password = _basic(head.decode())
        self.seen.append(Seen(version=1, host=host, is_name=True, port=int(port or 80), user=user, password=password))
        if self.refuses or (self.login and (user, password) != self.login):
            status = b"403 Forbidden" if self.refuses else b"407 Proxy Authentication Required"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            raise _Refused
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return b""
        return head.replace(f"http://{authority}".encode(), b"", 1)


def _basic(head: str) -> tuple[str, str]:
    token = next((line.split()[-1] for line in head.splitlines() if line.lower().startswith("proxy-auth")), "")
    user, _, password = base64.b64decode(token).decode().partition(":")
    return user, password


async def _destination(reader: asyncio.StreamReader, seen: Seen) -> None:
    head = await reader.readexactly(4)
    assert head[:3] == b"\x05\x01\x00"
    seen.is_name = head[3] == 3
    if seen.is_name:
        seen.host = await _counted(reader)
    else:
        seen.host = str(ipaddress.ip_address(await reader.readexactly({1: 4, 4: 16}[head[3]])))
    (seen.port,) = struct.unpack("!H", await reader.readexactly(2))


async def _counted(reader: asyncio.StreamReader) -> str:
    return (await reader.readexactly((await reader.readexactly(1))[0])).decode()


LOGIN = ("us@er", "pa:ss/w%rd")
USERINFO = ":".join(quote(part, safe="") for part in LOGIN)
SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
KINDS: dict[str, type[Proxy]] = {"http": HttpProxy, **dict.fromkeys(SOCKS, SocksProxy)}
# The proxy resolves these names by itself; of the others it sees an address.
REMOTE = ("http", "socks4a", "socks5h")


def port_of(sandbox: Sandbox) -> int:
    """The port of the sandbox's services."""
    port = urlsplit(sandbox.url()).port
    assert port is not None
    return port


def address_of(sandbox: Sandbox, scheme: str, name: str) -> str:
    """An address of the sandbox that this kind of proxy can reach; no name but localhost is resolved here."""
    return f"http://service.example/{name}" if scheme in REMOTE else f"http://localhost:{port_of(sandbox)}/{name}"


@contextlib.contextmanager
def running(sandbox: Sandbox, scheme: str, **words: Any) -> Iterator[tuple[Proxy, str]]:
    """Runs a proxy of this kind in front of the sandbox until the block ends.

    Args:
        sandbox: Where everything is forwarded to.
        scheme: A key of ``KINDS``.
        words: ``login``, ``refuses``; see ``Proxy``.

    Yields:
        The proxy, and its URL with the login.
    """
    sandbox.scenario = sandbox.scenario or says()
    proxy = KINDS[scheme](target=port_of(sandbox), **words)
    with proxy.running() as where:
        yield proxy, f"{scheme}://{USERINFO}@{where}" if proxy.login else f"{scheme}://{where}"


def through(sandbox: Sandbox, scheme: str, name: str, url: str, **words: Any) -> Client:
    """A client that asks the sandbox through the proxy at this URL, once."""
    return Client(name, **{"base_url": address_of(sandbox, scheme, name), "proxy": url, "retry": ONCE, **words})
