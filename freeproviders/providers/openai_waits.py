"""How long an OpenAI-compatible server asks to wait: in headers, in the body of its error, or in the words of it."""

import math
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from freeproviders.status import retry_after_seconds

__all__ = ["waits"]

_WAIT = re.compile(r"(?:try again|retry) in (\d[\dhms.]*)(?: ?(second|minute|hour))?", re.IGNORECASE)
_LONG = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_KINDS = ("requests", "tokens")
_NOT_BEFORE = 1_000_000_000
"""A number above this is a moment, not a time to wait."""


def waits(headers: Mapping[str, str], said: Mapping[str, Any]) -> Iterator[float]:
    """Seconds to wait, by all that says so, the surest first.

    Args:
        headers: Of the reply, names in lower case.
        said: The error object in its body.
    """
    # The whole seconds beside it are the same wait, rounded up; OpenAI's own client looks here first too.
    yield from _seconds(headers.get("retry-after-ms", ""), unit=0.001)
    if (wait := retry_after_seconds(headers.get("retry-after"))) is not None:
        yield wait
    for detail in said.get("details") or ():
        if isinstance(detail, dict):
            yield from _seconds(detail.get("retryDelay"))
    if found := _WAIT.search(str(said.get("message", ""))):
        yield from _seconds(found[1].rstrip("."), unit=_LONG.get((found[2] or "").lower(), 1.0))
    spent = [kind for kind in _KINDS if headers.get(f"x-ratelimit-remaining-{kind}") == "0"]
    for kind in spent:
        yield from _seconds(headers.get(f"x-ratelimit-reset-{kind}"))
    if headers.get("x-ratelimit-remaining") == "0":
        yield from _seconds(headers.get("x-ratelimit-reset"))


def _seconds(text: Any, *, unit: float = 1.0) -> Iterator[float]:
    """The seconds of ``"34s"``, ``"2m59.56s"``, ``"120ms"``, a bare number, or a moment in seconds or milliseconds."""
    if not isinstance(text, str) or not text.strip():
        return
    try:
        number = float(text)
    except ValueError:
        found = _DURATION.fullmatch(text.strip())
        if found is not None and any(found.groups()):
            hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
            yield hours * 3600 + minutes * 60 + seconds + thousandths / 1000
        elif (wait := retry_after_seconds(text)) is not None:
            yield wait
        return
    if not math.isfinite(number):
        return
    if number < _NOT_BEFORE:
        yield max(0.0, number * unit)
    else:
        moment = number / 1000 if number > _NOT_BEFORE * 1000 else number
        yield max(0.0, moment - time.time())
