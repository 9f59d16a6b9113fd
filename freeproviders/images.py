"""Fetches the bytes of an image that a service put behind a URL, under guard.

A URL from a service is input from a stranger: only https and public addresses are followed, redirects are checked
like the first URL, nothing of the provider (cookies, ``Origin``) is sent, and the size is capped. A provider whose
``base_url`` is a loopback address (the sandbox) may point at loopback.
"""

import asyncio
import ipaddress
import socket
import sys

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from freeproviders.errors import BadReply, ConnectionFailed, ProviderError, RequestRejected, TimedOut
from freeproviders.provider import Provider
from freeproviders.proxies import environment_proxy
from freeproviders.wire import Image

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["fetch", "sniff_type"]

MAX_IMAGE_BYTES = 32 * 1024 * 1024
_SECONDS = 60.0
_REDIRECTS = 3
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
}


def sniff_type(data: bytes) -> str | None:
    """The MIME type of an image by its first bytes, or None where they are no known image's."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES.items() if data.startswith(signature)), None)


async def fetch(image: Image, *, provider: Provider, proxy: str | None = None, limit: int = MAX_IMAGE_BYTES) -> Image:
    """The image with its bytes and MIME type.

    Args:
        image: An image of an answer; returned with its type alone where it has its bytes already.
        provider: Whose answer it is.
        proxy: Proxy URL; by default the environment's. A proxy resolves names itself, so that the check for
            public addresses then covers only addresses that are written in the URL.
        limit: Most bytes to accept.

    Raises:
        RequestRejected: If the URL is not allowed, or its server refuses (such URLs expire).
        BadReply: If what comes is no image, or too large.
        ConnectionFailed: If the server cannot be reached.
        TimedOut: If it takes longer than a minute.
    """
    name = provider.card.name
    data = image.data
    if data is None:
        try:
            async with timeout(_SECONDS):
                data = await _download(URL(image.url or ""), _is_loopback(URL(provider.base_url)), name, proxy, limit)
        except asyncio.TimeoutError as error:
            raise TimedOut("fetching the image took too long", provider=name) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConnectionFailed(f"the image cannot be fetched: {type(error).__name__}", provider=name) from error
    kind = sniff_type(data)
    if kind is None:
        raise BadReply("what came from the image's URL is not an image", provider=name)
    return Image(url=image.url, data=data, mime_type=kind)


async def _download(url: URL, loopback: bool, name: str, proxy: str | None, limit: int) -> bytes:
    for _ in range(_REDIRECTS + 1):
        _check(url, loopback, name)
        found = await _get(url, loopback, name, proxy or environment_proxy(str(url)), limit)
        if isinstance(found, bytes):
            return found
        url = url.join(found)
    raise RequestRejected("the image's URL redirects too often", provider=name)


async def _get(url: URL, loopback: bool, name: str, proxy: str | None, limit: int) -> bytes | URL:
    """The body, or where to look instead."""
    resolver = _GuardedResolver(loopback, URL(proxy).host if proxy else None)
    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        session.get(url, proxy=proxy, allow_redirects=False) as response,
    ):
        target = response.headers.get("Location")
        if response.status in (301, 302, 303, 307, 308) and target is not None:
            return URL(target)
        return await _body(response, name, limit)


async def _body(response: aiohttp.ClientResponse, name: str, limit: int) -> bytes:
    if response.status != 200:
        raise _refused("the image's server refused it; such URLs expire", name, response.status)
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise BadReply(f"the image exceeds {limit} bytes", provider=name)
    return b"".join(parts)


def _refused(message: str, name: str, status: int | None = None) -> ProviderError:
    return RequestRejected(message, provider=name, status=status)


def _check(url: URL, loopback: bool, name: str) -> None:
    if loopback and _is_loopback(url):
        return
    if url.scheme != "https":
        raise _refused("the image's URL is not https", name)
    # aiohttp does not ask the resolver about addresses written in the URL.
    if _address(url.host or "") is not None and not _is_public(url.host or ""):
        raise _refused("the image's URL points into a private network", name)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(host: str) -> bool:
    address = _address(host)
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped is not None and mapped.is_global and not mapped.is_multicast


def _is_loopback(url: URL) -> bool:
    address = _address(url.host or "")
    return url.host == "localhost" or (address is not None and address.is_loopback)


class _GuardedResolver(AbstractResolver):
    """Resolves names, and refuses those that lead into a private network, when the connection is made.

    Checking a name before and resolving it again for the connection would leave a gap between the two.
    """

    def __init__(self, loopback: bool, proxy: str | None) -> None:
        self._inner = ThreadedResolver()
        self._loopback = loopback
        self._proxy = proxy  # the caller's own, which may well be in a private network

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for item in found:
            loopback = self._loopback and ipaddress.ip_address(item["host"]).is_loopback
            if host != self._proxy and not loopback and not _is_public(item["host"]):
                raise OSError(f"{host} leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._inner.close()
