"""Sessions belong to a loop: how long they live, and who closes them."""

import asyncio
import gc

import aiohttp
import pytest

from freeproviders import sessions


def _pool():
    return sessions._pools.get(asyncio.get_running_loop())


async def test_a_lease_ends_with_its_block():
    async with sessions.Lease() as session:
        assert not session.closed
    assert (session.closed, _pool()) == (True, None)


async def test_leases_share_a_session_until_the_last_one_ends():
    async with sessions.Lease() as first:
        async with sessions.Lease() as second:
            assert first is second
        assert not first.closed
    assert first.closed


async def test_a_lease_after_the_last_gets_a_new_session():
    async with sessions.Lease() as first:
        pass
    async with sessions.Lease() as second:
        assert first is not second


async def test_a_lease_that_fails_ends_too():
    with pytest.raises(KeyError):
        async with sessions.Lease() as session:
            raise KeyError
    assert session.closed


def test_a_held_session_lives_as_long_as_its_loop():
    async def use() -> aiohttp.ClientSession:
        async with sessions.Lease(held=True) as session:
            pass
        assert not session.closed
        async with sessions.Lease(held=True) as again:
            assert again is session
        return session

    assert asyncio.run(use()).closed


def test_every_loop_has_its_own_session():
    async def use() -> int:
        async with sessions.Lease(held=True) as session:
            return id(session._connector)

    async def two() -> aiohttp.ClientSession:
        async with sessions.Lease() as session:
            return session

    assert asyncio.run(two()) is not asyncio.run(two())
    assert asyncio.run(use())


async def test_many_at_once_hold_one_session():
    async def use() -> aiohttp.ClientSession:
        async with sessions.Lease(held=True) as session:
            await asyncio.sleep(0)
            return session

    assert len({id(session) for session in await asyncio.gather(*(use() for _ in range(20)))}) == 1
    assert _pool().leases == 1


def test_a_session_carries_no_cookies_and_no_environment():
    async def use() -> None:
        async with sessions.Lease() as session:
            assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
            assert (session.trust_env, session.connector.limit) == (False, 0)

    asyncio.run(use())


def test_a_loop_that_is_over_leaves_nothing_behind():
    async def use() -> None:
        async with sessions.Lease(held=True):
            pass

    before = len(sessions._pools)
    for _ in range(5):
        asyncio.run(use())
    gc.collect()
    assert len(sessions._pools) == before


def test_a_loop_that_closed_without_a_word_is_forgotten():
    async def use() -> None:
        async with sessions.Lease(held=True):
            pass

    loop = asyncio.new_event_loop()
    loop.run_until_complete(use())
    loop.close()
    asyncio.run(use())
    assert loop not in sessions._pools
