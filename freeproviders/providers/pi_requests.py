"""Builds Pi's requests from its settings. What is done with the replies is decided in ``pi``.

Protocol and evidence: docs/wire/pi.md.
"""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from freeproviders.decode import Mapped, Sse
from freeproviders.providers.pi_replies import read_event
from freeproviders.wire import Request

if TYPE_CHECKING:
    from freeproviders.providers.pi import Pi

__all__ = ["SESSION_COOKIE", "chat_request", "get_request", "start_request"]

SESSION_COOKIE = "__Host-session"


def start_request(pi: "Pi", *, fresh: bool) -> Request:
    """The request that begins a conversation; a fresh one leaves the session it comes from behind."""
    path, version = "/api/chat/start", pi.start_version
    if pi.start == "conversations":
        path, version = "/api/conversations", pi.conversations_version
    return Request(
        path=path,
        headers=_headers(pi, "application/json", version),
        drop_cookies=(SESSION_COOKIE,) if fresh else (),
        body={},
    )


def chat_request(pi: "Pi", route: str, thread: Mapping[str, Any], text: str) -> Request:
    """The request for an answer, on the route ``"v1"`` or ``"v2"``; v2 names the conversation in the referer."""
    sid = thread["conversation"]
    body = {"text": text, "conversation": sid}
    path, version, talk = "/api/chat", pi.api_version, ""
    if route == "v2":
        path, version, talk = "/api/v2/chat", pi.v2_api_version, f"/{sid}"
        ids = {name: str(uuid.uuid4()) for name in ("eqDistinctId", "eqSessionId", "clientId")}
        body |= {**ids, "tempChat": False, "previousConversation": ""}
    return Request(
        path=path,
        query=pi.extra_query,
        headers=_headers(pi, "text/event-stream", version, talk),
        cookies=thread.get("cookies", {}),
        body={**body, **pi.extra_body},
        decoder=Mapped(Sse(pi.max_line_bytes), read_event),
    )


def get_request(pi: "Pi", path: str, accept: str, query: Mapping[str, str], thread: Mapping[str, Any]) -> Request:
    """A request for something the service keeps of a conversation."""
    headers = _headers(pi, accept, pi.api_version)
    return Request(method="GET", path=path, query=query, headers=headers, cookies=thread.get("cookies", {}))


def _headers(pi: "Pi", accept: str, version: str, talk: str = "") -> dict[str, str]:
    return {**pi.headers(accept=accept, referer=f"{pi.origin}/talk{talk}"), "X-Api-Version": version}
