"""One HTTP request and its response: opened, judged by status, read under time and size limits.

The only place that meets aiohttp's exceptions; what leaves it are this package's errors. Retries, exchanges and
sessions live elsewhere.
"""

import asyncio
import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from freeproviders.errors import BadReply, ConnectionFailed, InvalidSetting, ProviderError, TimedOut
from freeproviders.policy import Timeouts
from freeproviders.provider import Provider
from freeproviders.proxies import http_proxy, proxy_failure
from freeproviders.watching import Ending, IdleWatch
from freeproviders.wire import Reply, Request

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["Channel", "Target"]

_ERROR_HEAD_BYTES = 16 * 1024
# The status alone says what went wrong; the body only adds words to it, so it is not waited for longer than this.
_ERROR_BODY_SECONDS = 5.0
# What a header may never contain: it would end the header and begin another.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where and as whom the requests of a client go.

    Attributes:
        provider: The provider with its settings.
        cookies: The client's cookies by now; kept up to date as the service rotates them.
        proxy: Proxy URL, or None for a direct connection.
        timeouts: Limits in seconds.
    """

    provider: Provider
    cookies: dict[str, str]
    proxy: str | None
    timeouts: Timeouts


class Channel:
    """An open response, its first bytes already read.

    Attributes:
        reply: Status, headers and cookies of the response.
        first: The first bytes of its body; empty only for an empty body.
        size: How many bytes of its body have been read.
    """

    def __init__(self, target: Target, response: aiohttp.ClientResponse, first: bytes) -> None:
        self.reply: Reply = _reply(response)
        self.first = first
        self._target = target
        self._response = response
        self.size: int = len(first)
        self._ending = Ending(response)
        self._watch = IdleWatch(target.timeouts.idle, response)

    @classmethod
    async def open(
        cls, session: aiohttp.ClientSession, target: Target, request: Request, *, within: float
    ) -> "Channel":
        """Sends a request and waits for the first bytes of a good answer.

        Args:
            session: Where connections come from.
            target: Where the request goes.
            request: The request.
            within: Seconds until the first byte must be there.

        Raises:
            ProviderError: For a status, a failed connection or a time limit.
        """
        channel = cls(target, *await _answered(session, target, request, within))
        try:
            await channel._judge()
        except BaseException:
            channel.close()
            raise
        return channel

    async def _judge(self) -> None:
        good = _is_good(self._response)
        head = self.first if good else await _error_head(self._response)
        if error := self._target.provider.failure(self._with_body(head)):
            raise error
        if not good:
            raise BadReply("the service answered with an unusual status", status=self.reply.status)
        self._check_size()

    async def read(self) -> bytes:
        """The bytes that have arrived since, as soon as there are any; empty at the end.

        Raises:
            ProviderError: If the connection breaks, stays silent for too long, or the body is too large.
        """
        try:
            with self._watch:
                data = await self._response.content.readany()
        except Exception as error:
            _translate(error, self._target, self._watch)
            raise
        if not data and (reset := self._ending.error) is not None:
            raise ConnectionFailed("the connection was reset", provider=_name(self._target)) from reset
        self.size += len(data)
        self._check_size()
        return data

    def _check_size(self) -> None:
        limit = self._target.provider.max_body_bytes
        if self.size > limit:
            raise BadReply(f"the answer exceeds {limit} bytes (setting max_body_bytes)", provider=_name(self._target))

    async def read_all(self) -> Reply:
        """The whole reply."""
        parts = [self.first]
        while data := await self.read():
            parts.append(data)
        return self._with_body(b"".join(parts))

    def _with_body(self, body: bytes) -> Reply:
        return Reply(status=self.reply.status, headers=self.reply.headers, cookies=self.reply.cookies, body=body)

    def close(self) -> None:
        """Ends the exchange; the connection returns to the pool only if the body was read to its end."""
        self._watch.stop()
        self._response.close()


def _arguments(target: Target, request: Request) -> dict[str, Any]:
    provider = target.provider
    headers = CIMultiDict(request.headers)
    cookies = {k: v for k, v in target.cookies.items() if k not in request.drop_cookies} | dict(request.cookies)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers.update(provider.default_headers)
    for name, value in headers.items():
        if not isinstance(value, str) or _CONTROL.search(f"{name}{value}"):
            raise InvalidSetting(f"header {name!r} must be a text without control characters", provider=_name(target))
    url = _url(target, request)
    proxy, credentials = http_proxy(target.proxy)
    if url.scheme == "http":  # then the proxy reads the request itself, else only the CONNECT before it
        headers.update(credentials)
    return {
        "method": request.method,
        "url": url,
        "headers": headers,
        "data": None if request.body is None else _encoded(target, request.body),
        "proxy": proxy,
        "proxy_headers": credentials,
        # A redirect would carry the caller's headers to another place: it is an answer to judge, not to follow.
        "allow_redirects": False,
        "timeout": aiohttp.ClientTimeout(total=None, sock_connect=target.timeouts.connect),
    }


def _url(target: Target, request: Request) -> URL:
    try:
        url = URL(target.provider.base_url.rstrip("/") + request.path)
        return url.update_query(request.query) if request.query else url
    except (TypeError, ValueError) as error:
        raise InvalidSetting(f"base_url, path or extra_query: {error}", provider=_name(target)) from error


def _encoded(target: Target, body: Any) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate can only travel escaped
        return json.dumps(body).encode()
    except (TypeError, ValueError) as error:
        raise InvalidSetting(f"extra_body does not fit into JSON: {error}", provider=_name(target)) from error


def _name(target: Target) -> str:
    return target.provider.card.name


def _reply(response: aiohttp.ClientResponse) -> Reply:
    return Reply(
        status=response.status,
        headers={name.lower(): value for name, value in response.headers.items()},
        # coded_value: a quoted value goes back with its quotes, as a browser would send it.
        cookies={name: morsel.coded_value for name, morsel in response.cookies.items() if morsel["max-age"] != "0"},
    )


def _is_good(response: aiohttp.ClientResponse) -> bool:
    return 200 <= response.status < 300


async def _answered(
    session: aiohttp.ClientSession, target: Target, request: Request, within: float
) -> tuple[aiohttp.ClientResponse, bytes]:
    """A response and the first bytes of its body, in the time there is for them."""
    try:
        async with timeout(within):
            response = await session.request(**_arguments(target, request))
            return response, await _first_bytes(response)
    except Exception as error:
        if isinstance(error, asyncio.TimeoutError) and not isinstance(error, aiohttp.ServerTimeoutError):
            message = f"no answer within {within:g} s (setting timeout)"
            raise TimedOut(message, provider=_name(target)) from error
        _translate(error, target)
        raise


async def _first_bytes(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.readany() if _is_good(response) else b""
    except BaseException:
        response.close()
        raise


async def _error_head(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of an error's body, as much of it as comes."""
    head = b""
    with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
        async with timeout(_ERROR_BODY_SECONDS):
            while len(head) < _ERROR_HEAD_BYTES and (data := await response.content.readany()):
                head += data
    return head[:_ERROR_HEAD_BYTES]


def _translate(error: Exception, target: Target, watch: IdleWatch | None = None) -> None:
    """Raises what an exception means, if it means anything here."""
    if isinstance(
        error, aiohttp.ClientResponseError
    ):  # it shows the headers that were sent, keys and cookies with them
        error.request_info = error.request_info._replace(headers=CIMultiDictProxy(CIMultiDict()))
        error.args = (error.request_info, error.history)
    if failure := proxy_failure(error) or _failure(error, watch):
        failure.provider = _name(target)
        raise failure from error


def _failure(error: Exception, watch: IdleWatch | None) -> ProviderError | None:
    """What an exception of aiohttp or the system means; None for any other."""
    match error:
        case aiohttp.InvalidURL() | aiohttp.InvalidUrlClientError():
            return InvalidSetting("base_url is not a usable URL")
        case aiohttp.ServerTimeoutError() | asyncio.TimeoutError():
            return TimedOut("connecting took too long")
        case aiohttp.ClientHttpProxyError():
            return ConnectionFailed(f"the proxy answered HTTP {error.status}: {error.message}")
        case aiohttp.ClientResponseError():
            # aiohttp reports a body it cannot decompress as HTTP 400, whatever the service's status was.
            return BadReply(f"the reply cannot be read: {error.message}")
        case aiohttp.ClientError() | OSError():
            if isinstance(error.__cause__, ContentEncodingError):
                return BadReply(f"the reply cannot be read: {error.__cause__.message}")
            if watch is not None and watch.expired:
                return TimedOut(watch.message)
            advice = "Check the network and the proxy; if the service has moved, set base_url."
            return ConnectionFailed(f"{_trouble(error)}. {advice}")
    return None


def _trouble(error: Exception) -> str:
    """What went wrong, in words; aiohttp's own speak of its settings for TLS, where there is none too."""
    if not isinstance(error, aiohttp.ClientConnectorError) or isinstance(error, aiohttp.ClientSSLError):
        return str(error) or type(error).__name__
    number = error.os_error.errno or 0
    return f"cannot connect to {error.host}:{error.port}: {os.strerror(number) if number > 0 else error.os_error}"
