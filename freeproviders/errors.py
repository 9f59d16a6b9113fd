"""Everything that can go wrong, as one tree.

ProviderError
├── ConnectionFailed       DNS, refused, reset, cut before any answer text       retryable
├── TimedOut               connect, first byte or idle gap                       retryable
├── RateLimited            429 or 402, with ``retry_after`` where it is said     retryable
│   └── LimitReached       our own limit, before anything was sent
├── ServerFailed           5xx                                                   retryable
├── BadReply               not the protocol                                      retryable
│   └── EmptyAnswer        the protocol, without any text or image               retryable
├── Blocked                ban, misuse notice, announcement, challenge page
├── LoginRequired          the session or trial is over; cookies or a token are needed
├── PromptTooLong          over the service's own limit
├── UnknownModel           not in the service's model list
├── UnsupportedContent     content this service cannot carry
├── RequestRejected        any other 4xx, often a rotated constant
├── InvalidSetting         an unknown or malformed argument or environment variable
├── StreamInterrupted      the answer broke off; ``partial`` holds what had arrived
└── AllProvidersFailed     a router has no candidate left; ``attempts`` says what each one said

The root derives from ``Exception`` alone: LlamaIndex turns ValueError and TypeError into an "Empty Response"
and RuntimeError into a misleading message about nested event loops. What lives here is the vocabulary;
which status becomes which class is decided in ``freeproviders.status``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

__all__ = [
    "AllProvidersFailed",
    "BadReply",
    "Blocked",
    "ConnectionFailed",
    "EmptyAnswer",
    "InvalidSetting",
    "LimitReached",
    "LoginRequired",
    "PromptTooLong",
    "ProviderError",
    "RateLimited",
    "RequestRejected",
    "ServerFailed",
    "StreamInterrupted",
    "TimedOut",
    "Tried",
    "UnknownModel",
    "UnsupportedContent",
]

_E = TypeVar("_E", bound="ProviderError")


class ProviderError(Exception):
    """The root of all errors of this package.

    Args:
        message: What happened and what the user can do about it.
        provider: Name of the service, e.g. ``"yqcloud"``; empty where no service was involved.
        status: HTTP status, where one was received.
        retry_after: Seconds the service asked to wait, where it said so.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        where = f"[{self.provider}] " if self.provider else ""
        status = f" (HTTP {self.status})" if self.status is not None else ""
        return f"{where}{self.message}{status}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by calling the class with ``args``; keyword-only fields need the state instead.
        return _rebuild, (type(self), self.message, dict(self.__dict__))

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import error_html  # loaded by who looks at it in a notebook

        return error_html(self)


def _rebuild(kind: type[_E], message: str, state: Mapping[str, Any]) -> _E:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class ConnectionFailed(ProviderError):
    """The service could not be reached, or the connection broke before any answer text."""

    retryable = True


class TimedOut(ProviderError):
    """Connecting, the first byte or the gap between two pieces took longer than allowed."""

    retryable = True


class RateLimited(ProviderError):
    """The service refuses for now (HTTP 429 or 402); ``retry_after`` holds its own wish in seconds."""

    retryable = True


class LimitReached(RateLimited):
    """Our own limit leaves no turn before the deadline; nothing was sent. ``retry_after`` says when there is room."""

    retryable = False  # the call has already waited as long as it may


class ServerFailed(ProviderError):
    """The service failed (HTTP 5xx)."""

    retryable = True


class BadReply(ProviderError):
    """The reply is not the protocol this service is known to speak."""

    retryable = True


class EmptyAnswer(BadReply):
    """The reply followed the protocol but held neither text nor image."""


class Blocked(ProviderError):
    """A ban, misuse notice, announcement or challenge page came in place of an answer."""


class LoginRequired(ProviderError):
    """The service wants a signed-in session: expired cookies, a used-up trial, a missing token."""


class PromptTooLong(ProviderError):
    """The prompt exceeds what the service accepts; shorten it, retrying cannot help."""


class UnknownModel(ProviderError):
    """The model is not in the service's list; the message names the known ones."""


class UnsupportedContent(ProviderError):
    """The message holds content (an image, a file) that this service cannot carry."""


class RequestRejected(ProviderError):
    """Any other 4xx or redirect; the message names the setting that may have gone stale."""


class InvalidSetting(ProviderError):
    """An argument or environment variable is unknown or malformed; the message names the nearest known one."""


class StreamInterrupted(ProviderError):
    """The answer broke off after its first piece had been handed on.

    Args:
        message: What broke.
        partial: The text that had already been handed on.
        provider: Name of the service.
        status: HTTP status, where one was received.
        retry_after: Seconds the service asked to wait, where it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        partial: str = "",
        provider: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, provider=provider, status=status, retry_after=retry_after)
        self.partial = partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one candidate of a router.

    Attributes:
        candidate: Its name.
        error: What it said; None where it was not asked, because it is cooling down, or gave way to a faster one.
        seconds: How long it was asked; 0.0 where it was not.
        opens_in: Seconds until it may be asked again; 0.0 for at once.
        last: Class of the error in an earlier call for which it was not asked in this one; empty where it was.
    """

    candidate: str
    error: ProviderError | None = None
    seconds: float = 0.0
    opens_in: float = 0.0
    last: str = ""

    def __str__(self) -> str:
        unasked = f"not asked after {self.last}" if self.last else "not asked"
        silent = "slower than another" if self.seconds else unasked
        said = f"{type(self.error).__name__}: {self.error.message}" if self.error is not None else silent
        cooling = f" (may be asked again in {self.opens_in:.0f} s)" if self.opens_in else ""
        return f"{self.candidate}: {said}{cooling}"


class AllProvidersFailed(ProviderError):
    """No candidate of a router could answer; ``retry_after`` says when the earliest may be asked again.

    Args:
        message: What happened.
        attempts: What became of each candidate, in order.
        retry_after: Seconds until the earliest cool-down ends.
    """

    def __init__(self, message: str, *, attempts: tuple[Tried, ...] = (), retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.attempts = attempts
