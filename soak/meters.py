"""Counts what must not grow: sockets, file descriptors, tasks, responses, threads, memory. Linux only (``/proc``)."""

import asyncio
import ctypes
import gc
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

__all__ = ["OWN_THREADS", "Reading", "growth", "read"]

OWN_THREADS = "soak"
"""How the names of the storm's own threads begin; they are not counted."""


_ENOUGH = 10
# Gives back to the system what has been freed; without it the memory of a process says how much it once needed.
_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What there is at one moment.

    Attributes:
        calls: Calls so far.
        descriptors: Open file descriptors.
        sockets: How many of them are sockets.
        tasks: Tasks that are not done, on all loops, but for the one that counts.
        responses: HTTP responses that are not closed.
        threads: Threads, but for the storm's own.
        objects: Objects the garbage collector knows of.
        resident: Resident memory in KiB.
    """

    calls: int = 0
    descriptors: int
    sockets: int
    tasks: int
    responses: int
    threads: int
    objects: int
    resident: int

    @property
    def idle(self) -> bool:
        """Whether no call has left anything running."""
        return self.tasks == self.responses == 0


def read(calls: int = 0) -> Reading:
    """Counts, once what is dead has been collected.

    Args:
        calls: Calls so far.
    """
    gc.collect()
    _TRIM(0)
    objects = gc.get_objects()
    links = [_target(link) for link in Path("/proc/self/fd").iterdir()]
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Reading(
        calls=calls,
        descriptors=sum(map(bool, links)),
        sockets=sum(link.startswith("socket:") for link in links),
        tasks=sum(isinstance(one, asyncio.Task) and not one.done() for one in objects) - _in_a_task(),
        responses=sum(isinstance(one, aiohttp.ClientResponse) and not one.closed for one in objects),
        threads=sum(not thread.name.startswith(OWN_THREADS) for thread in threading.enumerate()),
        objects=len(objects),
        resident=pages * os.sysconf("SC_PAGESIZE") // 1024,
    )


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # the listing's own, closed by now
        return ""


def _in_a_task() -> bool:
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


def growth(readings: Sequence[Reading], name: str) -> float:
    """How much of it is added by 1,000 calls: the slope of the straight line through the second half of the readings.

    Args:
        readings: In order; with fewer than ten the answer is 0.0, as first uses add much.
        name: Which field.
    """
    if len(readings) < _ENOUGH:
        return 0.0
    late = readings[len(readings) // 2 :]
    calls = [one.calls / 1000 for one in late]
    values = [float(getattr(one, name)) for one in late]
    middle, level = sum(calls) / len(late), sum(values) / len(late)
    spread = sum((at - middle) ** 2 for at in calls)
    return sum((at - middle) * (value - level) for at, value in zip(calls, values, strict=True)) / spread
