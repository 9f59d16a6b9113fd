"""One candidate of a router being asked, in a task of its own. Whom to ask, and when: ``freeproviders.routing``."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from freeproviders.breaker import Breaker, Permit
from freeproviders.candidates import Candidate
from freeproviders.errors import ProviderError
from freeproviders.reports import AnswerBegan, Report

__all__ = ["Lane", "drop"]

T = TypeVar("T")


class Lane(Generic[T]):
    """One candidate being asked.

    Args:
        candidate: The candidate.
        breaker: What stands before it.
        permit: What that gave for this.
        began: When it began.

    Attributes:
        on_drop: Closes what the asking has opened.
        spoke: Done once it gives something (True) or has ended without (False).
        task: What asks it.
    """

    task: "asyncio.Task[T]"

    def __init__(self, candidate: Candidate, breaker: Breaker, permit: Permit, began: float) -> None:
        self.candidate = candidate
        self.began = began
        self.on_drop: Callable[[], Awaitable[None]] | None = None
        self.spoke: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._breaker = breaker
        self._permit = permit
        self._began_well = False

    def start(self, asking: Awaitable[T]) -> None:
        """Begins to ask."""
        self.task = asyncio.ensure_future(asking)
        self.task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[T]") -> None:
        self._spoken(answered=not task.cancelled() and task.exception() is None)

    def _spoken(self, *, answered: bool) -> None:
        if not self.spoke.done():
            self.spoke.set_result(answered)

    async def hear(self, report: Report) -> None:
        """Listens to what its client tells."""
        if isinstance(report, AnswerBegan):
            self._began_well = True
            self._permit.succeeded()
            self._spoken(answered=True)

    def failed(self, error: ProviderError) -> None:
        """Tells its breaker of the failure, of one after a good beginning too."""
        permit = self._breaker.permit() if self._began_well else self._permit
        if permit is not None:
            permit.failed(error)


async def drop(lanes: Iterable[Lane[Any]]) -> None:
    """Ends lanes, wherever they stand; their connections are closed when this returns."""
    lanes = tuple(lanes)
    for lane in lanes:
        lane.task.cancel()
        lane._permit.abandoned()  # noqa: SLF001  # nothing has been learnt of those that have not spoken
    for lane in lanes:
        # Awaiting the task itself would take a cancellation of the caller for the task's own.
        await asyncio.wait([lane.task])
        if lane.on_drop is not None:
            # A loop that shuts down closes all generators side by side: a stream may be closing already.
            with suppress(RuntimeError):
                await lane.on_drop()
