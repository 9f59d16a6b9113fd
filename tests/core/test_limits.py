"""Limits in one process: exact, in order of coming, over loops and threads, whatever becomes of those who wait."""

import asyncio
import contextlib
import copy
import gc
import os
import pickle
import random
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from limits_kit import StillLoop, most_in, still

from freeproviders import errors
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Clock

SECONDS = {"per_second": 1, "per_minute": 60, "per_day": 86_400}
PATIENT = 1e9

LIMITS = st.builds(
    Limits,
    concurrency=st.integers(0, 4),
    per_second=st.integers(0, 4),
    per_minute=st.integers(0, 9),
    per_day=st.integers(0, 30),
)
CALLERS = st.lists(
    st.fixed_dictionaries(
        {
            "pause": st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 1.0, 2.5, 70.0]),
            "stays": st.sampled_from([0.0, 0.1, 1.0, 5.0]),
        }
    ),
    max_size=40,
)


def arrivals(callers):
    came = 0.0
    for caller in callers:
        came += caller["pause"]
        yield came


def earliest(limits, callers):
    """When each caller gets in, were the rules followed by somebody who sees them all."""
    moments, ends = [], []
    for caller, came in zip(callers, arrivals(callers), strict=True):
        moment = max([came, *moments[-1:]])
        full = [window for window in limits.windows if len(moments) >= window.turns]
        moment = max([moment, *(moments[-window.turns] + window.seconds for window in full)])
        if limits.concurrency and len(ends) >= limits.concurrency:
            moment = max(moment, sorted(ends)[-limits.concurrency])
        moments.append(moment)
        ends.append(moment + caller["stays"])
    return moments


async def in_turn(callers, visits):
    """Lets them come one by one; timers for the same moment would fire in any order."""
    tasks = []
    for caller, one in zip(callers, visits, strict=True):
        if caller["pause"]:
            await asyncio.sleep(caller["pause"])
        tasks.append(asyncio.ensure_future(one))
    await asyncio.gather(*tasks)


async def visit(limiter, loop, log, number, stays, within=PATIENT):
    permit = await limiter.acquire(within=within)
    log.append((number, loop.time(), permit.waited))
    await asyncio.sleep(stays)
    permit.release()


@given(limits=LIMITS, callers=CALLERS)
def test_everyone_gets_in_as_early_as_the_limits_allow_and_in_order(limits, callers):
    loop, log = StillLoop(), []
    limiter = Limiter(limits, clock=loop.clock)
    came = list(arrivals(callers))

    visits = [visit(limiter, loop, log, n, caller["stays"]) for n, caller in enumerate(callers)]
    still(in_turn(callers, visits), loop)
    moments = [moment for _, moment, _ in log]
    assert [number for number, _, _ in log] == list(range(len(callers)))
    assert moments == pytest.approx(earliest(limits, callers), abs=1e-6)
    assert [waited for _, _, waited in log] == pytest.approx([moment - came[n] for n, moment, _ in log], abs=1e-6)
    for name, seconds in SECONDS.items():
        if turns := getattr(limits, name):
            assert most_in(moments, seconds) <= turns


@given(limits=LIMITS, callers=CALLERS, seed=st.integers(0, 1000))
def test_those_who_leave_hold_up_nobody(limits, callers, seed):
    """Callers that are cancelled in the line are as if they had never come; those inside keep their turn."""
    loop, log, chance = StillLoop(), [], random.Random(seed)
    limiter = Limiter(limits, clock=loop.clock)

    async def main():
        visits = [loop.create_task(visit(limiter, loop, log, n, 0.1)) for n in range(len(callers))]
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        inside = {number for number, _, _ in log}
        gone = {n for n in range(len(callers)) if n not in inside and chance.random() < 0.6}
        for n in gone:
            visits[n].cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        return gone

    gone = still(main(), loop)
    rest = [n for n in range(len(callers)) if n not in gone]
    assert [number for number, _, _ in log] == rest
    model = earliest(limits, [{"pause": 0.0, "stays": 0.1} for _ in rest])
    assert [moment for _, moment, _ in log] == pytest.approx(model, abs=1e-6)


def pauses(*seconds):
    return [{"pause": pause, "stays": 0.0} for pause in seconds]


@example(turns=2, callers=pauses(0.0, 0.3, 0.0, 0.0), within=0.9)  # the last one's turn comes with that of the second
@given(turns=st.integers(1, 4), callers=CALLERS, within=st.sampled_from([0.0, 0.5, 1.2, 3.0, 10.0]))
def test_a_wait_that_is_too_long_is_not_begun(turns, callers, within):
    loop, log, refused = StillLoop(), [], {}
    limiter = Limiter(Limits(per_second=turns), clock=loop.clock)
    came = list(arrivals(callers))

    async def one(number):
        try:
            await visit(limiter, loop, log, number, 0.0, within)
        except errors.LimitReached as error:
            refused[number] = (loop.time(), error.retry_after)

    still(in_turn(callers, [one(n) for n in range(len(callers))]), loop)
    moments = []
    for number, arrival in enumerate(came):
        turn = max(arrival, moments[-turns] + 1.05) if len(moments) >= turns else arrival
        if number in refused:
            assert refused[number] == pytest.approx((arrival, turn - arrival), abs=1e-6)
            assert turn - arrival > within - 1e-6
        else:
            assert turn - arrival < within + 1e-6
            moments.append(turn)
    assert [moment for _, moment, _ in log] == pytest.approx(moments, abs=1e-6)


async def test_a_turn_that_comes_at_once_was_not_waited_for():
    permit = await Limiter(Limits(concurrency=1, per_second=1)).acquire(within=0)
    assert permit.waited == 0.0


async def test_the_error_says_which_limit_it_was_and_what_to_change():
    limiter = Limiter(Limits(per_second=100, per_minute=2))
    for _ in range(2):
        await limiter.acquire(within=0)
    with pytest.raises(errors.LimitReached, match=r"per_minute=2.*Limits") as caught:
        await limiter.acquire(within=30)
    assert 30 < caught.value.retry_after <= 60.05


async def test_when_somebody_leaves_is_not_known_so_that_is_waited_for():
    limiter = Limiter(Limits(concurrency=1))
    permit = await limiter.acquire(within=0)
    with pytest.raises(errors.LimitReached, match="concurrency=1") as caught:
        await limiter.acquire(within=0.05)
    assert caught.value.retry_after is None
    permit.release()
    await limiter.acquire(within=0)


async def test_a_permit_is_given_back_once():
    limiter = Limiter(Limits(concurrency=2))
    permit, _other = await limiter.acquire(within=0), await limiter.acquire(within=0)
    thread = threading.Thread(target=permit.release)
    thread.start()
    thread.join()
    permit.release()
    del permit
    gc.collect()
    _third = await limiter.acquire(within=0)
    with pytest.raises(errors.LimitReached):
        await limiter.acquire(within=0.01)


async def test_a_permit_that_is_dropped_is_given_back():
    limiter = Limiter(Limits(concurrency=1))
    permit = await limiter.acquire(within=0)
    waiting = asyncio.ensure_future(limiter.acquire(within=PATIENT))
    await asyncio.sleep(0)
    del permit
    assert (await waiting).waited > 0


class Inside:
    """Counts who is inside."""

    def __init__(self):
        self.now = self.most = self.all = 0
        self._lock = threading.Lock()

    def __enter__(self):
        with self._lock:
            self.now += 1
            self.all += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *_):
        with self._lock:
            self.now -= 1


def in_threads(*mains):
    """Runs each coroutine function in a loop and thread of its own."""
    failures = []

    def run(main):
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run, args=[main]) for main in mains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_three_loops_share_a_cap():
    limiter, inside = Limiter(Limits(concurrency=7)), Inside()

    async def call():
        permit = await limiter.acquire(within=PATIENT)
        with inside:
            await asyncio.sleep(random.random() * 0.004)
        permit.release()

    async def main():
        await asyncio.gather(*(call() for _ in range(200)))

    in_threads(main, main, main)
    assert (inside.most, inside.all) == (7, 600)


def test_a_storm_of_cancellations_over_three_loops_loses_no_room():
    limiter, inside = Limiter(Limits(concurrency=7)), Inside()
    cancelled = []

    async def call():
        permit = await limiter.acquire(within=PATIENT)
        try:
            with inside:
                await asyncio.sleep(random.random() * 0.004)
        finally:
            permit.release()

    async def main():
        calls = [asyncio.ensure_future(call()) for _ in range(300)]
        while any(not one.done() for one in calls):
            random.choice(calls).cancel()
            await asyncio.sleep(random.random() * 0.0005)
        cancelled.append(sum(one.cancelled() for one in calls))

    async def room():
        taken = [await limiter.acquire(within=0) for _ in range(7)]
        with pytest.raises(errors.LimitReached):
            await limiter.acquire(within=0.01)
        return taken

    in_threads(main, main, main)
    assert inside.most <= 7
    assert sum(cancelled) > 0
    asyncio.run(room())


class Moment:
    """A clock that is put forward by hand; sleep it takes from the loop."""

    def __init__(self):
        self.now = 0.0
        self.clock = Clock(monotonic=lambda: self.now)


@contextlib.contextmanager
def closing_loop(limiter):
    """A task that waits for its turn on a loop that is closed by ``close``; nothing is left to clean up for it."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # it complains of the task that is destroyed
    task = loop.create_task(limiter.acquire(within=PATIENT))
    loop.run_until_complete(asyncio.sleep(0.01))
    assert not task.done()
    yield loop.close
    del task
    gc.collect()


@pytest.mark.parametrize("limits", [Limits(concurrency=1), Limits(per_day=1), Limits(concurrency=1, per_day=1)])
def test_waiters_whose_loop_was_closed_are_passed_over(limits):
    moment = Moment()
    limiter = Limiter(limits, clock=moment.clock)
    permit = asyncio.run(limiter.acquire(within=0))
    with closing_loop(limiter) as close_first, closing_loop(limiter) as close_second:
        close_first()
        close_second()
        moment.now += 90_000
        permit.release()
        assert asyncio.run(limiter.acquire(within=0)).waited == 0


def test_whose_time_is_up_looks_whether_the_one_before_is_gone():
    """The first waits for its pace when its loop is closed, and then nothing happens that others would hear of."""
    moment, permits = Moment(), []
    limiter = Limiter(Limits(per_second=2), clock=moment.clock)
    for _ in range(2):
        asyncio.run(limiter.acquire(within=0))
    thread = threading.Thread(target=lambda: permits.append(asyncio.run(limiter.acquire(within=1.1))))
    with closing_loop(limiter) as close:
        thread.start()
        while len(limiter._line._places) < 2:
            time.sleep(0.001)
        close()
        moment.now += 1.1
        thread.join()
    assert permits[0].waited == 1.1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda limiter: pickle.loads(pickle.dumps(limiter))])
async def test_a_copy_is_a_fresh_limiter_with_the_same_limits(copied):
    limiter = Limiter(Limits(concurrency=1, per_day=1))
    _permit = await limiter.acquire(within=0)
    other = copied(limiter)
    assert other.limits == limiter.limits
    assert (await other.acquire(within=0)).waited == 0


_FORK = """
import asyncio, os
from freeproviders.limits import Limiter, Limits

limiter = Limiter(Limits(concurrency=1, per_day=1))
permit = asyncio.run(limiter.acquire(within=0))
child = os.fork()
if child == 0:
    inherited, permit = permit, asyncio.run(limiter.acquire(within=0))
    inherited.release()
    limiter = None
    os._exit(7 if permit.waited == 0 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_begins_anew():
    done = subprocess.run([sys.executable, "-X", "dev", "-c", _FORK], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("7\n", "")


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True])
@pytest.mark.parametrize("name", ["concurrency", "per_second", "per_minute", "per_day"])
def test_a_limit_is_a_whole_number(name, value):
    with pytest.raises(errors.InvalidSetting, match=name):
        Limits(**{name: value})


async def test_a_wait_is_told_to_the_log(caplog):
    limiter = Limiter(Limits(per_second=1))
    await limiter.acquire(within=0)
    with caplog.at_level("INFO", logger="freeproviders.limits"):
        await limiter.acquire(within=2)
    assert "for a turn within Limits(" in caplog.text
