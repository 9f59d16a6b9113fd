"""The core's errors, each of them also a langchain-core ``ModelError`` of the fitting kind.

LangChain's middleware and fallbacks decide by core's classes, users of this package by ours; these are both. The tree
and its meaning are in ``freeproviders.errors``: ``except freeproviders.errors.RateLimited`` catches the class here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from langchain_core import exceptions as core

from freeproviders import errors

__all__ = ["translated"]


class ConnectionFailed(errors.ConnectionFailed, core.ModelConnectionError):
    """The service could not be reached."""


class TimedOut(errors.TimedOut, core.ModelTimeoutError):
    """A time limit passed."""


class RateLimited(errors.RateLimited, core.ModelRateLimitError):
    """The service refuses for now; see ``retry_after``."""


class LimitReached(errors.LimitReached, RateLimited):
    """Our own limit leaves no turn.

    Not retryable: the call has already waited as long as it may.
    """

    is_retryable = False


class ServerFailed(errors.ServerFailed, core.ModelAPIError):
    """The service failed."""


class BadReply(errors.BadReply, core.ModelAPIError):
    """The reply is not the protocol."""


class EmptyAnswer(errors.EmptyAnswer, BadReply):
    """The reply held no answer."""


class Blocked(errors.Blocked, core.ModelPermissionDeniedError):
    """A ban, notice or challenge page came instead of an answer."""


class LoginRequired(errors.LoginRequired, core.ModelAuthenticationError):
    """A signed-in session is needed."""


class PromptTooLong(errors.PromptTooLong, core.ContextOverflowError):
    """The prompt exceeds the service's limit."""


class UnknownModel(errors.UnknownModel, core.ModelNotFoundError):
    """The service has no such model."""


class UnsupportedContent(errors.UnsupportedContent, core.ModelInvalidRequestError):
    """The service cannot carry this content."""


class RequestRejected(errors.RequestRejected, core.ModelInvalidRequestError):
    """The service refused the request."""


class InvalidSetting(errors.InvalidSetting, core.ModelInvalidRequestError):
    """An argument or environment variable is unknown or malformed."""


class StreamInterrupted(errors.StreamInterrupted, core.ModelConnectionError):
    """The answer broke off; see ``partial``.

    Not retryable, whatever core says of connection errors: a second answer after half of the first helps nobody.
    """

    is_retryable = False


class AllProvidersFailed(errors.AllProvidersFailed, core.ModelAPIError):
    """No candidate of a router could answer; see ``attempts``.

    Not retryable: the router has tried again itself, as often as it was told to.
    """

    is_retryable = False


_TWINS: dict[type[errors.ProviderError], type[errors.ProviderError]] = {
    errors.ConnectionFailed: ConnectionFailed,
    errors.TimedOut: TimedOut,
    errors.RateLimited: RateLimited,
    errors.LimitReached: LimitReached,
    errors.ServerFailed: ServerFailed,
    errors.BadReply: BadReply,
    errors.EmptyAnswer: EmptyAnswer,
    errors.Blocked: Blocked,
    errors.LoginRequired: LoginRequired,
    errors.PromptTooLong: PromptTooLong,
    errors.UnknownModel: UnknownModel,
    errors.UnsupportedContent: UnsupportedContent,
    errors.RequestRejected: RequestRejected,
    errors.InvalidSetting: InvalidSetting,
    errors.StreamInterrupted: StreamInterrupted,
    errors.AllProvidersFailed: AllProvidersFailed,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turns the core's errors into their twins here; an error of a third party's own class passes as it is."""
    try:
        yield
    except errors.ProviderError as error:
        twin = _TWINS.get(type(error))
        if twin is None:
            raise
        raise _copied(error, twin) from error.__cause__


def _copied(error: errors.ProviderError, kind: type[errors.ProviderError]) -> errors.ProviderError:
    copy = kind(error.message)
    copy.__dict__.update(error.__dict__)
    return copy
