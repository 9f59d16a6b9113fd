"""Simulated Pi, what is kept: session lookup, the pages of the history, and the voice of a message."""

from __future__ import annotations

import re

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, frames, json_answer
from freeproviders.sandbox.media import wav
from freeproviders.sandbox.pi_memory import Session, Sessions
from freeproviders.sandbox.service import Exchange

_VOICE = re.compile(r"voice(?:[1-9]|1[0-2]|5-update)|qdpi")


def session_of(sessions: Sessions, exchange: Exchange) -> Session:
    """Find the user of a request.

    Args:
        sessions: All users.
        exchange: The request.

    Returns:
        The session.

    Raises:
        Refusal: 401 without a cookie the service has given, or one that is not signed in where login is needed.
    """
    cookie = exchange.received.cookies.get("__Host-session")
    settings = exchange.settings
    session = sessions.find(cookie, settings.pi_sessions)
    if session is None:
        raise checks.refuse("the cookie __Host-session is missing or unknown", 401)
    if settings.pi_login_required and cookie not in settings.pi_sessions:
        raise checks.refuse("this session is not signed in", 401)
    return session


def history_page(session: Session, exchange: Exchange) -> Answer:
    """Give one page of a conversation, newest messages first; the cursor names where the next page begins."""
    checks.query(exchange.received, "conversation", "cursor")
    conversation = session.find(exchange.received.query.get("conversation", ""))
    if conversation is None:
        raise checks.refuse("the conversation is not one of this session", 401)
    if exchange.scenario.variant == "empty_messages":
        return json_answer({"messages": [], "cursor": None})
    if exchange.scenario.variant == "error_object":
        return json_answer({"error": {"code": "TooManyRequests", "message": "Too many requests"}})
    begin = _offset(exchange.received.query.get("cursor", "at:0"))
    end = begin + exchange.settings.pi_history_page
    newest_first = conversation.messages[::-1]
    page = [{"sid": item.sid, "text": item.text, "sentAt": item.sent_at} for item in newest_first[begin:end]]
    return json_answer({"messages": page, "cursor": f"at:{end}" if end < len(newest_first) else None})


def voice_answer(session: Session, exchange: Exchange) -> Answer:
    """Give a short tone for an assistant's message; a Range from the first byte gets a 206."""
    received = exchange.received
    checks.query(received, "mode", "voice", "messageSid")
    if received.query.get("mode") != "eager" or not _VOICE.fullmatch(received.query.get("voice", "")):
        raise checks.refuse("voice needs mode=eager and a known voice name, e.g. voice1")
    sid = received.query.get("messageSid", "")
    spoken = next((item for item in session.messages() if item.sid == sid and item.role == "assistant"), None)
    if spoken is None:
        raise checks.refuse(f"{sid!r} is no assistant message of this session", 404)
    audio = wav(spoken.text)
    answer = Answer(frames=frames([audio]), content_type="audio/wav", length=len(audio))
    if received.headers.get("Range") != "bytes=0-":
        return answer
    headers = {"Content-Range": f"bytes 0-{len(audio) - 1}/{len(audio)}"}
    return Answer(frames=answer.frames, content_type="audio/wav", length=len(audio), status=206, headers=headers)


def _offset(cursor: str) -> int:
    # the colon must travel url-encoded, which shows a client that forgets it
    if not re.fullmatch(r"at:\d+", cursor):
        raise checks.refuse(f"cursor {cursor!r} was not given by this server")
    return int(cursor[3:])
