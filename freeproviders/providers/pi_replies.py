"""Reads what Pi sends: the conversation's id and the events of an answer. No requests.

Protocol and evidence: docs/wire/pi.md.
"""

from collections.abc import Iterator
from typing import Any

from freeproviders.decode import ServerSentEvent, json_objects
from freeproviders.errors import BadReply
from freeproviders.status import message_in
from freeproviders.wire import Event, Fact

__all__ = ["conversation_sid", "read_event"]


def conversation_sid(value: Any) -> str:
    """The conversation's id, from any of the three places it has been seen in.

    Raises:
        BadReply: If it is in none of them.
    """
    if isinstance(value, dict):
        conversations = value.get("conversations")
        newest = conversations[0] if isinstance(conversations, list) and conversations else None
        for holder in (newest, value.get("mainConversation"), value):
            if isinstance(holder, dict) and isinstance(holder.get("sid"), str):
                return str(holder["sid"])
    raise BadReply(f"no conversation sid in {str(value)[:200]!r}", provider="pi")


def read_event(event: ServerSentEvent) -> Iterator[str | Event]:
    """What one event says; its data may be several JSON objects.

    Raises:
        BadReply: If the data is not JSON, or an error object.
    """
    for value in json_objects(event.data):
        if not isinstance(value, dict):
            continue
        if event.name == "message" and isinstance(value.get("sid"), str):
            # The assistant's message; the voice call wants this sid, not the one of "received".
            yield Fact("message_sid", value["sid"])
        elif event.name in ("partial", "message") and isinstance(value.get("text"), str):
            yield value["text"]
        elif "error" in value:
            raise BadReply(f"the service reported: {message_in(value)[:200]!r}", provider="pi")
