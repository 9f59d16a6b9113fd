"""The course of one routed call: whom it asks, in which order, and what each one said.

Several are asked at once only while hedging, until one of them speaks; each in a ``Lane`` of its own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol, TypeVar

from freeproviders.breaker import Breaker, Permit
from freeproviders.candidates import Candidate
from freeproviders.errors import (
    AllProvidersFailed,
    InvalidSetting,
    LimitReached,
    ProviderError,
    Tried,
    UnsupportedContent,
)
from freeproviders.lanes import Lane, drop
from freeproviders.policy import Clock, Retry
from freeproviders.reports import FailedOver, Teller, Waited
from freeproviders.transport import Client
from freeproviders.wire import Done, Event, Image, Prompt

__all__ = ["Course", "Routes"]

T = TypeVar("T")

Ask = Callable[[Lane[T], Client, Prompt, Teller], Awaitable[T]]
"""How a candidate is asked: for the first event of a stream, or for a whole answer."""

# A probe under way may end the cool-down any moment, so nobody waits longer than this before looking again.
_LOOK_AGAIN = 1.0
_LEAST = 0.001


class Routes(Protocol):
    """What a course needs to know of its router."""

    retry: Retry
    clock: Clock
    random: Random
    hedge_after: float | None
    wait_for_cooldown: bool

    def breaker(self, candidate: Candidate) -> Breaker:
        """What stands before a candidate."""
        ...

    def order(self) -> Iterable[Candidate]:
        """The candidates in the order they are to be asked this time."""
        ...


class Course:
    """One routed call.

    Args:
        routes: The router.
        prompt: What is asked.
        teller: Tells of it.
    """

    def __init__(self, routes: Routes, prompt: Prompt, teller: Teller) -> None:
        self._routes = routes
        self._prompt = prompt
        self._teller = teller
        self._ends = routes.clock.monotonic() + routes.retry.deadline
        self._fit: Sequence[Candidate] = _fitting(list(routes.order()), prompt)
        self._waiting: deque[Candidate] = deque()
        self._tried: list[Tried] = []
        self._room_in: dict[str, float] = {}  # seconds until our own limit has room, of those that had none
        self._patient = self._asked = False

    async def reach(self, ask: Ask[T]) -> "tuple[Lane[T], T]":
        """The first candidate that answers, and what it gives.

        Raises:
            AllProvidersFailed: If none does, in as many rounds as the router makes.
            InvalidSetting: If the request is wrong in itself.
        """
        rounds = 0
        while True:
            self._waiting, self._room_in = deque(self._fit), {}
            self._patient = self._asked = False
            try:
                return await self._round(ask)
            except AllProvidersFailed as failure:
                rounds += self._asked and not failure.retry_after
                wait = self._wait(failure, rounds)
                if wait is None:
                    raise
            await self._routes.clock.sleep(wait)
            await self._teller.tell(Waited(request=self._teller.request, provider="router", seconds=wait))

    async def go_on(self, ask: Ask[T]) -> "tuple[Lane[T], T]":
        """As ``reach``, after an answer that broke off: with the candidates that are left, in a time of its own."""
        self._ends = self._routes.clock.monotonic() + self._routes.retry.deadline
        return await self._round(ask)

    async def _round(self, ask: Ask[T]) -> "tuple[Lane[T], T]":
        lanes: list[Lane[T]] = []
        left = next((one for one in reversed(self._tried) if one.error), None)
        try:
            while True:
                self._open(lanes, ask, left)
                lane = await self._speaker(lanes)
                if lane is None:
                    left = self._gave_nothing(lanes[-1])
                    continue
                if lane.spoke.result():
                    await self._drop([one for one in lanes if one is not lane])
                    lanes = [lane]
                await asyncio.wait([lane.task])
                try:
                    answer = lane.task.result()
                except ProviderError as error:
                    lanes.remove(lane)
                    left = self.failed(lane, error)
                else:
                    return lanes.pop(), answer
        finally:
            await drop(lanes)

    def _open(self, lanes: "list[Lane[T]]", ask: Ask[T], left: Tried | None) -> None:
        """Begins to ask the next candidate that may be asked.

        Raises:
            AllProvidersFailed: If there is none, and none is running.
        """
        found = self._next()
        if found is not None:
            lane: Lane[T] = Lane(*found, self._routes.clock.monotonic())
            lane.start(self._asking(lane, ask, left))
            lanes.append(lane)
            self._asked = True
        elif not lanes:
            raise self._failure()

    async def _asking(self, lane: "Lane[T]", ask: Ask[T], left: Tried | None) -> T:
        candidate = lane.candidate
        client = candidate.client.once(max(self._left(), _LEAST), patient=self._patient)
        if left is not None and left.candidate != candidate.name:
            request = self._teller.request
            await self._teller.tell(
                FailedOver(request=request, provider=left.candidate, to=candidate.name, error=left.error)
            )
        return await ask(lane, client, candidate.prompt(self._prompt), self._teller.branch(candidate.name, lane.hear))

    def _next(self) -> tuple[Candidate, Breaker, Permit] | None:
        """The next candidate that may be asked, with its breaker's permit; None if there is none."""
        if not self._waiting and not self._patient:
            # Those without room by our own limits are asked once more, and wait for it; the soonest to have some first.
            self._patient = True
            full = [one for one in self._fit if one.name in self._room_in]
            self._waiting.extend(sorted(full, key=lambda one: self._room_in[one.name]))
        while self._waiting and self._left() > 0:
            candidate = self._waiting.popleft()
            breaker = self._routes.breaker(candidate)
            permit = breaker.permit()
            if permit is not None:
                return candidate, breaker, permit
            self._note_unasked(candidate)
        return None

    async def _speaker(self, lanes: "list[Lane[T]]") -> "Lane[T] | None":
        """The first to give something or to fail; None where the next candidate is to be asked too."""
        more = self._waiting or (self._room_in and not self._patient)
        patience = self._routes.hedge_after if more else None
        await asyncio.wait([lane.spoke for lane in lanes], timeout=patience, return_when="FIRST_COMPLETED")
        spoken = [lane for lane in lanes if lane.spoke.done()]
        return max(spoken, key=lambda lane: lane.spoke.result(), default=None)

    async def _drop(self, lanes: "list[Lane[T]]") -> None:
        """Ends those that another one was faster than; they may be asked again."""
        self._tried.extend(map(self._gave_nothing, lanes))
        self._waiting.extendleft(reversed([lane.candidate for lane in lanes]))
        await drop(lanes)

    def _gave_nothing(self, lane: "Lane[Any]") -> Tried:
        return Tried(candidate=lane.candidate.name, seconds=self._since(lane))

    def failed(self, lane: "Lane[Any]", error: ProviderError) -> Tried:
        """Notes what a candidate said.

        Raises:
            InvalidSetting: The error itself, which no other service could cure.
        """
        lane.failed(error)
        if isinstance(error, InvalidSetting):
            raise error
        name = lane.candidate.name
        self._room_in.pop(name, None)
        if isinstance(error, LimitReached):
            self._room_in[name] = error.retry_after or 0.0
            # Asked again with patience, it is still the one limit: what it says now holds.
            self._tried = [one for one in self._tried if (one.candidate, type(one.error)) != (name, LimitReached)]
        tried = Tried(candidate=name, error=error, seconds=self._since(lane), opens_in=self._opens_in(lane.candidate))
        self._tried.append(tried)
        return tried

    def _note_unasked(self, candidate: Candidate) -> None:
        if not any(one.candidate == candidate.name for one in self._tried):
            last = self._routes.breaker(candidate).snapshot().last_error
            self._tried.append(Tried(candidate=candidate.name, last=last, opens_in=self._opens_in(candidate)))

    def _opens_in(self, candidate: Candidate) -> float:
        """Seconds until a candidate may be asked: by its breaker, and by our own limit."""
        return max(self._routes.breaker(candidate).opens_in(), self._room_in.get(candidate.name, 0.0))

    def _since(self, lane: "Lane[Any]") -> float:
        return self._routes.clock.monotonic() - lane.began

    def _left(self) -> float:
        return self._ends - self._routes.clock.monotonic()

    def _wait(self, failure: AllProvidersFailed, rounds: int) -> float | None:
        """Seconds until another round makes sense; None where there is to be none."""
        retry = self._routes.retry
        if failure.retry_after:
            probed = any(self._routes.breaker(one).snapshot().state == "half_open" for one in self._fit)
            wait = min(failure.retry_after, _LOOK_AGAIN) if probed else failure.retry_after
            return wait if self._routes.wait_for_cooldown and wait < self._left() else None
        if not self._asked:  # whoever was cooling down has come back this very moment, or the deadline is over
            return _LEAST if self._left() > _LEAST else None
        if rounds >= retry.attempts or not any(one.error and one.error.retryable for one in self._tried):
            return None
        wait = self._routes.random.uniform(0, min(retry.longest_wait, retry.base * 2.0 ** (rounds - 1)))
        return wait if wait < self._left() else None

    def _failure(self) -> AllProvidersFailed:
        """What is raised when nobody is left; ``retry_after`` is set where nobody may be asked at once."""
        for one in self._waiting:
            self._note_unasked(one)
        late = "" if self._left() > 0 else f" within {self._routes.retry.deadline:g} s (deadline)"
        said = "; ".join(dict.fromkeys(map(str, self._tried)))  # in a second round many say the same again
        return AllProvidersFailed(
            f"no candidate could answer{late}: {said}",
            attempts=tuple(self._tried),
            retry_after=min(map(self._opens_in, self._fit)) or None,
        )

    def marked(self, lane: "Lane[Any]", event: Event) -> Event:
        """An event of a lane's answer; its images and its last one say who answered."""
        if isinstance(event, Image):
            return replace(event, candidate=lane.candidate.name)
        return Done(metadata=self.metadata(lane, event.metadata)) if isinstance(event, Done) else event

    def metadata(self, lane: "Lane[Any]", metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """An answer's metadata, with who gave it and what the others said."""
        whole = {**metadata, "candidate": lane.candidate.name, "tried": [_plain(one) for one in self._tried]}
        if "thread" in metadata:
            whole["thread"] = {**metadata["thread"], "candidate": lane.candidate.name}
        return whole


def _fitting(candidates: Sequence[Candidate], prompt: Prompt) -> Sequence[Candidate]:
    """Those that have all a prompt asks for."""
    lacks = {one.name: one.lacks(prompt) for one in candidates}
    fit = [one for one in candidates if not lacks[one.name]]
    if not fit:
        why = "; ".join(f"{name}: {lack}" for name, lack in lacks.items())
        raise UnsupportedContent(f"no candidate has what the call asks for: {why}")
    return fit


def _plain(tried: Tried) -> dict[str, Any]:
    """As JSON."""
    plain: dict[str, Any] = {"candidate": tried.candidate, "seconds": round(tried.seconds, 3)}
    if tried.error is not None:
        plain |= {"error": type(tried.error).__name__, "message": tried.error.message}
    if tried.opens_in:
        plain["opens_in"] = round(tried.opens_in, 3)
    return plain
