"""A waiting line over all event loops and threads of a process: first come, first served, with a cap on those inside.

What those in the line wait for beyond their turn (a pace, a service) is the business of its users.
"""

import asyncio
import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable

__all__ = ["Line", "Place"]


class Line:
    """Calls one place at a time: the first one, once there is room for another inside.

    Changes go into an inbox, and whoever finds nobody at work on it does what it says. So nothing here waits for a
    lock: ``leave`` and ``let_out`` may come from the garbage collector, in the midst of another change in its thread.

    Args:
        room: How many may be inside at once; 0 is any number.
    """

    def __init__(self, room: int = 0) -> None:
        self._room: float = room or math.inf
        self._places: OrderedDict[Place, None] = OrderedDict()
        self._inbox: deque[Callable[[], None]] = deque()
        self._working = threading.Lock()

    def join(self) -> "Place":
        """The last place in the line, for the running task."""
        place = Place(ahead=len(self._places))
        self._post(lambda: self._places.update({place: None}))
        return place

    def let_in(self, place: "Place") -> None:
        """Takes a place that was called out of the line; ``let_out`` is to follow one day."""

        def change() -> None:
            self._places.pop(place, None)
            self._room -= 1

        self._post(change)

    def let_out(self) -> None:
        """Makes room for one more."""

        def change() -> None:
            self._room += 1

        self._post(change)

    def leave(self, place: "Place") -> None:
        """Gives a place up, if it is still in the line."""

        def change() -> None:
            self._places.pop(place, None)

        self._post(change)

    def look(self) -> None:
        """Calls who is first by now, in case the one before it has gone without leaving."""
        self._post(lambda: None)

    def _post(self, change: Callable[[], None]) -> None:
        self._inbox.append(change)
        # Asked again after the lock is given back: another thread may have found it taken since the last look.
        while self._inbox and self._working.acquire(blocking=False):
            try:
                while self._inbox:
                    self._inbox.popleft()()
                self._call_first()
            finally:
                self._working.release()

    def _call_first(self) -> None:
        while self._places and self._room > 0:
            first = next(iter(self._places))
            if first.call():
                return
            del self._places[first]


class Place:
    """A task's place in a line.

    Args:
        ahead: How many were in it before.

    Attributes:
        ahead: The same number; those who have left since are counted.
        called: Whether this place is the first one, with room for it inside.
    """

    def __init__(self, ahead: int) -> None:
        self.ahead: int = ahead
        self.called: bool = False
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()

    def call(self) -> bool:
        """Wakes the task, once, from any thread; False if its loop is closed, so that it will never run again."""
        if self.called:
            return not self._loop.is_closed()
        self.called = True
        if _running_loop() is self._loop:  # most often; waking a loop from outside costs a write to its socket
            self._wake()
            return True
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _wake(self) -> None:
        if not self._woken.done():  # else its task was cancelled
            self._woken.set_result(None)

    async def wait(self) -> None:
        """Waits to be called."""
        if not self.called:
            await self._woken


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
