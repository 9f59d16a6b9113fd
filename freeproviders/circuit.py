"""The rules of the circuit breaker: when a service that keeps failing is left alone, and for how long.

::

    closed --- too many failures, or an error that says it will last ---> open
    open ----- its time is over: one call, the probe, is let through ---> half open
    half open - the probe succeeded ------------------------------------> closed, all forgotten
    half open - the probe failed ---------------------------------------> open, for twice as long

What lives here: values, and total functions from one to the next. The time and chance are arguments; who keeps a
record, and how callers meet it, is the business of ``freeproviders.breaker``.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal, TypeGuard

from freeproviders.errors import (
    Blocked,
    InvalidSetting,
    LimitReached,
    LoginRequired,
    PromptTooLong,
    ProviderError,
    UnknownModel,
    UnsupportedContent,
)

__all__ = ["BreakerPolicy", "BreakerState", "Record", "counts"]

# The share of an opening that is left to chance, lest all who left together come back together.
_CHANCE = 0.25
# Outcomes remembered of a window: enough for a rate, and a record stays small.
_REMEMBERED = 100
_MESSAGE_LENGTH = 300

# They tell nothing of the service: the request itself was at fault, or (LimitReached) none was sent.
_NOT_THE_SERVICE = (PromptTooLong, UnknownModel, UnsupportedContent, InvalidSetting, LimitReached)
# A ban, or a session that is over, does not heal in seconds, and asking on may prolong a ban.
_LASTING = (Blocked, LoginRequired)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """When a breaker opens, and for how long.

    An opening lasts ``first_open`` seconds and doubles with each probe that fails, up to ``longest_open``; a quarter of
    it is left to chance. An error with ``retry_after`` opens at once, for as long as the service asks: it has said
    itself that asking sooner is in vain. ``Blocked`` and ``LoginRequired`` open at once for ``longest_open``.

    Attributes:
        consecutive: Failures in a row that open it.
        rate: Share of failures in the window that opens it, above 0 and at most 1.
        window: Seconds for which an outcome counts towards the rate; of the latest 100 outcomes at most.
        least: Outcomes in the window before the rate counts, at most 100.
        first_open: Seconds of the first opening.
        longest_open: Seconds an opening grows to.
        longest_retry_after: Seconds a service may ask for: a day, as some services count by days.
        lease: Seconds a probe may be without a word before another is let through: longer than a call takes to its
            first piece, its retries included.

    Raises:
        InvalidSetting: A value is out of its range.
    """

    consecutive: int = 3
    rate: float = 0.5
    window: float = 60.0
    least: int = 5
    first_open: float = 15.0
    longest_open: float = 900.0
    longest_retry_after: float = 86_400.0
    lease: float = 180.0

    def __post_init__(self) -> None:
        _check_numbers(self)
        for name in ("window", "first_open", "longest_open", "longest_retry_after", "lease"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InvalidSetting(f"breaker setting {name!r} must be a positive number of seconds")
        if self.longest_open < self.first_open:
            raise InvalidSetting("breaker setting 'longest_open' must be at least 'first_open'")
        if self.consecutive < 1:
            raise InvalidSetting("breaker setting 'consecutive' must be at least 1")
        if not 0 < self.rate <= 1:
            raise InvalidSetting("breaker setting 'rate' must be above 0 and at most 1")
        if not 1 <= self.least <= _REMEMBERED:
            raise InvalidSetting(f"breaker setting 'least' must be from 1 to {_REMEMBERED}")


def _check_numbers(policy: BreakerPolicy) -> None:
    for field in fields(policy):
        if not isinstance(getattr(policy, field.name), int | float):
            raise InvalidSetting(f"breaker setting {field.name!r} must be a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """What a breaker knows, to be shown.

    Attributes:
        state: ``"closed"``; ``"open"``; ``"half_open"`` when its time is over and a probe may go or is under way.
        consecutive: Failures in a row.
        calls: Outcomes in the window.
        failures: Those of them that failed.
        opens_in: Seconds until it permits a call; while a probe is under way, until its lease ends.
        last_error: Class name of the last failure; empty when there was none.
        last_message: Its message, or the beginning of it.
    """

    state: Literal["closed", "open", "half_open"]
    consecutive: int
    calls: int
    failures: int
    opens_in: float
    last_error: str
    last_message: str


def counts(error: BaseException) -> TypeGuard[ProviderError]:
    """Whether an error speaks against the service; a caller's fault, a cancellation or a bug does not."""
    return isinstance(error, ProviderError) and not isinstance(error, _NOT_THE_SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is kept of one candidate. Moments are seconds on one clock.

    Attributes:
        generation: Changes with each opening, probe and closing; a call of an earlier one speaks of the past.
        consecutive: Failures in a row.
        outcomes: Moment of each outcome in the window, and whether it failed.
        until: When the opening ends; None while closed.
        span: How far off that was when it was set.
        grown: Seconds of the last opening by the policy, before chance; 0.0 when there was none.
        lease: Until when the probe's word is waited for; None when no probe is under way.
        last_error: Class name of the last failure.
        last_message: Its message, or the beginning of it.
    """

    generation: int = 0
    consecutive: int = 0
    outcomes: tuple[tuple[float, bool], ...] = ()
    until: float | None = None
    span: float = 0.0
    grown: float = 0.0
    lease: float | None = None
    last_error: str = ""
    last_message: str = ""

    def as_of(self, now: float, policy: BreakerPolicy) -> "Record":
        """Without what has left the window, and with no moment farther off than it was set.

        The latter is for a wall clock that was put back, which would prolong an opening by as much.
        """
        since = now - policy.window
        return replace(
            self,
            outcomes=tuple((min(moment, now), failed) for moment, failed in self.outcomes if moment > since),
            until=None if self.until is None else min(self.until, now + self.span),
            lease=None if self.lease is None else min(self.lease, now + policy.lease),
        )

    def opens_in(self, now: float) -> float:
        """Seconds until it permits a call; 0.0 when it does now."""
        return max((0.0, *(moment - now for moment in (self.until, self.lease) if moment is not None)))

    def probing(self, now: float, policy: BreakerPolicy) -> "Record":
        """A probe was let through."""
        return replace(self, generation=self.generation + 1, lease=now + policy.lease)

    def given_back(self, generation: int) -> "Record":
        """The call of that generation has nothing to say; if it was the probe, another may go."""
        return replace(self, lease=None) if generation == self.generation else self

    def closed(self) -> "Record":
        """Nothing is held against the service; the last error is kept to be shown."""
        return Record(generation=self.generation + 1, last_error=self.last_error, last_message=self.last_message)

    def after_success(self, now: float, generation: int) -> "Record":
        """The call of that generation succeeded."""
        if generation != self.generation:
            return self
        if self.until is not None:
            return self.closed()
        return replace(self, consecutive=0, outcomes=self._outcomes(now, failed=False))

    def after_failure(
        self, now: float, generation: int, error: ProviderError, policy: BreakerPolicy, chance: float
    ) -> "Record":
        """The call of that generation failed.

        Args:
            now: The moment.
            generation: That of the call's permit.
            error: Why; one that counts.
            policy: When to open, and for how long.
            chance: From 0 to 1; the higher, the shorter an opening that the service did not ask for.
        """
        share = 1 - _CHANCE * chance
        asked = _asked_by(error, policy, share)
        if generation != self.generation:
            # Of the same outage, from before it was noticed: it may know that it takes longer.
            return _opened(self, now, asked) if self.until is not None and asked else self
        failed = replace(
            self,
            consecutive=self.consecutive + 1,
            outcomes=self._outcomes(now, failed=True),
            last_error=type(error).__name__,
            last_message=error.message[:_MESSAGE_LENGTH],
        )
        if self.until is not None or _too_many(failed, policy):
            failed = replace(failed, grown=min(policy.longest_open, 2 * self.grown or policy.first_open))
            asked = max(asked, failed.grown * share)
        if not asked:
            return failed
        return _opened(replace(failed, generation=self.generation + 1, lease=None), now, asked)

    def shown(self, now: float) -> BreakerState:
        """What there is to be shown."""
        calls, failures = _counted(self)
        return BreakerState(
            state="closed" if self.until is None else "open" if self.until > now else "half_open",
            consecutive=self.consecutive,
            calls=calls,
            failures=failures,
            opens_in=self.opens_in(now),
            last_error=self.last_error,
            last_message=self.last_message,
        )

    def _outcomes(self, now: float, *, failed: bool) -> tuple[tuple[float, bool], ...]:
        return (*self.outcomes, (now, failed))[-_REMEMBERED:]


def _too_many(record: Record, policy: BreakerPolicy) -> bool:
    calls, failures = _counted(record)
    return record.consecutive >= policy.consecutive or (calls >= policy.least and failures / calls >= policy.rate)


def _counted(record: Record) -> tuple[int, int]:
    return len(record.outcomes), sum(failed for _, failed in record.outcomes)


def _opened(record: Record, now: float, seconds: float) -> Record:
    until = now + seconds if record.until is None else max(record.until, now + seconds)  # never sooner than before
    return replace(record, until=until, span=until - now)


def _asked_by(error: ProviderError, policy: BreakerPolicy, share: float) -> float:
    """Seconds that this error alone opens for; 0.0 for none."""
    lasting = policy.longest_open * share if isinstance(error, _LASTING) else 0.0
    wish = error.retry_after or 0.0
    return max(lasting, min(wish, policy.longest_retry_after) if wish > 0 else 0.0)
