"""The background loop behind blocking calls."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import AsyncGenerator

import pytest

from freeproviders.blocking import Portal

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME", default="nobody")


@pytest.fixture
def portal():
    made = Portal()
    yield made
    made.close()


async def _value() -> int:
    return 42


async def _count(until: int) -> AsyncGenerator[int, None]:
    for number in range(until):
        yield number


def test_a_call_gives_the_result(portal):
    assert portal.call(_value) == 42


def test_a_call_raises_what_was_raised(portal):
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        portal.call(fail)


async def test_a_call_works_inside_a_running_loop(portal):
    assert portal.call(_value) == 42


def test_a_call_runs_in_the_callers_context(portal):
    async def name() -> str:
        return NAME.get()

    NAME.set("Ann")
    assert portal.call(name) == "Ann"


def test_a_call_on_the_loop_itself_is_refused_instead_of_waiting_for_ever(portal):
    async def nested() -> None:
        portal.call(_value)

    with pytest.raises(RuntimeError, match="await"):
        portal.call(nested)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_items_come_in_order_and_none_is_lost(portal, count):
    batches = list(portal.batches(lambda: _count(count)))
    assert [item for batch in batches for item in batch] == list(range(count))
    assert all(batches)


def test_a_generator_does_not_run_far_ahead_of_its_reader(portal):
    made: list[int] = []

    async def endless() -> AsyncGenerator[int, None]:
        while True:
            made.append(len(made))
            yield made[-1]
            await asyncio.sleep(0)

    async def nothing() -> None:
        await asyncio.sleep(0.05)

    batches = portal.batches(endless)
    next(batches)
    portal.call(nothing)
    assert len(made) <= 64 + 64 + 1
    batches.close()


def test_what_came_before_an_error_is_given_first(portal):
    async def fail() -> AsyncGenerator[int, None]:
        yield 1
        raise KeyError("x")

    batches = portal.batches(fail)
    assert next(batches) == [1]
    with pytest.raises(KeyError):
        next(batches)


@pytest.mark.parametrize("read", [0, 1, 100])
def test_closing_an_iteration_closes_its_generator(portal, read):
    ended = threading.Event()

    async def endless() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 0
                await asyncio.sleep(0)
        finally:
            ended.set()

    batches = portal.batches(endless)
    for _ in range(read):
        next(batches)
    batches.close()
    assert ended.is_set() == (read > 0)


def test_a_generator_may_await_while_it_is_closed(portal):
    ended = threading.Event()

    async def tidy() -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    for _ in portal.batches(tidy):
        break
    assert ended.wait(5)


def test_many_threads_share_the_loop(portal):
    results: list[list[int]] = []

    def read() -> None:
        results.append([item for batch in portal.batches(lambda: _count(300)) for item in batch])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [list(range(300))] * 8


def test_a_closed_portal_starts_again(portal):
    assert portal.call(_value) == 42
    portal.close()
    assert portal.call(_value) == 42


def test_closing_ends_what_is_under_way(portal):
    async def endless() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()

    batches = portal.batches(endless)
    assert next(batches) == [1]
    portal.close()
    batches.close()


def test_closing_at_once_after_the_start_does_not_hang():
    for _ in range(50):
        portal = Portal()
        portal._started()
        portal.close()


def test_closing_twice_is_fine(portal):
    portal.call(_value)
    portal.close()
    portal.close()


def test_cancelling_a_call_on_the_loop_frees_its_caller(portal):
    outcomes: list[type] = []

    async def wait() -> None:
        await asyncio.Event().wait()

    async def stop() -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def ask() -> None:
        with pytest.raises(concurrent.futures.CancelledError) as caught:
            portal.call(wait)
        outcomes.append(caught.type)

    caller = threading.Thread(target=ask)
    caller.start()
    while not portal.call(_waiting):
        pass
    portal.call(stop)
    caller.join()
    assert outcomes == [concurrent.futures.CancelledError]


async def _waiting() -> bool:
    return len(asyncio.all_tasks()) > 1
