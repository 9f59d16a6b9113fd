"""One call of a client: its attempts until one succeeds, each in its turn, under one deadline, and told of."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType
from typing import Any, TypeVar

from freeproviders.answering import Attempt
from freeproviders.errors import ProviderError
from freeproviders.limits import Limiter, Permit
from freeproviders.policy import Clock, Retry, Timeouts
from freeproviders.reports import (
    AnswerBegan,
    AskedAgain,
    AttemptFailed,
    AttemptStarted,
    Began,
    Ended,
    Report,
    Teller,
    Waited,
)
from freeproviders.spending import tokens_of
from freeproviders.wire import Turn

__all__ = ["Call", "Rules"]

C = TypeVar("C", bound="Call")
T = TypeVar("T")

_LEAST_WAIT = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the calls of a client are made.

    Attributes:
        retry: How often and how patiently to try again.
        timeouts: Limits on waiting, in seconds.
        clock: Where waiting happens.
        limiter: Gives each attempt its turn.
        patient: Whether an attempt may wait for its turn, within the deadline.
    """

    retry: Retry
    timeouts: Timeouts
    clock: Clock
    limiter: Limiter
    patient: bool = True


class Call:
    """One call, as a context that ends with its report.

    Args:
        rules: The client's.
        provider: Name of the service.
        model: The model asked.
        teller: Tells of it.

    Attributes:
        attempts: How many requests for an answer have been sent.
    """

    def __init__(self, rules: Rules, provider: str, model: str, teller: Teller) -> None:
        self.attempts: int = 0
        self._rules = rules
        self._provider = provider
        self._model = model
        self._teller = teller
        self._now = rules.clock.monotonic
        self._began = self._now()
        self._first: float | None = None
        self._last: Attempt | None = None

    @cached_property
    def _about(self) -> dict[str, Any]:
        """What its reports say of the call; most calls make none."""
        teller = self._teller
        ids = {"request": teller.request, "call": os.urandom(4).hex()}
        return {**ids, "provider": self._provider, "candidate": teller.candidate}

    def __enter__(self: C) -> C:
        if self._teller.heard:
            self._teller.note(Began(model=self._model, **self._about))
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if self._teller.heard:
            self._teller.note(self._ended(error))
        self._last = None  # each would keep the other until the garbage collector comes

    def _ended(self, error: BaseException | None) -> Ended:
        last = self._last
        return Ended(
            attempts=self.attempts,
            seconds=self._now() - self._began,
            first=self._first,
            status=getattr(error, "status", None) or (last.status if last is not None else None),
            received=last.received if last is not None else 0,
            error=error,
            **self._about,
        )

    async def _tell(self, kind: type[Report], **words: Any) -> None:
        """Tells of the ordinary course of a call; a report that nobody would hear is not made."""
        if self._teller.heard:
            await self._teller.tell(kind(**words, **self._about))

    def within(self) -> float:
        """Seconds that a request may take to its first byte, by now."""
        return min(self._rules.timeouts.first_byte, max(_LEAST_WAIT, self._left()))

    def _left(self) -> float:
        return self._began + self._rules.retry.deadline - self._now()

    async def start(self, attempt: Attempt, begin: Callable[[], Awaitable[T]], asked: Sequence[Turn] = ()) -> T:
        """Begins an attempt in its turn.

        Args:
            attempt: The attempt; closed if it cannot begin.
            begin: Begins it.
            asked: The conversation, for what it costs where nobody counts.

        Raises:
            LimitReached: If its turn would come after the deadline, or is not now where none may be waited for.
            ProviderError: Whatever beginning it raises.
        """
        self._last = attempt
        try:
            patience = max(0.0, self._left()) if self._rules.patient else 0.0
            permit = await self._rules.limiter.acquire(within=patience)
            attempt.on_close = permit.release
            if self._rules.limiter.counts_tokens:
                attempt.on_close = partial(self._pay, permit, asked)
            if permit.waited > 0:
                await self._teller.tell(Waited(seconds=permit.waited, **self._about))
            self.attempts += 1
            await self._tell(AttemptStarted, number=self.attempts)
            begun = await begin()
            if self._first is None:
                self._first = self._now() - self._began
                await self._tell(AnswerBegan, seconds=self._first)
        except BaseException as error:
            if isinstance(error, ProviderError):
                error.provider = error.provider or self._provider
            attempt.close()
            raise
        return begun

    def _pay(self, permit: Permit, asked: Sequence[Turn]) -> None:
        """Gives the turn of the last attempt back, and takes note of what it has cost; a refusal costs nothing."""
        attempt = self._last
        if attempt is not None and asked and 200 <= (attempt.status or 0) < 300:
            usage = attempt.facts.get("usage", {})
            self._rules.limiter.charge(tokens_of(usage, asked, attempt.said))
        permit.release()

    async def retrying(self, make: Callable[[], Awaitable[T]]) -> T:
        """The result of the first attempt that succeeds.

        Raises:
            ProviderError: The last failure, once retrying has not helped.
        """
        try:
            return await make()
        except ProviderError as error:
            failure = error
        return await self._retry(make, failure)

    async def _retry(self, make: Callable[[], Awaitable[T]], failure: ProviderError) -> T:
        """Goes on where the first attempt has failed: only then a controller is made, and told of that failure."""

        async def pause(seconds: float) -> None:
            report = AttemptFailed(number=self.attempts, error=failure, wait=seconds, **self._about)
            await self._teller.tell(report)
            await self._rules.clock.sleep(seconds)

        async for attempt in self._rules.retry.controller(pause, self._left):
            with attempt:
                try:
                    if attempt.retry_state.attempt_number == 1:
                        raise failure
                    return await make()
                except ProviderError as error:
                    failure = error
                    raise
        raise AssertionError("tenacity re-raises the last failure")

    async def ask_again(self, number: int) -> None:
        """Tells that a further round of the call begins, its ``number`` from 2."""
        await self._teller.tell(AskedAgain(round=number, **self._about))
