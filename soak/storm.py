"""The storm itself: many calls in flight, each judged as it ends, and a count of what is left at every stop."""

import asyncio
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from freeproviders.blocking import portal
from soak.faces import Asking, Desk, amake, make, make_on_a_loop
from soak.meters import OWN_THREADS, Reading, read
from soak.oracle import Outcome, complaint
from soak.plans import Plan, plan
from soak.report import Report
from soak.service import Service, heard

__all__ = ["Options", "run"]

# Far above what any call needs, so that only one that hangs is found, however busy the machine.
_HASTY_SECONDS = 30.0
_PATIENT_SECONDS = 150.0
# What is cancelled needs some turns of its loop to end.
_REST_SECONDS = 10.0
_USERS, _TURNS = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A storm.

    Attributes:
        seed: Draws all calls.
        numbers: Of the calls.
        in_flight: How many at once.
        block: Plans between two stops.
        settle: Seconds to wait at the end, at most, for idle connections to close by themselves.
    """

    seed: int
    numbers: range
    in_flight: int = 200
    block: int = 5000
    settle: float = 0.0


def run(options: Options, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Runs a storm against a sandbox in a process of its own.

    Args:
        options: Which.
        tell: Takes a line on the way now and then.
    """
    portal.close()
    report = Report(seed=options.seed, before=read())
    with (
        Service() as service,
        ThreadPoolExecutor(options.in_flight, thread_name_prefix=OWN_THREADS) as pool,
    ):
        asyncio.run(_Storm(options, service, pool, report, tell).run())
        portal.close()
    report.after = read(report.calls)
    return report


class _Storm:
    def __init__(
        self,
        options: Options,
        service: Service,
        pool: ThreadPoolExecutor,
        report: Report,
        tell: Callable[[str], None],
    ) -> None:
        self._options = options
        self._service = service
        self._pool = pool
        self._report = report
        self._tell = tell
        self._desk = Desk(service.url)

    async def run(self) -> None:
        await asyncio.to_thread(portal.call, partial(asyncio.sleep, 0))  # its loop has sockets of its own
        await asyncio.get_running_loop().shutdown_default_executor()
        resting = read()
        numbers = iter(self._options.numbers)
        while block := list(itertools.islice(numbers, self._options.block)):
            await self._through(block)
            reading = await self._rest()
            self._report.readings.append(reading)
            self._tell(self._report.line(reading))
            self._service.reset()
        if self._options.settle:
            await self._settle(resting)

    async def _through(self, numbers: list[int]) -> None:
        waiting = iter(numbers)
        await asyncio.gather(*(self._work(waiting) for _ in range(self._options.in_flight)))

    async def _work(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            drawn = plan(self._options.seed, number)
            if drawn.kind == "talk":
                await asyncio.gather(*(self._talk(drawn, user) for user in range(_USERS)))
            else:
                await self._judged(drawn)

    async def _talk(self, drawn: Plan, user: int) -> None:
        """One of the users who talk with a service at the same time, over the same client; each is remembered alone."""
        thread: Mapping[str, Any] = {}
        tokens: list[str] = []
        for turn in range(_TURNS):
            token = f"k{(int(drawn.token[1:], 16) + 1 + user * _TURNS + turn) % 2**48:012x}"
            tokens.append(token)
            said = replace(drawn, token=token, text=f"Please keep {token}", answer=heard(*tokens))
            outcome = await self._judged(said, thread)
            thread = outcome.metadata.get("thread", thread)

    async def _judged(self, drawn: Plan, thread: Mapping[str, Any] | None = None) -> Outcome:
        outcome = await self._made(drawn, thread)
        self._report.count(drawn, outcome, complaint(drawn, outcome))
        return outcome

    async def _made(self, drawn: Plan, thread: Mapping[str, Any] | None) -> Outcome:
        loop = asyncio.get_running_loop()
        asking = self._desk.asking(drawn, thread)
        began = loop.time()
        task = self._begun(drawn, asking)
        patience = _HASTY_SECONDS if drawn.hasty else _PATIENT_SECONDS
        if drawn.leaving is not None and drawn.leaving.after is not None:
            await asyncio.wait([task], timeout=drawn.leaving.after)
            task.cancel()
        await asyncio.wait([task], timeout=patience)
        hung = not task.done()
        task.cancel()
        error = None if hung or task.cancelled() else task.exception()
        early = drawn.leaving is not None and drawn.leaving.after is None and error is None
        return Outcome(
            text="".join(asking.heard.texts),
            images=asking.heard.images,
            metadata=asking.heard.metadata,
            error=error,
            left=early or (not hung and task.cancelled()),
            hung=hung,
            seconds=loop.time() - began,
        )

    def _begun(self, drawn: Plan, asking: Asking) -> "asyncio.Future[None]":
        if drawn.way.mode == "async":
            return asyncio.ensure_future(amake(drawn, asking))
        blocking = make if drawn.way.mode == "sync" else make_on_a_loop
        return asyncio.get_running_loop().run_in_executor(self._pool, blocking, drawn, asking)

    async def _rest(self) -> Reading:
        """A reading once everything is still, or has not become so in time."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _REST_SECONDS
        while not (reading := read(self._report.calls)).idle and loop.time() < ends:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.2)
        return reading

    async def _settle(self, resting: Reading) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._options.settle
        while (left := read(self._report.calls).sockets - resting.sockets) > 0 and loop.time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(1)
        self._report.unsettled = left


def to_stderr(line: str) -> None:
    """Shows a line on the way."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
