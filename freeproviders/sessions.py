"""One aiohttp session per event loop, shared by every client on it and closed with its last lease.

There is one more for each SOCKS proxy in use, as a connection belongs to such a proxy from its first byte on.

A session is bound to the loop it was made on, so it never sits on a client or model. It carries no cookies and no
headers: those travel with each request, so sharing it shares connections and nothing else. Two policies:

- leased: open while at least one call or ``async with`` uses it;
- held: a lease that lives as long as the loop, kept by an async generator that ``loop.shutdown_asyncgens()`` (which
  ``asyncio.run`` calls) closes. Loops that are closed without that call, as LlamaIndex does, need the leased policy.
"""

import asyncio
import atexit
import os
import weakref
from collections.abc import AsyncGenerator

import aiohttp

from freeproviders.proxies import socks_connector

__all__ = ["Lease", "acquire", "hold", "release"]

# Streams last long: the usual pool of 100 connections would queue the 101st caller without a word.
_UNLIMITED = 0


class _Leavable(aiohttp.TCPConnector):
    """A connector that can be left to the parent process after a fork, without a word and without touching it."""

    abandoned = False

    def __del__(self, *args: object, **kwargs: object) -> None:
        if not self.abandoned:
            super().__del__(*args, **kwargs)


class _Pool:
    """The sessions of one loop, by SOCKS proxy, the number of leases, and the keeper of the held lease."""

    def __init__(self) -> None:
        self.sessions: dict[str | None, aiohttp.ClientSession] = {}
        self.leases = 0
        self.keeper: AsyncGenerator[None, None] | None = None

    def session(self, socks: str | None) -> aiohttp.ClientSession:
        if socks not in self.sessions:
            self.sessions[socks] = aiohttp.ClientSession(
                connector=_Leavable(limit=_UNLIMITED) if socks is None else socks_connector(_Leavable, socks),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=True,
                # Environment proxies are resolved by the client; aiohttp's trust_env would also read ~/.netrc.
                trust_env=False,
            )
        return self.sessions[socks]

    async def close(self) -> None:
        for session in self.sessions.values():
            await session.close()


_pools: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool]" = weakref.WeakKeyDictionary()


def acquire(socks: str | None = None) -> aiohttp.ClientSession:
    """The running loop's session, open until a matching ``release``.

    Args:
        socks: URL of the SOCKS proxy that its connections go through.
    """
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        _forget_closed_loops()
        pool = _pools[loop] = _Pool()
    session = pool.session(socks)
    pool.leases += 1
    return session


async def release() -> None:
    """Gives one lease of the running loop's session back; the last one closes it."""
    loop = asyncio.get_running_loop()
    pool = _pools[loop]
    pool.leases -= 1
    if pool.leases == 0:
        # Out of the table first: whoever comes while it closes gets a new one.
        del _pools[loop]
        await pool.close()


class Lease:
    """The running loop's session, open at least until the ``async with`` block ends.

    A class, as a generator of its own would be closed beside the one that uses it when the loop shuts down.

    Args:
        held: Keep the session until the loop shuts down its async generators.
        socks: URL of the SOCKS proxy that its connections go through.
    """

    def __init__(self, *, held: bool = False, socks: str | None = None) -> None:
        self._held = held
        self._socks = socks

    async def __aenter__(self) -> aiohttp.ClientSession:
        if self._held:
            await hold()
        return acquire(self._socks)

    async def __aexit__(self, *_: object) -> None:
        await release()


async def hold() -> None:
    """Keeps the running loop's session open until the loop shuts down its async generators."""
    pool = _pools.get(asyncio.get_running_loop())
    if pool is not None and pool.keeper is not None:
        return
    acquire()
    pool = _pools[asyncio.get_running_loop()]
    if pool.keeper is None:
        pool.keeper = _keep()
        await anext(pool.keeper)
    await release()


async def _keep() -> AsyncGenerator[None, None]:
    acquire()
    try:
        yield
    finally:
        await release()


def _known() -> list[tuple[asyncio.AbstractEventLoop, _Pool]]:
    # A copy made in one step: loops of other threads come and go while the table is walked.
    loops = [loop for reference in _pools.keyrefs() if (loop := reference()) is not None]
    return [(loop, pool) for loop in loops if (pool := _pools.get(loop)) is not None]


def _forget_closed_loops() -> None:
    """Drops sessions whose loop closed without a word: a session refers to its loop and so keeps it in the table."""
    for loop, pool in _known():
        if loop.is_closed():
            _pools.pop(loop, None)
            _abandon(pool)


def _close_idle_loops() -> None:
    """At exit: close what loops hold that were stopped but never shut down (a notebook kernel's, for one)."""
    for loop, pool in _known():
        if not loop.is_closed() and not loop.is_running():
            loop.run_until_complete(pool.close())


def _abandon(pool: _Pool) -> None:
    for session in pool.sessions.values():
        if isinstance(session.connector, _Leavable):
            session.connector.abandoned = True
        session.detach()


_left_to_parent: list[_Pool] = []


def _leave_to_parent() -> None:
    """After a fork: the sessions are the parent's. Closing one would reach into the parent's selector."""
    for _, pool in _known():
        _left_to_parent.append(pool)
        _abandon(pool)
    _pools.clear()


atexit.register(_close_idle_loops)
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_leave_to_parent)
