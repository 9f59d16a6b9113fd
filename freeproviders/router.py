"""A router: several clients behind one face, which asks the next one when one cannot answer.

Before the first event it moves on at once from any failure that another service may not have; after it, it never
joins the halves of two answers. Who has failed is left alone for a while (``freeproviders.breaker``). What lives here
is the order of things; one call's course is in ``freeproviders.routing``.
"""

import random as chance
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from freeproviders.breaker import Breaker, BreakerPolicy, BreakerState, Store
from freeproviders.candidates import Candidate, named
from freeproviders.checking import fastest_first, read
from freeproviders.errors import AllProvidersFailed, InvalidSetting, StreamInterrupted
from freeproviders.face import Face, asked
from freeproviders.lanes import Lane, drop
from freeproviders.policy import Clock, Retry
from freeproviders.provider import Provider
from freeproviders.reports import Listen, Teller
from freeproviders.routing import Course
from freeproviders.transport import Client
from freeproviders.wire import Answer, Event, Prompt, Restarted

__all__ = ["Candidate", "Router"]


class Router(Face):
    """Asks several services, one after another, until one answers.

    Args:
        candidates: Names (``"pi"``, ``"yqcloud:gpt-4"``), clients, providers or ``Candidate``s, in order of preference.
        weighted: Take them in an order drawn by their weights anew for each call, instead of the order given.
        retry: ``attempts`` rounds over all candidates, within ``deadline`` seconds for all of a call.
        breaker: When a candidate that fails is left alone, and for how long.
        hedge_after: Seconds after which the next candidate is asked too, where none has given anything yet; whoever
            speaks first answers, the others are cancelled. None for one at a time.
        on_interrupt: ``"raise"``: an answer that breaks off after its first piece is a ``StreamInterrupted``.
            ``"restart"``: the next candidate begins anew, after a ``Restarted`` event; where none can, it is raised.
        wait_for_cooldown: Where all candidates are cooling down, wait for the first of them, within the deadline.
        checked: File written by ``freeproviders check --save``: candidates that answered there come first, the fastest
            at the head, those that failed last. Results older than a day do not count.
        state: File (SQLite) that keeps who is cooling down, for several processes; by default this object does.
        clock: Where waiting happens.
        random: Source of chance.

    Raises:
        InvalidSetting: If there is no candidate, two have one name, or an argument is malformed.
    """

    def __init__(  # noqa: PLR0913  # each is a choice of its own
        self,
        candidates: Sequence[str | Provider | Client | Candidate],
        *,
        weighted: bool = False,
        retry: Retry | None = None,
        breaker: BreakerPolicy | None = None,
        hedge_after: float | None = None,
        on_interrupt: Literal["raise", "restart"] = "raise",
        wait_for_cooldown: bool = False,
        checked: str | Path | None = None,
        state: str | Path | None = None,
        clock: Clock | None = None,
        random: chance.Random | None = None,
    ) -> None:
        _check(candidates, retry, hedge_after, on_interrupt)
        self.candidates: tuple[Candidate, ...] = named([Candidate.of(one) for one in candidates])
        if checked is not None:
            names = [one.provider.card.name for one in self.candidates]
            self.candidates = tuple(self.candidates[place] for place in fastest_first(names, read(checked)))
        self.weighted: bool = weighted
        self.retry: Retry = retry or Retry(attempts=2)
        self.hedge_after: float | None = hedge_after
        self.on_interrupt: str = on_interrupt
        self.wait_for_cooldown: bool = wait_for_cooldown
        self.clock: Clock = clock or Clock()
        self.random: chance.Random = random or chance.Random()  # noqa: S311  # no secret
        store = None if state is None else _shared(state)
        self._breakers = {
            one.name: Breaker(breaker, clock=clock, random=random, store=store, key=one.name) for one in self.candidates
        }

    def __repr__(self) -> str:
        return f"Router({', '.join(one.name for one in self.candidates)})"

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import router_html  # loaded by who looks at it in a notebook

        return router_html(self)

    async def astream(
        self, prompt: Prompt | str, *, listen: Listen | Teller | None = None
    ) -> AsyncGenerator[Event, None]:
        """Streams an answer; see ``Face``. An answer begun anew is announced by a ``Restarted``."""
        course = Course(self, asked(prompt), Teller.of(listen))
        lane, (event, events) = await course.reach(_opened)
        begin: tuple[Event, ...] = (event,)
        while True:
            try:
                for event in begin:
                    yield course.marked(lane, event)
                async for event in events:
                    yield course.marked(lane, event)
            except StreamInterrupted as error:
                course.failed(lane, error)
                if self.on_interrupt != "restart":
                    raise
                broken = error
            else:
                return
            finally:
                await drop([lane])
            void = Restarted(candidate=lane.candidate.name, partial=broken.partial)
            try:
                lane, (event, events) = await course.go_on(_opened)
            except AllProvidersFailed as failure:
                raise broken from failure
            begin = (void, event)

    async def acomplete(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> Answer:
        """A whole answer; see ``Face``. One that breaks off is begun anew with the next candidate, without a word."""
        course = Course(self, asked(prompt), Teller.of(listen))
        lane, answer = await course.reach(_whole)
        images = tuple(replace(image, candidate=lane.candidate.name) for image in answer.images)
        return replace(answer, images=images, metadata=course.metadata(lane, answer.metadata))

    def order(self) -> Sequence[Candidate]:
        """The candidates in the order they are to be asked this time."""
        if not self.weighted:
            return self.candidates
        # The first of several exponential clocks to ring is each in proportion to its rate; so it is with the next.
        return sorted(self.candidates, key=lambda one: self.random.expovariate(one.weight))

    def breaker(self, candidate: Candidate) -> Breaker:
        """What stands before a candidate."""
        return self._breakers[candidate.name]

    def snapshot(self) -> Mapping[str, BreakerState]:
        """What is known of each candidate by now, by name."""
        return {name: breaker.snapshot() for name, breaker in self._breakers.items()}


_Opened = tuple[Event, AsyncGenerator[Event, None]]


async def _opened(lane: Lane[_Opened], client: Client, prompt: Prompt, teller: Teller) -> _Opened:
    """The first event of a stream, and the others."""
    events = client.astream(prompt, listen=teller)
    lane.on_drop = events.aclose
    return await anext(events), events


async def _whole(_: Lane[Answer], client: Client, prompt: Prompt, teller: Teller) -> Answer:
    return await client.acomplete(prompt, listen=teller)


def _check(candidates: object, retry: object, hedge_after: object, on_interrupt: object) -> None:
    """Raises if one of the words is of the wrong kind, rather than the first call that uses it."""
    if isinstance(candidates, str):
        raise InvalidSetting(f"candidates must be a list, as in [{candidates!r}]")
    if not isinstance(retry, Retry | None):
        raise InvalidSetting("retry must be a Retry, as in Retry(attempts=2, deadline=60)")
    if hedge_after is not None and not (isinstance(hedge_after, int | float) and hedge_after >= 0):
        raise InvalidSetting("hedge_after must be a number of seconds, or None for one candidate at a time")
    if on_interrupt not in ("raise", "restart"):
        raise InvalidSetting("on_interrupt must be 'raise' or 'restart'")


def _shared(path: str | Path) -> Store:
    # Only who shares state loads a database.
    from freeproviders.shared_state import SharedState

    return SharedState(path)
