"""What a worker does for one job: asks, counts and takes the time. Figures go back as numbers by name.

Times of the processor are those of the whole process, so that the threads of a blocking client count too.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.clients.face import Ask, AsyncAsk, Client, conversation
from benchmarks.wires import Plan

__all__ = ["Figures", "Job", "run"]

Figures = dict[str, float]

# Seconds in which streams that are only held have to begin.
_PATIENCE = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing to do.

    Attributes:
        task: ``"calls"`` one after another, ``"streams"`` at once, or ``"held"``: streams opened and left open.
        plan: What the server answers.
        times: Calls, of each stream.
        streams: How many at once.
        turns: Messages of the conversation that is sent.
        warm: Calls of each stream before the measuring begins.
    """

    task: str
    plan: Plan
    times: int = 1
    streams: int = 1
    turns: int = 1
    warm: int = 1


def run(loop: asyncio.AbstractEventLoop, client: Client, origin: str, job: Job) -> Figures:
    """Does a job.

    Args:
        loop: Where awaited clients run, the same for all jobs of a process, as they keep connections on it.
        client: Who asks.
        origin: Where the bench server is.
        job: What to do.

    Raises:
        ValueError: If an answer was not what the server had sent.
    """
    gc.collect()
    if client.blocking:
        return _blocking(client, origin, job)
    return loop.run_until_complete(_awaited(client, origin, job))


@dataclass(slots=True)
class _Tally:
    """What the answers of a job came to.

    Attributes:
        characters: How many came.
        pieces: In how many pieces.
        late: Seconds between the sending of each paced chunk and its arrival.
        first: Seconds from asking to the first text.
    """

    characters: int = 0
    pieces: int = 0
    late: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    @classmethod
    def sum(cls, tallies: Iterable["_Tally"]) -> "_Tally":
        whole = cls()
        for tally in tallies:
            whole.characters += tally.characters
            whole.pieces += tally.pieces
            whole.late += tally.late
            whole.first += tally.first
        return whole

    def note(self, text: str, began: float) -> float:
        """Notes a piece of a paced answer; what it returns is to be passed with the next one."""
        now = time.monotonic()
        if began and text:
            self.first.append(now - began)
        self.characters += len(text)
        self.pieces += 1
        self.late.extend(now - float(moment) for moment in text.split())
        return 0.0 if text else began

    def check(self, plan: Plan, answers: int) -> None:
        expected = plan.count * plan.size * answers
        if self.characters < expected:
            raise ValueError(f"{self.characters} characters came where at least {expected} were sent")


class _Watch:
    """What a job costs, from its making to ``figures``."""

    def __init__(self) -> None:
        self._memory = resident()
        self._wall = time.perf_counter()
        self._cpu = time.process_time()

    def figures(self, tally: _Tally, job: Job) -> Figures:
        cpu, wall, answers = time.process_time() - self._cpu, time.perf_counter() - self._wall, job.times * job.streams
        tally.check(job.plan, answers)
        figures = {
            "cpu_us_per_chunk": cpu * 1e6 / (answers * job.plan.count),
            "cpu_us_per_reply": cpu * 1e6 / answers,
            "replies_per_second": answers / wall,
            "pieces_per_reply": tally.pieces / answers,
            "grown_kB": resident() - self._memory,
        }
        if len(tally.first) > 1:
            figures["late_p99_ms"] = quantiles(tally.late, n=100)[-1] * 1000
            figures["first_p99_ms"] = quantiles(tally.first, n=100)[-1] * 1000
        return figures


def _opened(client: Client, origin: str, job: Job) -> Any:
    return client.open(origin + job.plan.path, job.plan.wire, conversation(job.turns))


def _warming(client: Client, origin: str, job: Job, ask: Any) -> Any:
    """What the warming calls ask, as many at once as the job: the same, but nobody waits for a paced answer.

    So the connections are open: else a crowd would pay for those that an earlier, smaller one has not opened already.
    """
    return _opened(client, origin, replace(job, plan=replace(job.plan, pace=0))) if job.plan.pace else ask


# Awaited.


async def _awaited(client: Client, origin: str, job: Job) -> Figures:
    ask: AsyncAsk = _opened(client, origin, job)
    if job.task == "held":
        return await _held(ask, job.streams)
    warming = _warming(client, origin, job, ask)
    await asyncio.gather(*(_read(warming, _Tally(), job.warm) for _ in range(job.streams)))
    tally, read = _Tally(), _read_paced if job.task == "streams" else _read
    watch = _Watch()
    await asyncio.gather(*(read(ask, tally, job.times) for _ in range(job.streams)))
    return watch.figures(tally, job)


async def _read(ask: AsyncAsk, tally: _Tally, times: int) -> None:
    for _ in range(times):
        async for text in ask():
            tally.characters += len(text)
            tally.pieces += 1


async def _read_paced(ask: AsyncAsk, tally: _Tally, times: int) -> None:
    for _ in range(times):
        began = time.monotonic()
        async for text in ask():
            began = tally.note(text, began)


async def _held(ask: AsyncAsk, streams: int) -> Figures:
    """Opens streams that stay open, and sees what they take."""
    warm = ask()
    try:
        await asyncio.wait_for(_first(warm), _PATIENCE)
    except asyncio.TimeoutError as error:  # who waits for whole answers would wait for the second chunk too
        raise ValueError(f"no text of the first stream within {_PATIENCE:g} s") from error
    before = resident()
    opened = [ask() for _ in range(streams)]
    begun, waiting = await asyncio.wait([asyncio.ensure_future(_first(stream)) for stream in opened], timeout=_PATIENCE)
    for task in waiting:
        task.cancel()
    if waiting:  # pools that stop at a number of connections let nobody else in
        raise ValueError(f"{len(begun)} of {streams} streams began within {_PATIENCE:g} s")
    gc.collect()
    kilobytes = (resident() - before) / streams
    for stream in (warm, *opened):
        await _close(stream)
    return {"kB_per_stream": kilobytes}


async def _first(stream: AsyncIterator[str]) -> None:
    while not await anext(stream):
        pass


async def _close(stream: Any) -> None:
    await stream.aclose()


# Blocking.


def _blocking(client: Client, origin: str, job: Job) -> Figures:
    ask: Ask = _opened(client, origin, job)
    tallies, take = [_Tally() for _ in range(job.streams)], _take_paced if job.task == "streams" else _take
    _at_once(partial(_take, _warming(client, origin, job, ask), times=job.warm), [_Tally() for _ in tallies])
    watch = _Watch()
    _at_once(partial(take, ask, times=job.times), tallies)
    return watch.figures(_Tally.sum(tallies), job)


def _at_once(take: Callable[[_Tally], None], tallies: Sequence[_Tally]) -> None:
    if len(tallies) == 1:  # one after another needs no thread of its own
        take(tallies[0])
        return
    with ThreadPoolExecutor(len(tallies)) as threads:
        list(threads.map(take, tallies))


def _take(ask: Ask, tally: _Tally, times: int) -> None:
    for _ in range(times):
        for text in ask():
            tally.characters += len(text)
            tally.pieces += 1


def _take_paced(ask: Ask, tally: _Tally, times: int) -> None:
    for _ in range(times):
        began = time.monotonic()
        for text in ask():
            began = tally.note(text, began)


def resident() -> float:
    """Kilobytes of memory that this process holds."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return 0.0
