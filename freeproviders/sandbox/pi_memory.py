"""What simulated Pi remembers: sessions, their conversations, and messages by id. No HTTP."""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone

_ALPHABET = string.ascii_letters + string.digits + "_-"
_ID_LENGTH = 21


def nanoid() -> str:
    """Make an id as the service does: 21 characters of A-Z a-z 0-9 _ -."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `role` is "user" or "assistant"."""

    role: str
    text: str
    sid: str = field(default_factory=nanoid)
    sent_at: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat())


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A thread of messages, oldest first."""

    sid: str = field(default_factory=nanoid)
    title: str = ""
    messages: list[Message] = field(default_factory=list)

    def history(self) -> tuple[tuple[str, str], ...]:
        """Give the messages as (role, text) pairs."""
        return tuple((message.role, message.text) for message in self.messages)


@dataclass(slots=True, kw_only=True)
class Session:
    """A user, anonymous or signed in; the newest conversation comes first and is the main one."""

    cookie: str = field(default_factory=nanoid)
    conversations: list[Conversation] = field(default_factory=list)

    def begin(self) -> Conversation:
        """Open a conversation; it becomes the main one."""
        self.conversations.insert(0, Conversation())
        return self.conversations[0]

    def main(self) -> Conversation:
        """Give the main conversation, opened now if there is none."""
        return self.conversations[0] if self.conversations else self.begin()

    def find(self, sid: str) -> Conversation | None:
        """Give the conversation of that id, if it is this user's."""
        return next((item for item in self.conversations if item.sid == sid), None)

    def messages(self) -> Iterator[Message]:
        """Give all messages of the user."""
        for conversation in self.conversations:
            yield from conversation.messages


class Sessions:
    """The users by the value of their `__Host-session` cookie."""

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}

    def find(self, cookie: str | None, signed_in: Collection[str]) -> Session | None:
        """Find a user; one who is signed in exists from the beginning.

        Args:
            cookie: The cookie's value, if it came.
            signed_in: Values of users who are signed in.

        Returns:
            The session, or None for a value nobody was given.
        """
        if cookie in signed_in and cookie is not None and cookie not in self._known:
            self._known[cookie] = Session(cookie=cookie)
        return self._known.get(cookie or "")

    def begin(self) -> Session:
        """Make an anonymous user."""
        session = Session()
        self._known[session.cookie] = session
        return session

    def rename(self, old: str, new: str) -> None:
        """Give a user another cookie value; the old one is dead from then on."""
        session = self._known.pop(old, None)
        if session is not None:
            session.cookie = new
            self._known[new] = session

    def clear(self) -> None:
        """Forget everybody."""
        self._known.clear()
