"""Which HTTP status means which error, where the service has no meaning of its own for it. No I/O."""

import contextlib
import datetime as dt
import email.utils
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from freeproviders import errors
from freeproviders.screening import challenge_in
from freeproviders.wire import Reply

__all__ = ["challenged", "failure", "login_advice", "message_in", "retry_after_seconds", "said"]


# Sent with every challenge: https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
# and https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-how-it-works.html
_CHALLENGE_HEADERS = frozenset({"cf-mitigated", "x-amzn-waf-action"})


def failure(provider: str, reply: Reply, hints: Mapping[int, str]) -> errors.ProviderError | None:
    """The error a reply's status stands for, or None for 2xx.

    Args:
        provider: Name of the service.
        reply: The reply; its body may be cut.
        hints: By status, what has gone stale before and which setting repairs it; such a status is a
            ``RequestRejected`` even where it would mean something else in general.
    """
    if not _CHALLENGE_HEADERS.isdisjoint(reply.headers):
        return challenged(provider, reply.status)
    if 200 <= reply.status < 300:
        return None
    if challenge_in(reply.text):
        return challenged(provider, reply.status)
    kind, advice = _meaning(provider, reply)
    if reply.status in hints:
        kind, advice = errors.RequestRejected, hints[reply.status]
    return kind(
        f"the service answered {said(reply)!r}. {advice}".strip(),
        provider=provider,
        status=reply.status,
        retry_after=retry_after_seconds(reply.headers.get("retry-after")),
    )


def challenged(provider: str, status: int) -> errors.Blocked:
    """The error for a bot-protection page."""
    return errors.Blocked(
        f"a bot-protection page came instead of an answer. {login_advice(provider)} Or use another network by proxy=",
        provider=provider,
        status=status,
    )


def login_advice(provider: str) -> str:
    """What to do about a session that is missing, over, or not trusted."""
    return (
        f'Run `freeproviders login {provider}` and pass cookies="stored", or pass the cookies and user_agent of a '
        "browser that has signed in or passed the check there."
    )


def _meaning(provider: str, reply: Reply) -> tuple[type[errors.ProviderError], str]:
    if reply.status == 401:
        return errors.LoginRequired, login_advice(provider)
    if 300 <= reply.status < 400:
        return _redirect(provider, reply.headers.get("location", ""))
    if reply.status >= 500:
        return errors.ServerFailed, "Try again later."
    return _CLIENT_ERRORS.get(reply.status, (errors.RequestRejected, ""))


_CLIENT_ERRORS: Mapping[int, tuple[type[errors.ProviderError], str]] = {
    404: (errors.RequestRejected, "The service may have moved: see the settings base_url and path."),
    402: (errors.RateLimited, "Its free quota is used up for now."),
    407: (errors.RequestRejected, "The proxy wants credentials: put them into its URL (proxy=)."),
    408: (errors.TimedOut, "Try again later."),
    413: (errors.PromptTooLong, "Shorten the prompt."),
    429: (errors.RateLimited, "Wait before the next call."),
}


def _redirect(provider: str, target: str) -> tuple[type[errors.ProviderError], str]:
    if any(word in target.casefold() for word in ("login", "signin", "sign-in", "auth")):
        return errors.LoginRequired, f"It redirects to {target!r}. {login_advice(provider)}"
    return errors.RequestRejected, f"It redirects to {target!r}: the service may have moved, set base_url."


def said(reply: Reply) -> str:
    """The service's own words in an error reply, at most 200 characters."""
    text = reply.text.strip()
    with contextlib.suppress(ValueError, RecursionError):
        text = message_in(json.loads(text)) or text
    return text[:200] or "nothing"


def message_in(value: Any) -> str:
    """The text of an error object: at ``data``, ``message`` or ``error``, in that order and however deep."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    found = (message_in(value.get(key)) for key in ("data", "message", "error"))
    return next(filter(None, found), "")


def retry_after_seconds(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """The wait a Retry-After header asks for, in seconds; None where it is absent or unreadable.

    Args:
        value: Seconds or an HTTP date (RFC 9110, 10.2.3).
        now: Clock for the date form, in seconds since the epoch.
    """
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:  # "-0000": a time in UTC from a place it does not tell
            moment = moment.replace(tzinfo=dt.timezone.utc)
        return max(0.0, moment.timestamp() - now())
    except (ValueError, OverflowError):
        return None
