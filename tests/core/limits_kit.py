"""A loop on which time passes only while all wait, and processes that take turns from a shared store."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from freeproviders.policy import Clock


class StillLoop(asyncio.SelectorEventLoop):
    """Its clock jumps to the next timer as soon as nothing else is left to do, and stands still until then."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._select = self._selector.select
        self._selector.select = self._jump

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float | None) -> list[Any]:
        self._now += seconds or 0.0
        return self._select(0)

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=self.time)


def still(main: Coroutine[Any, Any, Any], loop: StillLoop) -> Any:
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def most_in(moments: Sequence[float], seconds: float) -> int:
    """The most moments in any stretch of that many seconds, its beginning included and its end not."""
    moments, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


_BEGINNING = """
import asyncio, json, sys, time
from freeproviders.limit_stores import RedisStore, SqliteStore
from freeproviders.limits import Limiter, Limits

store = eval(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
"""

# Takes so many turns, or goes on for ever with 0. Each is a line: when it was asked for, and when it was there.
_TAKER = """
async def main(limiter, turns):
    async def take():
        before = time.time()
        permit = await limiter.acquire(within=1e6)
        print(json.dumps([before, time.time()]), flush=True)
        permit.release()
    if turns:
        await asyncio.gather(*(take() for _ in range(turns)))
    while not turns:
        await asyncio.gather(*(take() for _ in range(20)))

limiter = Limiter(Limits(per_second=10, per_day=100_000), store=store)
asyncio.run(main(limiter, int(sys.argv[2])))
"""

# Takes turns as fast as it can until the day's are gone; its one line says how many it had.
_GRABBER = """
windows, turns = Limits(per_day=int(sys.argv[2])).windows, 0
while not any(store.reserve(windows, 0)):
    turns += 1
print(turns)
"""


class Worker:
    """A process that takes turns, once told to go.

    Args:
        store: Python for the store.
        turns: How many turns it takes; 0 for ever. All grabbers together are to get that many.
        grabs: Take them without a limiter, without a pause.
    """

    def __init__(self, store: str, turns: int, *, grabs: bool = False) -> None:
        script = _BEGINNING + (_GRABBER if grabs else _TAKER)
        command = [sys.executable, "-c", script, store, str(turns)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def turn(self) -> Any:
        """The next line it writes."""
        return json.loads(self.process.stdout.readline())

    def rest(self) -> list[Any]:
        """All its lines until its end, which must be a good one."""
        turns = [json.loads(line) for line in self.process.stdout]
        assert self.process.wait() == 0
        return turns
