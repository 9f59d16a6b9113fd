"""What happens on the way to an answer, as events of core's instrumentation. Who fires them: ``base``.

They belong to the span of the call, hold no text of a prompt or an answer and no secret, and are JSON-able. An error is
named, not quoted: its message may hold the beginning of what the service said.

Example:
    .. code-block:: python

        from llama_index.core.instrumentation import get_dispatcher
        from llama_index.core.instrumentation.event_handlers import BaseEventHandler

        class Retries(BaseEventHandler):
            def handle(self, event, **kwargs):
                if isinstance(event, RetryEvent):
                    ...

        get_dispatcher().add_event_handler(Retries())
"""

from typing import Any

from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]  # exported without a word
from llama_index.core.instrumentation.events import BaseEvent

from freeproviders.errors import ProviderError
from freeproviders.reports import AskedAgain, AttemptFailed, FailedOver, Report, Waited
from llamaindex_freeproviders.hearing import hears

__all__ = ["AskAgainEvent", "CallEvent", "FailoverEvent", "RetryEvent", "WaitEvent", "event_of", "fire"]

_dispatcher = get_dispatcher(__name__)


class CallEvent(BaseEvent):
    """Something that happened on the way to an answer.

    Attributes:
        request: Id of the call; the log and traces have the same.
        provider: Name of the service; ``"router"`` for what concerns several.
        candidate: Name under which a router asks it; empty without a router.
    """

    request: str
    provider: str
    candidate: str

    @classmethod
    def class_name(cls) -> str:
        """Key of this class in serialised data."""
        return f"FreeProviders{cls.__name__}"


class RetryEvent(CallEvent):
    """An attempt failed, and another follows.

    Attributes:
        attempt: Its number, from 1.
        wait: Seconds until the next one.
        error: Class of what went wrong (``freeproviders.errors``).
        status: HTTP status, where one was received.
    """

    attempt: int
    wait: float
    error: str
    status: int | None


class FailoverEvent(CallEvent):
    """A router leaves ``candidate`` for another.

    Attributes:
        to: The candidate asked next.
        error: Class of what went wrong; None where the first was only slow, and both are asked now.
        status: HTTP status, where one was received.
    """

    to: str
    error: str | None
    status: int | None


class WaitEvent(CallEvent):
    """The call waited for its turn: by a limit of ours, or until a router could ask somebody again.

    Attributes:
        seconds: How long.
    """

    seconds: float


class AskAgainEvent(CallEvent):
    """The model's reply could not be used and it is asked once more.

    Attributes:
        round: Counts from 2.
    """

    round: int


def event_of(report: Report, span_id: str | None) -> CallEvent | None:
    """The event that tells of a report; None where there is none, or nobody listens.

    Args:
        report: What happened.
        span_id: The call's span.
    """
    if not hears(_dispatcher):
        return None
    about: dict[str, Any] = {
        "span_id": span_id,
        "request": report.request,
        "provider": report.provider,
        "candidate": report.candidate,
    }
    match report:
        case AttemptFailed():
            return RetryEvent(attempt=report.number, wait=report.wait, **_named(report.error), **about)
        case FailedOver():
            about |= {"provider": "router", "candidate": report.provider}
            return FailoverEvent(to=report.to, **_named(report.error), **about)
        case Waited():
            return WaitEvent(seconds=report.seconds, **about)
        case AskedAgain():
            return AskAgainEvent(round=report.round, **about)
    return None


def fire(event: CallEvent) -> None:
    """Gives an event to all who listen; it may block as long as they do."""
    _dispatcher.event(event)


def _named(error: ProviderError | None) -> dict[str, Any]:
    return {"error": None, "status": None} if error is None else {"error": type(error).__name__, "status": error.status}
