"""A clock for tests that do not wait."""

import asyncio

from freeproviders.policy import Clock

__all__ = ["ManualClock"]


class ManualClock:
    """A clock that moves only when somebody sleeps.

    Attributes:
        now: Seconds.
        waits: How long each sleep was to last, in seconds.
    """

    def __init__(self) -> None:
        self.now: float = 1000.0
        self.waits: list[float] = []

    @property
    def clock(self) -> Clock:
        """The clock, for a client."""
        return Clock(monotonic=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)  # as in any sleep, others have their turn
