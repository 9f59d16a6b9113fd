"""Many callers of one circuit breaker at once: threads, tasks, loops, a fork, and the garbage collector."""

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy, Memory, Permit
from freeproviders.policy import Clock

POLICY = BreakerPolicy(consecutive=1, lease=3600.0)


@pytest.fixture
def half_open():
    """A breaker whose time is over."""
    now = [0.0]
    breaker = Breaker(POLICY, clock=Clock(monotonic=lambda: now[0]))
    breaker.permit().failed(errors.ServerFailed("down"))
    now[0] = breaker.opens_in()
    assert breaker.snapshot().state == "half_open"
    return breaker


def all_at_once(count: int, work: Callable[[], None]) -> None:
    """Runs the work in so many threads, which begin together."""
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        work()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def eager_switching():
    """Threads take turns far more often than usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_a_hundred_threads_send_one_probe(half_open, eager_switching):
    permits: list[Permit | None] = []
    all_at_once(100, lambda: permits.append(half_open.permit()))
    assert len(permits) == 100
    assert [permit.probe for permit in permits if permit] == [True]


async def test_a_hundred_tasks_send_one_probe(half_open):
    async def ask() -> Permit | None:
        await asyncio.sleep(0)
        return half_open.permit()

    permits = await asyncio.gather(*(ask() for _ in range(100)))
    assert [permit.probe for permit in permits if permit] == [True]


def test_tasks_of_several_loops_send_one_probe(half_open):
    permits: list[Permit | None] = []

    async def ask() -> None:
        await asyncio.sleep(0)
        permits.append(half_open.permit())

    async def many() -> None:
        await asyncio.gather(*(ask() for _ in range(25)))

    all_at_once(4, lambda: asyncio.run(many()))
    assert len(permits) == 100
    assert len([permit for permit in permits if permit]) == 1


def test_probes_given_back_by_many_are_still_one_at_a_time(half_open, eager_switching):
    under_way, most, probes = [0], [0], []

    def ask() -> None:
        for _ in range(200):
            permit = half_open.permit()
            if permit is not None:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
                probes.append(permit)
                under_way[0] -= 1
                permit.abandoned()

    all_at_once(8, ask)
    assert len(probes) > 1
    assert most == [1]


def test_no_outcome_is_lost_between_threads(eager_switching):
    breaker = Breaker(BreakerPolicy(consecutive=100, least=100))

    def fail() -> None:
        for _ in range(9):
            breaker.permit().failed(errors.ServerFailed("x"))

    all_at_once(11, fail)
    assert (breaker.snapshot().consecutive, breaker.snapshot().calls) == (99, 99)
    breaker.permit().failed(errors.ServerFailed("x"))
    assert breaker.snapshot().state == "open"


def test_of_many_words_said_at_once_one_counts(eager_switching):
    for _ in range(50):
        breaker = Breaker(BreakerPolicy(consecutive=99))
        permit = breaker.permit()
        all_at_once(8, lambda permit=permit: permit.failed(errors.ServerFailed("x")))
        assert breaker.snapshot().consecutive == 1


def test_a_probe_may_be_collected_while_the_store_is_busy():
    now = [0.0]
    store = Memory(lambda: now[0])
    breaker = Breaker(POLICY, store=store, key="one")
    breaker.permit().failed(errors.ServerFailed("down"))
    now[0] = breaker.opens_in()
    circle: list[object] = [breaker.permit()]
    circle.append(circle)
    del circle

    def collect(record, _):
        gc.collect()
        return record, None

    store.change("two", collect)  # were the permit to ask the store here, it would wait for itself
    assert breaker.permit().probe


FORKING = """
import os, threading
from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy
from freeproviders.policy import Clock

now = [0.0]
breaker = Breaker(BreakerPolicy(consecutive=1), clock=Clock(monotonic=lambda: now[0]))
busy = threading.Event()

def ask_on():
    while True:
        breaker.opens_in()
        busy.set()

threading.Thread(target=ask_on, daemon=True).start()
busy.wait()
for _ in range(50):  # now and then while the other thread holds the lock
    child = os.fork()
    if not child:
        breaker.snapshot()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

breaker.permit().failed(errors.ServerFailed("down"))
now[0] = breaker.opens_in()
probe = breaker.permit()
for speaking in (True, False):
    child = os.fork()
    if not child:
        if speaking:
            probe.succeeded()
        del probe
        assert breaker.permit() is None  # the probe is the parent's
        now[0] += 180
        assert breaker.permit().probe
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
assert breaker.permit() is None
probe.succeeded()
assert breaker.snapshot().state == "closed"
print("fine")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_child_goes_on_with_a_state_of_its_own():
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("fine\n", 0), done.stderr
