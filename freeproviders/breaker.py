"""A circuit breaker before one service: lets calls through or not, and learns from how they ended.

What lives here: ``Breaker``, its permits, and the store that keeps its record in this process. No I/O. The rules are in
``freeproviders.circuit``; a store that several processes share is in ``freeproviders.shared_state``.
"""

import contextlib
import functools
import os
import random as chance
import threading
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Protocol, TypeVar

from freeproviders.circuit import BreakerPolicy, BreakerState, Record, counts
from freeproviders.errors import InvalidSetting
from freeproviders.policy import Clock

__all__ = ["Breaker", "BreakerPolicy", "BreakerState", "Memory", "Permit", "Step", "Store", "counts"]

T = TypeVar("T")

Step = Callable[[Record, float], tuple[Record, T]]
"""A change: from the record and the moment to the record to be kept, and a result. It may be run twice."""


Word = Callable[[Record, float, float], Record]
"""How a call ended: from the record, the moment and a number by chance to the record that follows."""


class Store(Protocol):
    """Where records are kept, by key. It has the clock too, as moments mean something on that one alone."""

    def change(self, key: str, step: Step[T], /) -> T:
        """Runs a step on the record of that key with no other in between, and returns the step's result."""
        ...


class Breaker:
    """Stands before one candidate; safe in any number of threads, event loops and (with a shared store) processes.

    The state belongs to this object, or to the store given. A copy, by pickle or ``copy``, has the same settings and
    the same store; a state of its own begins afresh. A forked child goes on with what was known at the fork.

    Args:
        policy: When it opens and for how long.
        clock: The time, for a state of its own; a store given has its own clock.
        random: Source of chance.
        store: Where the state is kept, e.g. a ``SharedState``; by default in this object.
        key: The candidate's name in the store. Breakers of one key should have one policy.

    Raises:
        InvalidSetting: A store without a key, or a policy that is none.
    """

    def __init__(
        self,
        policy: BreakerPolicy | None = None,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        store: Store | None = None,
        key: str = "",
    ) -> None:
        if store is not None and not key:
            raise InvalidSetting("a breaker with a store needs a key: the name of what it stands before")
        self.policy: BreakerPolicy = BreakerPolicy() if policy is None else policy
        if not isinstance(self.policy, BreakerPolicy):
            raise InvalidSetting("breaker must be a BreakerPolicy, as in BreakerPolicy(consecutive=2)")
        self._again = functools.partial(Breaker, policy, clock=clock, random=random, store=store, key=key)
        self._chance = chance.random if random is None else random.random
        self._store: Store = store if store is not None else Memory((clock or Clock()).monotonic)
        self._key = key
        self._lost: deque[int] = deque()

    def __reduce__(self) -> tuple[Callable[[], "Breaker"], tuple[()]]:
        return self._again, ()

    def permit(self) -> "Permit | None":
        """Lets a call through, or not: None while open, and while another caller's probe is under way."""
        granted = self._change(self._asked)
        return None if granted is None else Permit(self, granted.generation, probe=granted.until is not None)

    def opens_in(self) -> float:
        """Seconds until it will permit a call; 0.0 when it does now.

        While a probe is under way, that is when its lease ends. Its word may come much sooner.
        """
        return self._change(lambda record, now: (record, record.opens_in(now)))

    def snapshot(self) -> BreakerState:
        """What it knows by now."""
        return self._change(lambda record, now: (record, record.shown(now)))

    def reset(self) -> None:
        """Closes it, e.g. when new cookies have been put in. Calls under way no longer count."""
        self._change(lambda record, _: (record.closed(), None))

    def _asked(self, record: Record, now: float) -> tuple[Record, Record | None]:
        if record.until is None:
            return record, record
        if record.opens_in(now):
            return record, None
        probing = record.probing(now, self.policy)
        return probing, probing

    def _change(self, rule: Step[T]) -> T:
        lost: list[int] = []
        with contextlib.suppress(IndexError):  # no more of them
            while True:
                lost.append(self._lost.popleft())

        def step(record: Record, now: float) -> tuple[Record, T]:
            record = record.as_of(now, self.policy)
            for generation in lost:
                record = record.given_back(generation)
            return rule(record, now)

        return self._store.change(self._key, step)

    def _hear(self, word: Word) -> None:
        drawn = self._chance()
        self._change(lambda record, now: (word(record, now, drawn), None))


class Permit:
    """One call that was let through. Say how it ended: the first word counts, others are ignored.

    A probe that is dropped without a word is given back. A permit belongs to the process it was given in: the copy that
    a forked child holds has no effect.

    Attributes:
        probe: Whether this is the one call that finds out if a service works again.
    """

    def __init__(self, breaker: Breaker, generation: int, *, probe: bool) -> None:
        self.probe: bool = probe
        self._breaker = breaker
        self._generation = generation
        self._process: int | None = os.getpid()  # None once the word is spoken

    def succeeded(self) -> None:
        """The service answers: its first piece is here, or the whole answer."""
        self._say(lambda record, now, _: record.after_success(now, self._generation))

    def failed(self, error: BaseException) -> None:
        """The call ended with this error; one that does not count (see ``counts``) abandons the permit."""
        if counts(error):
            policy = self._breaker.policy
            self._say(lambda record, now, drawn: record.after_failure(now, self._generation, error, policy, drawn))
        else:
            self.abandoned()

    def abandoned(self) -> None:
        """Nothing was learnt of the service: cancelled, or the caller's fault. A probe is given back."""
        self._say(lambda record, *_: record.given_back(self._generation))

    def _say(self, word: Word) -> None:
        with _lock:
            process, self._process = self._process, None
        if process == os.getpid():
            self._breaker._hear(word)  # noqa: SLF001  # the permit is the breaker's other half

    def __del__(self) -> None:
        # The collector strikes anywhere, also while this thread holds a lock of the store, so none is taken here.
        if self.probe and self._process == os.getpid():
            self._breaker._lost.append(self._generation)  # noqa: SLF001


class Memory:
    """Keeps records in this process. A copy, by pickle or ``copy``, is empty.

    Args:
        now: The clock, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: dict[str, Record] = {}

    def __reduce__(self) -> tuple[type["Memory"], tuple[Callable[[], float]]]:
        return Memory, (self._now,)

    def put(self, key: str, record: Record) -> None:
        """Replaces a record."""
        self._records[key] = record

    def change(self, key: str, step: Step[T], /) -> T:
        """Runs a step on the record of that key with no other in between, and returns the step's result."""
        with _lock:
            self._records[key], result = step(self._records.get(key, Record()), self._now())
        return result


# One for the whole process, as it is held for microseconds. Taken around a fork, lest the child's be left locked.
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
