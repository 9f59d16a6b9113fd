"""What Pi offers besides answers: the history of a conversation and the spoken form of a message.

Both are exchanges of plain requests: ``client.run(lambda: history(client.provider, thread))``.
Protocol and evidence: docs/wire/pi.md.
"""

from collections.abc import Generator, Mapping
from typing import Any

from freeproviders.errors import BadReply, InvalidSetting, LoginRequired
from freeproviders.providers.pi import LOGIN_ADVICE, Pi
from freeproviders.providers.pi_requests import get_request
from freeproviders.status import message_in
from freeproviders.wire import Reply, Request

__all__ = ["VOICES", "history", "spoken", "voice"]

VOICES = tuple(f"voice{number}" for number in range(1, 9))
"""Names of the voices every client agrees on."""


def history(pi: Pi, thread: Mapping[str, Any]) -> Generator[Request, Reply, list[dict[str, Any]]]:
    """All messages of a conversation, in the service's order, page by page.

    Args:
        pi: The provider.
        thread: The thread of an answer.

    Returns:
        The messages as the service gives them: ``sid``, ``text``, ``sentAt``.

    Raises:
        LoginRequired: If the list is empty, which means a dead session, not an empty conversation.
        BadReply: If a page is an error object or has no messages.
    """
    messages: list[dict[str, Any]] = []
    query = {"conversation": str(thread["conversation"])}
    while True:
        page = (yield get_request(pi, "/api/chat/history", "application/json", query, thread)).json()
        if not isinstance(page, dict) or not isinstance(page.get("messages"), list):
            raise BadReply(f"no history: {message_in(page)[:200] or str(page)[:200]!r}", provider="pi")
        messages += page["messages"]
        if not page["messages"] or not page.get("cursor"):
            break
        query = {**query, "cursor": str(page["cursor"])}
    if not messages:
        raise LoginRequired(f"the history is empty. {LOGIN_ADVICE}", provider="pi")
    return messages


def voice(
    pi: Pi, thread: Mapping[str, Any], message_sid: str, name: str = VOICES[0]
) -> Generator[Request, Reply, tuple[bytes, str]]:
    """An answer, spoken.

    Args:
        pi: The provider.
        thread: The thread of the answer.
        message_sid: ``metadata["message_sid"]`` of the answer.
        name: One of ``VOICES``, or a newer name of the service.

    Returns:
        The audio's bytes and its content type.

    Raises:
        BadReply: If what comes is no audio.
    """
    query = {"mode": "eager", "voice": name, "messageSid": message_sid}
    reply = yield get_request(pi, "/api/chat/voice", "*/*", query, thread)
    kind = reply.headers.get("content-type", "application/octet-stream").partition(";")[0]
    if not reply.body or kind in ("application/json", "text/html"):
        raise BadReply(f"no audio: {reply.text[:200]!r}", provider="pi")
    return reply.body, kind


def spoken(pi: Pi, facts: Mapping[str, Any], name: str = VOICES[0]) -> Generator[Request, Reply, tuple[bytes, str]]:
    """As ``voice``, for an answer that is known by its metadata.

    Args:
        pi: The provider.
        facts: The answer's metadata.
        name: One of ``VOICES``, or a newer name of the service.

    Raises:
        InvalidSetting: If the answer was not part of a kept conversation.
        BadReply: If what comes is no audio.
    """
    if "thread" not in facts or "message_sid" not in facts:
        raise InvalidSetting("Pi speaks answers of kept conversations alone: ask with thread={}", provider="pi")
    return voice(pi, facts["thread"], facts["message_sid"], name)
