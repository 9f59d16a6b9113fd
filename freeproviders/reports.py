"""What is told of a call while it runs: attempts, waits, changes of service. Values, and who hears them.

Three may listen: the log (``freeproviders.logs``), the observers of the process (tracing, for one), and the listener
given with a call, which may wait, so that a framework's rate limiter can hold an attempt back. No report holds text of
a prompt or an answer, or a secret.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property

from freeproviders import logs
from freeproviders.errors import ProviderError

__all__ = [
    "AnswerBegan",
    "AskedAgain",
    "AttemptFailed",
    "AttemptStarted",
    "Began",
    "Ended",
    "FailedOver",
    "Listen",
    "Observer",
    "Report",
    "Teller",
    "Waited",
    "observe",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something that happened in a call.

    Attributes:
        request: Id of the call; all reports of one call share it, those of every service a router asks too.
        provider: Name of the service; ``"router"`` for what concerns several.
        call: Id of this call to this service; a routed request has several.
        candidate: Name under which a router asks this service; empty without a router.
    """

    request: str
    provider: str
    call: str = ""
    candidate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began(Report):
    """A service is about to be asked."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted(Report):
    """A request is about to be sent; ``number`` counts those of the call to this service, from 1."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBegan(Report):
    """The first piece of an answer has arrived, ``seconds`` after the call began."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Report):
    """An attempt failed, and another follows after ``wait`` seconds."""

    number: int
    error: ProviderError
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited(Report):
    """The call waited ``seconds`` for its turn: by our own rate limit, or until a router could ask somebody again."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain(Report):
    """The reply could not be used and is asked for once more; ``round`` counts from 2."""

    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOver(Report):
    """A router leaves this candidate, named in ``provider``, for another.

    Attributes:
        to: Name of the candidate asked next.
        error: What this one said; None where it was only slow and both are asked now.
    """

    to: str
    error: ProviderError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Report):
    """The service has answered, or the call to it has ended otherwise.

    Attributes:
        attempts: Requests for an answer sent, rounds included.
        seconds: How long it all took.
        first: Seconds until the first piece of the answer; None where none came.
        status: HTTP status of the last answer, where one was received.
        received: Bytes of the last answer's body.
        error: What ended it, a cancellation too; None for a complete answer.
    """

    attempts: int
    seconds: float
    first: float | None
    status: int | None
    received: int
    error: BaseException | None


Listen = Callable[[Report], Awaitable[None]]
"""Awaited with each report except ``Ended``; what it raises ends the call."""

Observer = Callable[[Report], None]

_observers: tuple[Observer, ...] = ()


def observe(observer: Observer) -> Callable[[], None]:
    """Lets a function hear the reports of all calls of this process, as log handlers do.

    Args:
        observer: Called in the task of the call; must not block or raise.

    Returns:
        What ends it.
    """
    global _observers  # noqa: PLW0603  # who listens is a matter of the process, like its log handlers
    _observers = (*_observers, observer)

    def end() -> None:
        global _observers  # noqa: PLW0603
        _observers = tuple(one for one in _observers if one is not observer)

    return end


class Teller:
    """Tells of one call.

    Args:
        listen: The caller's listener.

    Attributes:
        candidate: Whom of a router's candidates it is about; empty for the call as a whole.
    """

    def __init__(self, listen: Listen | None = None) -> None:
        self.candidate: str = ""
        self._listen = listen

    @cached_property
    def request(self) -> str:
        """Id of the call."""
        return os.urandom(6).hex()

    @classmethod
    def of(cls, listen: "Listen | Teller | None") -> "Teller":
        """The teller itself where a router has made one for the calls it consists of."""
        return listen if isinstance(listen, Teller) else cls(listen)

    def branch(self, candidate: str, listen: Listen) -> "Teller":
        """A teller of what one candidate does in this call, with a listener of its own before the caller's."""

        async def both(report: Report) -> None:
            await listen(report)
            if self._listen is not None:
                await self._listen(report)

        part = Teller(both)
        part.request, part.candidate = self.request, candidate
        return part

    @property
    def heard(self) -> bool:
        """Whether anybody hears what is told in the ordinary course of a call; failures and waits are always told."""
        return self._listen is not None or bool(_observers) or logs.detailed()

    def note(self, report: Report) -> None:
        """Tells the log and the observers."""
        logs.write(report)
        for observer in _observers:
            observer(report)

    async def tell(self, report: Report) -> None:
        """Tells everybody, and waits for the caller's listener."""
        self.note(report)
        if self._listen is not None:
            await self._listen(report)
