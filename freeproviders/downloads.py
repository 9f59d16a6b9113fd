"""Downloads what a service's answer links to, under guard. What the bytes are is judged in ``images``.

A URL in an answer is input from a stranger, who may want to reach into the network that this program runs in. So:

- Only https, and only hosts and addresses of the public internet, at every redirect anew. A name is looked up once for
  each request, and the connection goes to the very addresses that were judged: a second look-up could be answered
  differently.
- Nothing of the provider's is sent: no cookies, no ``Origin``, no ``Referer``, no headers.
- Size, time, pauses and redirects are limited. Compressed bodies count as what they unpack to.

Behind a proxy it is mostly the proxy that looks names up. Then addresses in the URL and names of private networks are
still refused, but not a public name that leads into a private network: that of the proxy, not this machine's.
"""

import asyncio
import socket
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from freeproviders.addresses import is_loopback_host, is_public_address, is_public_host
from freeproviders.errors import BadReply, ConnectionFailed, RequestRejected, TimedOut
from freeproviders.proxies import environment_proxy, http_proxy, is_socks, proxy_failure, socks_connector

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["Caps", "Download"]

_BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.ClientHttpProxyError)
_MOVED = (301, 302, 303, 307, 308)
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that is accepted from a stranger.

    Attributes:
        size: Bytes, unpacked.
        pixels: Pixels of an image, as its header states them: a small file may unpack to a huge picture in the
            program that shows it.
        seconds: For everything together, redirects included.
        idle: Seconds for connecting, and between two pieces.
        redirects: How many are followed.
    """

    size: int = 32 * 1024 * 1024
    pixels: int = 64_000_000
    seconds: float = 60.0
    idle: float = 15.0
    redirects: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """How to download for one provider.

    Attributes:
        provider: Its name, for errors.
        caps: The most to accept.
        loopback: Whether this machine may be asked too, by http as well: where the provider itself is a sandbox here.
        proxy: Proxy URL; by default the environment's.
        resolver: What looks names up; by default the system's.
    """

    provider: str
    caps: Caps
    loopback: bool = False
    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    resolver: AbstractResolver | None = None

    async def get(self, address: str) -> bytes:
        """What is at a URL.

        Raises:
            RequestRejected: If the URL is not allowed, or its server refuses.
            BadReply: If it is too large, or compressed in a way that is not understood.
            ConnectionFailed: If the server cannot be reached, or breaks off.
            TimedOut: If it takes too long.
        """
        with self._translated():
            async with timeout(self.caps.seconds):
                return await self._follow(_parsed(address))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except asyncio.TimeoutError as error:  # aiohttp's are, too
            raise TimedOut("fetching the image took too long", provider=self.provider) from error
        except (*_BROKEN, OSError) as error:
            why = f"the image cannot be fetched ({type(error).__name__}). Check the network and the proxy"
            raise ConnectionFailed(why, provider=self.provider) from error
        except ValueError as error:
            raise self._refused("cannot be read") from error
        except (aiohttp.ClientError, zlib.error) as error:
            raise BadReply("what came for the image cannot be read or unpacked", provider=self.provider) from error
        except Exception as error:
            if (failure := proxy_failure(error)) is None:
                raise
            failure.provider = self.provider
            raise failure from error

    async def _follow(self, url: URL) -> bytes:
        for _ in range(self.caps.redirects + 1):
            self._check(url)
            found = await self._ask(url)
            if isinstance(found, bytes):
                return found
            url = url.join(found)
        raise self._refused("redirects too often")

    def _check(self, url: URL) -> None:
        host = url.raw_host or ""
        if self.loopback and url.scheme in ("http", "https") and is_loopback_host(host):
            return
        if url.scheme != "https":
            raise self._refused("is not https")
        # aiohttp does not ask a resolver about addresses.
        if not is_public_host(host):
            raise self._refused("points into a private network")
        if url.raw_user is not None or url.raw_password is not None:
            raise self._refused("holds credentials")

    def _refused(self, why: str, status: int | None = None) -> RequestRejected:
        return RequestRejected(f"the image's URL {why}", provider=self.provider, status=status)

    async def _ask(self, url: URL) -> bytes | URL:
        """The body, or where to look instead."""
        proxy = self.proxy or environment_proxy(str(url))
        through, credentials = http_proxy(proxy)
        pauses = aiohttp.ClientTimeout(total=None, sock_connect=self.caps.idle, sock_read=self.caps.idle)
        async with (
            aiohttp.ClientSession(
                connector=self._connector(proxy),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=pauses,
            ) as session,
            session.get(
                url,
                headers={**_HEADERS, **(credentials if url.scheme == "http" else {})},
                proxy=through,
                proxy_headers=credentials,
                allow_redirects=False,
            ) as response,
        ):
            if response.status in _MOVED and "Location" in response.headers:
                return _parsed(response.headers["Location"])
            return await self._body(response)

    def _connector(self, proxy: str | None) -> aiohttp.BaseConnector:
        if proxy is not None and is_socks(proxy):
            return socks_connector(_Connector, proxy)
        resolver = self.resolver or ThreadedResolver()
        # With a proxy, its own is the only name that is looked up here; it may well be in a private network.
        return _Connector(resolver=resolver if proxy else _Guarded(resolver, self), use_dns_cache=False)

    def checked(self, host: str, found: list[ResolveResult]) -> list[ResolveResult]:
        """The addresses that a name leads to.

        Raises:
            RequestRejected: If any of them is not allowed.
        """
        for item in found:
            if not is_public_address(item["host"]) and not (self.loopback and is_loopback_host(item["host"])):
                raise self._refused(f"leads into a private network: {host} has an address that is not public")
        return found

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        if response.status != HTTPStatus.OK:
            raise self._refused("is refused by its server; such URLs expire", response.status)
        parts, room = list[bytes](), self.caps.size
        if (response.content_length or 0) > room:
            raise self._too_large()
        unpack = self._unpacking(response.headers.get("Content-Encoding", "").strip().lower())
        async for data in response.content.iter_any():
            part = unpack(data, room + 1)  # one more than fits is enough to know
            room -= len(part)
            if room < 0:
                raise self._too_large()
            parts.append(part)
        return b"".join(parts)

    def _unpacking(self, encoding: str) -> Callable[[bytes, int], bytes]:
        """What unpacks a body: given its next bytes, and how many to make of them at most."""
        if encoding in ("", "identity"):
            return lambda data, _: data
        if encoding in ("gzip", "x-gzip", "deflate"):
            return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress
        raise BadReply(f"the image came compressed as {encoding!r}, which was not asked for", provider=self.provider)

    def _too_large(self) -> BadReply:
        return BadReply(f"the image exceeds {self.caps.size} bytes", provider=self.provider)


def _parsed(address: str) -> URL:
    url = URL(address)
    # What needs no quoting is not touched, as signatures in URLs may be over every character.
    quoted = address.isascii() and address.isprintable() and " " not in address
    return URL(address, encoded=True) if quoted else url


class _Connector(aiohttp.TCPConnector):
    """The connection of one request."""


class _Guarded(AbstractResolver):
    """Looks names up when the connection is made, and hands on only addresses that are allowed."""

    def __init__(self, inner: AbstractResolver, rules: Download) -> None:
        self._inner = inner
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return self._rules.checked(host, await self._inner.resolve(host, port, family))

    async def close(self) -> None:
        """Nothing: the inner one belongs to whoever made it."""
