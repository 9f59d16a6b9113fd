"""Which error an OpenAI-compatible server means: by status, by code, by its words."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from freeproviders import errors
from freeproviders.providers.openai_waits import waits
from freeproviders.status import failure
from freeproviders.tools.wording import dumped
from freeproviders.wire import Reply

__all__ = ["refusal", "stream_error"]

_CODES: Mapping[str, type[errors.ProviderError]] = {
    "context_length_exceeded": errors.PromptTooLong,
    "string_above_max_length": errors.PromptTooLong,
    "model_not_found": errors.UnknownModel,
    "invalid_api_key": errors.LoginRequired,
    # litellm's proxy, which looks for a key that is not its first one in a database that it does not have.
    "no_db_connection": errors.LoginRequired,
    "insufficient_quota": errors.RateLimited,
    "rate_limit_exceeded": errors.RateLimited,
    "RESOURCE_EXHAUSTED": errors.RateLimited,
    "content_filter": errors.Blocked,
    # Groq's words for a model that wrote a call or a value which is none: another try may do.
    "tool_use_failed": errors.BadReply,
    "json_validate_failed": errors.BadReply,
}
_TOO_LONG = re.compile(
    r"(?:maximum |exceeds? the )?context (?:length|window)|too many (?:input )?tokens", re.IGNORECASE
)
_UNKNOWN = re.compile(r"invalid model name|\bmodel\s+\S+\s+(?:is |was )?(?:not found|does not exist)", re.IGNORECASE)
_FEATURES = re.compile(r"tool|function|response_format|json_schema", re.IGNORECASE)
_STATUSES = range(400, 600)
_FAILED = 500


def refusal(provider: str, reply: Reply, key_advice: str) -> errors.ProviderError | None:
    """The error a reply's status stands for, or None for 2xx.

    Args:
        provider: Name of the service.
        reply: The reply; its body may be cut.
        key_advice: What to do about a key that is missing or wrong.
    """
    said = _said(reply)
    if reply.text.lstrip().startswith("["):
        reply = replace(reply, body=dumped(said).encode(errors="replace"))
    error = failure(provider, reply, {})
    if error is None or isinstance(error, errors.Blocked) or reply.status < _STATUSES.start:
        return error
    kind, advice = _meaning(type(error), said, key_advice)
    wait = next(waits(reply.headers, said), None)
    if kind is type(error) and not advice:
        error.retry_after = wait
        return error
    told = str(said.get("message") or reply.text).strip()[:200] or "nothing"
    message = f"the service answered {told!r}. {advice}".strip()
    return kind(message, provider=provider, status=reply.status, retry_after=wait)


def stream_error(provider: str, reply: Reply, key_advice: str) -> errors.ProviderError:
    """The error that an error object with HTTP 200 stands for: by the status it holds, else as one of the server.

    Args:
        provider: Name of the service.
        reply: The object as the body of a reply.
        key_advice: As in ``refusal``.
    """
    code = str(_said(reply).get("code"))  # litellm writes "429"
    status = int(code) if code.isdecimal() and int(code) in _STATUSES else _FAILED
    found = refusal(provider, replace(reply, status=status), key_advice)
    assert found is not None, "the status is that of an error"  # noqa: S101
    found.status = reply.status
    return found


def _meaning(
    kind: type[errors.ProviderError], said: Mapping[str, Any], key_advice: str
) -> tuple[type[errors.ProviderError], str]:
    message = str(said.get("message", ""))
    marks = (said.get("code"), said.get("type"), said.get("status"))
    found = next((_CODES[mark] for mark in marks if isinstance(mark, str) and mark in _CODES), kind)
    if found is errors.RequestRejected and _TOO_LONG.search(message):
        found = errors.PromptTooLong
    if found is errors.RequestRejected and _UNKNOWN.search(message):
        found = errors.UnknownModel
    if found is errors.RequestRejected and _FEATURES.search(message):
        return found, 'If its model cannot do this by itself, set tool_mode="prompted".'
    advice = {
        errors.LoginRequired: key_advice,
        errors.PromptTooLong: "Shorten the prompt.",
        errors.UnknownModel: "Name one that the service has: model=.",
    }
    return found, advice.get(found, "")


def _said(reply: Reply) -> Mapping[str, Any]:
    """The error object of a body; Google wraps it in a list, some servers leave it bare."""
    try:
        value = reply.json()
    except errors.BadReply:
        return {}
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return {}
    inner = value.get("error", value)
    return inner if isinstance(inner, dict) else {"message": inner}
