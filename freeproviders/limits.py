"""Rate limits: how many requests at once and in a time, and the limiter that makes callers wait for their turn.

Turns can be counted in this process, which is done here, or in a store that several processes share
(``freeproviders.limit_stores``). Requests at once, and tokens, are counted in each process alone.
"""

import asyncio
import functools
import logging
import os
import sys
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol

from freeproviders.errors import InvalidSetting, LimitReached
from freeproviders.policy import Clock
from freeproviders.spending import Spending
from freeproviders.waiting_line import Line, Place

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:
    from async_timeout import timeout

__all__ = ["Limiter", "Limits", "Permit", "Store", "Window"]

_log = logging.getLogger("freeproviders.limits")

_SECONDS = {"per_second": 1.0, "per_minute": 60.0, "per_day": 86_400.0}
_TOKEN_SECONDS = {"tokens_per_minute": 60.0, "tokens_per_day": 86_400.0}
_WORDS = {
    "concurrency": "at once",
    "per_second": "a second",
    "per_minute": "a minute",
    "per_day": "a day",
    "tokens_per_minute": "tokens a minute",
    "tokens_per_day": "tokens a day",
}
# A service counts requests as they arrive, and one may be longer on its way than the next: windows last longer by this.
_MARGIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most so many turns, or tokens, in any stretch of time of this length.

    Attributes:
        name: The setting of ``Limits`` it comes from.
        turns: How many.
        seconds: The length.
    """

    name: str
    turns: int
    seconds: float

    def wait(self, ahead: int, now: float, turn_ago: Callable[[int], float | None]) -> float:
        """Seconds until there is a turn for the one with so many others ahead, if each of them takes theirs at once.

        Args:
            ahead: How many others go first.
            now: The moment.
            turn_ago: Gives the moment of the last turn but n - 1, or None if there have not been so many.
        """
        rounds, rest = divmod(ahead, self.turns)
        taken = turn_ago(self.turns - rest)
        pause = 0.0 if taken is None else max(0.0, taken + self.seconds - now)
        return pause + rounds * self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests at once and in a time; 0 is no limit.

    Times are sliding windows: ``per_day=50`` is 50 in any 24 hours, whatever the service calls a day. Each is 0.05 s
    longer than its name says, so that requests which are slower on their way than those that follow do no harm.

    What an answer costs in tokens is known when it has come. So a request has a turn while less than the limit is
    spent, and what it costs counts against later ones.

    Attributes:
        concurrency: Requests at once, from the first byte sent to the last one read.
        per_second: Requests in any second.
        per_minute: Requests in any minute.
        per_day: Requests in any 24 hours.
        tokens_per_minute: Tokens in any minute, of questions and answers, as the service counts them; where it does
            not, a token for four characters.
        tokens_per_day: Tokens in any 24 hours.

    Raises:
        InvalidSetting: A number is not a whole one, or below 0.
    """

    concurrency: int = 0
    per_second: int = 0
    per_minute: int = 0
    per_day: int = 0
    tokens_per_minute: int = 0
    tokens_per_day: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 0:
                raise InvalidSetting(f"limit {field.name!r} must be a whole number, 0 for no limit; it is {value!r}")

    def __str__(self) -> str:
        return ", ".join(f"{count} {words}" for name, words in _WORDS.items() if (count := getattr(self, name)))

    @property
    def windows(self) -> tuple[Window, ...]:
        """The limits of requests in a time."""
        return self._windows(_SECONDS)

    @property
    def token_windows(self) -> tuple[Window, ...]:
        """The limits of tokens in a time."""
        return self._windows(_TOKEN_SECONDS)

    def _windows(self, lengths: Mapping[str, float]) -> tuple[Window, ...]:
        return tuple(
            Window(name=name, turns=turns, seconds=seconds + _MARGIN_SECONDS)
            for name, seconds in lengths.items()
            if (turns := getattr(self, name))
        )


class Store(Protocol):
    """Counts turns for several processes.

    The limiter calls it in threads of its own, several at once. It should be picklable, so that limiters are.
    """

    def reserve(self, windows: Sequence[Window], ahead: int) -> Sequence[float]:
        """Takes a turn now, if there is one in all windows and nobody is ahead; else takes nothing.

        Looking and taking must be one step for all who share the store. It must return within seconds, as a call's
        deadline cannot interrupt it.

        Args:
            windows: The limits.
            ahead: How many others of this process go first.

        Returns:
            Seconds to wait for each window, in their order (``Window.wait``); all 0.0 if there is a turn.

        Raises:
            ProviderError: The store cannot be used.
        """


class Permit:
    """A turn. It is given back by ``release``, or when it is dropped without.

    Attributes:
        waited: Seconds the turn was waited for; exactly 0.0 if it came at once.
    """

    def __init__(self, waited: float, give_back: Callable[[], None]) -> None:
        self.waited: float = waited
        self._give_back = weakref.finalize(self, give_back)  # calls it once, whoever asks first
        self._give_back.atexit = False

    def release(self) -> None:
        """Lets the next one in, where ``concurrency`` is limited; from any thread, and once however often called."""
        self._give_back()


_FREE = Permit(0.0, lambda: None)  # one for all, as nobody waits until it is given back


class Limiter:
    """Gives turns within limits, first come, first served, to callers on any number of event loops and threads.

    Turns that are counted in the process are exact. Those of a store are as well, over all processes that share it;
    among processes the order is nearly that of coming. A caller that is cancelled leaves its place to the next; only
    if a store is just answering may its turn be lost.

    A copy, by pickle or ``copy``, is a fresh limiter with the same limits and store. So is the limiter in a forked
    child.

    Args:
        limits: How many requests.
        store: Where turns in a time are counted; by default in this process.
        clock: Where waiting happens.

    Raises:
        InvalidSetting: One of them is something else.
    """

    def __init__(self, limits: Limits, *, store: Store | None = None, clock: Clock | None = None) -> None:
        if not isinstance(limits, Limits):
            raise InvalidSetting("limits must be Limits(...), as in Limits(per_minute=20), or a Limiter")
        if store is not None and not hasattr(store, "reserve"):
            raise InvalidSetting("store must be a store, as in SqliteStore('limits.sqlite', key='yqcloud')")
        self.limits: Limits = limits
        self._store = store
        self._clock = clock or Clock()
        self._unlimited = limits == Limits()
        self._windows, self._token_windows = limits.windows, limits.token_windows  # looked at with every attempt
        self.forget()
        _limiters.add(self)

    def __repr__(self) -> str:
        store = f", store={self._store!r}" if self._store is not None else ""
        return f"Limiter({self.limits!r}{store})"

    def __reduce__(self) -> tuple[Callable[[], "Limiter"], tuple[()]]:
        return functools.partial(Limiter, self.limits, store=self._store, clock=self._clock), ()

    def forget(self) -> None:
        """Begins anew, as after a fork, when those who hold permits or wait for them are the parent's."""
        self._line = Line(self.limits.concurrency)
        self._history = _History(self._windows)
        self._spending = Spending([(one.turns, one.seconds) for one in self._token_windows])

    @property
    def counts_tokens(self) -> bool:
        """Whether it wants to know what answers cost."""
        return bool(self._token_windows)

    def charge(self, tokens: int) -> None:
        """Takes note of what an answer has cost, for the turns to come; from any thread.

        Args:
            tokens: How many.
        """
        self._spending.charge(tokens, self._clock.monotonic())

    async def acquire(self, *, within: float) -> Permit:
        """Waits for a turn.

        Args:
            within: Seconds the wait may last. If it is sure to last longer, nothing is waited for.

        Returns:
            The turn, to be given back by ``release``.

        Raises:
            LimitReached: There is no turn in that time; ``retry_after`` says when there is one, where that is known.
            ConnectionFailed: The store cannot be used. A limit that others share cannot be kept by going on without.
        """
        if self._unlimited:
            return _FREE
        began = self._clock.monotonic()
        line = self._line
        place = line.join()
        try:
            came_at_once = await self._come_up(line, place, began + within)
            line.let_in(place)
        finally:
            line.leave(place)
        return Permit(0.0 if came_at_once else self._clock.monotonic() - began, line.let_out)

    async def _come_up(self, line: Line, place: Place, due: float) -> bool:
        """Waits for a turn; says whether it came at once, without a wait."""
        came_at_once = place.called
        if not came_at_once:
            if place.ahead:
                self._check(await self._reserve(place.ahead), due)
            await self._be_called(line, place, due)
        while (wait := await self._reserve(0)).seconds:
            came_at_once = False
            self._check(wait, due)
            _log.info("waiting %.1f s for a turn within %r", wait.seconds, self.limits)
            await self._clock.sleep(wait.seconds)
        return came_at_once

    async def _reserve(self, ahead: int) -> "_Wait":
        """Takes a turn, if there is one and nobody is ahead; else says for what to wait the longest."""
        now, tokens = self._clock.monotonic(), self._token_windows
        if tokens and (wait := _longest(tokens, self._spending.waits(now))).seconds:
            return wait
        windows = self._windows
        if self._store is None or not windows:
            return _longest(windows, self._history.reserve(windows, ahead, now))
        return _longest(windows, await asyncio.to_thread(self._store.reserve, windows, ahead))

    async def _be_called(self, line: Line, place: Place, due: float) -> None:
        left = due - self._clock.monotonic()
        try:
            async with timeout(max(0.0, left)):
                await place.wait()
        except asyncio.TimeoutError:
            line.look()
            if not place.called:
                setting = f"concurrency={self.limits.concurrency}" if self.limits.concurrency else "pace"
                raise _reached(setting, f"none within {left:.1f} s", None) from None

    def _check(self, wait: "_Wait", due: float) -> None:
        """Raises if it would last too long."""
        left = due - self._clock.monotonic()
        if wait.seconds > left and wait.seconds > 0:
            when = f"the next in {wait.seconds:.1f} s, {max(0.0, left):.1f} s were left"
            raise _reached(wait.setting, when, wait.seconds)


class _Wait(NamedTuple):
    """How long, and by which setting."""

    seconds: float
    setting: str


def _longest(windows: Sequence[Window], waits: Sequence[float]) -> _Wait:
    each = (_Wait(seconds, f"{one.name}={one.turns}") for one, seconds in zip(windows, waits, strict=True))
    return max(each, default=_Wait(0.0, ""), key=lambda wait: wait.seconds)


class _History:
    """The last turns that were taken in this process.

    It needs no lock: only the first in the line adds to it, and it never gets shorter.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._moments: deque[float] = deque(maxlen=max((window.turns for window in windows), default=0))

    def reserve(self, windows: Sequence[Window], ahead: int, now: float) -> Sequence[float]:
        """As in a ``Store``."""
        waits = [window.wait(ahead, now, self._turn_ago) for window in windows]
        if not ahead and not any(waits):
            self._moments.append(now)
        return waits

    def _turn_ago(self, number: int) -> float | None:
        return self._moments[-number] if len(self._moments) >= number else None


def _reached(setting: str, when: str, wait: float | None) -> LimitReached:
    return LimitReached(
        f"our own limit leaves no turn ({setting}): {when}. Allow more time (deadline of Retry), call less often, or "
        f"raise the limit (Limits) if the service permits it",
        retry_after=wait,
    )


_limiters: "weakref.WeakSet[Limiter]" = weakref.WeakSet()


def _forget_all() -> None:
    for limiter in _limiters:
        limiter.forget()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_forget_all)
