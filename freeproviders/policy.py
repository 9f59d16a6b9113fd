"""Retry and time limits as frozen values: the only place that knows which failures deserve another try."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freeproviders.errors import InvalidSetting, ProviderError

if TYPE_CHECKING:
    import tenacity

__all__ = ["Clock", "Retry", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Where waiting happens, so that tests can watch it without waiting.

    Attributes:
        monotonic: Seconds on a clock that never goes back.
        sleep: Waits that many seconds.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds a call may wait at each stage; there is no limit on a whole answer that keeps coming.

    Attributes:
        connect: For the connection, TLS included.
        first_byte: From sending the request to the first byte of the answer. Slow services need tens of seconds.
        idle: Between two pieces of an answer.
    """

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 60.0

    def __post_init__(self) -> None:
        for name in ("connect", "first_byte", "idle"):
            if not _is_time(getattr(self, name)):
                raise InvalidSetting(f"timeout {name!r} must be a positive number of seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often and how patiently a call is tried again, before its first event.

    Waits grow exponentially with full jitter (a random share of ``base * 2**n``, at most ``longest_wait``); a
    Retry-After of the service takes their place, capped by ``longest_retry_after``.

    Attributes:
        attempts: Tries in all, the first included.
        deadline: Seconds for all attempts and waits together; no wait begins that would pass it.
        base: Upper end of the first wait, in seconds.
        longest_wait: Cap of the jittered waits, in seconds.
        longest_retry_after: Cap of what a service may ask for, in seconds.
    """

    attempts: int = 3
    deadline: float = 120.0
    base: float = 0.5
    longest_wait: float = 15.0
    longest_retry_after: float = 60.0

    def __post_init__(self) -> None:
        if type(self.attempts) is not int or self.attempts < 1:
            raise InvalidSetting("attempts must be a whole number, at least 1 (max_retries at least 0)")
        for name in ("deadline", "base", "longest_wait", "longest_retry_after"):
            if not _is_time(getattr(self, name)):
                raise InvalidSetting(f"retry setting {name!r} must be a positive number of seconds")

    def controller(
        self, sleep: Callable[[float], Awaitable[None]], left: Callable[[], float]
    ) -> "tenacity.AsyncRetrying":
        """A tenacity controller for one call. It carries that call's state: never share it between calls.

        Args:
            sleep: Waits that many seconds.
            left: Seconds to the deadline, by now.
        """
        import tenacity  # loaded with the first failure: most calls have none

        jitter = tenacity.wait_random_exponential(multiplier=self.base, max=self.longest_wait)

        waits: dict[int, float] = {}  # drawn once for each attempt: tenacity asks for it after the decision to stop

        def wait(state: "tenacity.RetryCallState") -> float:
            if state.attempt_number not in waits:
                asked = getattr(_failure(state), "retry_after", None)
                capped = jitter(state) if asked is None else min(asked, self.longest_retry_after)
                waits[state.attempt_number] = float(capped)
            return waits[state.attempt_number]

        def spent(state: "tenacity.RetryCallState") -> bool:
            return wait(state) > left() or state.attempt_number >= self.attempts

        return tenacity.AsyncRetrying(
            sleep=sleep, stop=spent, wait=wait, retry=tenacity.retry_if_exception(_deserves_retry), reraise=True
        )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _failure(state: "tenacity.RetryCallState") -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _deserves_retry(error: BaseException) -> bool:
    return isinstance(error, ProviderError) and error.retryable
