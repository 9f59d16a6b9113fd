"""Simulated Pi (pi.ai), chat routes: start, conversations, chat v1 and v2. History and voice live in `pi_archive`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, dump, json_answer
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.pi_archive import history_page, session_of, voice_answer
from freeproviders.sandbox.pi_events import STREAM_VARIANTS, stream
from freeproviders.sandbox.pi_memory import Conversation, Message, Session, Sessions, nanoid
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.service import Exchange, Route, Service

ORIGINS = ("https://pi.ai",)
COOKIE = "__Host-session"
_EXPIRED = {"expired_400": 400, "expired_401": 401, "expired_403": 403}
_START_VARIANTS = frozenset({"sid_conversations", "sid_main", "sid_top", "no_sid"})
_ANSWER_VARIANTS = STREAM_VARIANTS | {"v1_gone", "trial", *_EXPIRED}
_V2_OPTIONAL = {
    "eqDistinctId": checks.uuid,
    "eqSessionId": checks.uuid,
    "clientId": checks.uuid,
    "tempChat": checks.flag,
    "previousConversation": checks.text,
}
_TITLE_LENGTH = 40


class Pi(Service):
    """Pi: the thread lives on the server, found by conversation id and session cookie."""

    name = "pi"

    def __init__(self) -> None:
        self._sessions = Sessions()
        variants = frozenset(_ANSWER_VARIANTS)
        history = frozenset({"empty_messages", "error_object"})
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST",
                path="/api/chat/start",
                endpoint="start",
                handler=self._start,
                variants=_START_VARIANTS,
            ),
            Route(method="POST", path="/api/conversations", endpoint="conversations", handler=self._new),
            Route(method="GET", path="/api/conversations", endpoint="conversations", handler=self._list),
            Route(method="POST", path="/api/chat", endpoint="answer", handler=self._chat_v1, variants=variants),
            Route(method="POST", path="/api/v2/chat", endpoint="answer", handler=self._chat_v2, variants=variants),
            Route(method="GET", path="/api/chat/history", endpoint="history", handler=self._history, variants=history),
            Route(method="GET", path="/api/chat/voice", endpoint="voice", handler=self._voice),
        )

    def reset(self) -> None:
        """Forget all sessions and conversations."""
        self._sessions.clear()

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write {"error": …}."""
        del status  # the text alone is in the body
        return "application/json", dump({"error": message})

    def sent_cookies(self, exchange: Exchange) -> None:
        """Rotate the session: the old value is refused from now on."""
        new = exchange.scenario.set_cookies.get(COOKIE)
        old = exchange.received.cookies.get(COOKIE)
        if new is not None and old is not None:
            self._sessions.rename(old, new)
            signed_in = exchange.settings.pi_sessions
            if old in signed_in:
                signed_in.remove(old)
                signed_in.add(new)

    async def _start(self, exchange: Exchange) -> Answer:
        received = exchange.received
        _check_post(received, "application/json")
        _check_version(received, "3")
        # some clients send the literal text {} without a JSON type here
        checks.fields(checks.json_object(received, typed=False), {}, {})
        known = self._sessions.find(received.cookies.get(COOKIE), exchange.settings.pi_sessions)
        session = known or self._sessions.begin()
        sid = session.begin().sid
        cookies = () if known else (_cookie(session),)
        shapes = {
            "sid_main": {"mainConversation": {"sid": sid}},
            "sid_top": {"sid": sid},
            "no_sid": {"conversations": []},
        }
        usual = {"conversations": [{"sid": sid, "title": None}], "mainConversation": {"sid": sid}}
        return json_answer(shapes.get(exchange.scenario.variant or "", usual), cookies=cookies)

    async def _new(self, exchange: Exchange) -> Answer:
        received = exchange.received
        _check_post(received, "application/json")
        _check_version(received, "2", "3", "")
        checks.fields(checks.json_object(received), {}, {"aiOpener": checks.text})
        value = received.cookies.get(COOKIE)
        session = session_of(self._sessions, exchange) if value else self._sessions.begin()
        cookies = () if value else (_cookie(session),)
        return json_answer({"sid": session.begin().sid}, cookies=cookies)

    async def _list(self, exchange: Exchange) -> Answer:
        session = session_of(self._sessions, exchange)
        listed = [{"sid": item.sid, "title": item.title or None} for item in session.conversations]
        return json_answer({"conversations": listed})

    async def _history(self, exchange: Exchange) -> Answer:
        return history_page(session_of(self._sessions, exchange), exchange)

    async def _voice(self, exchange: Exchange) -> Answer:
        return voice_answer(session_of(self._sessions, exchange), exchange)

    async def _chat_v1(self, exchange: Exchange) -> Answer:
        received = exchange.received
        # the oldest clients send Content-Type alone, so Accept and version are free here
        _check_post(received, "text/event-stream", "*/*", "")
        _check_version(received, "3", "")
        body = checks.json_object(received)
        checks.fields(
            body,
            {"text": checks.text},
            {"conversation": checks.text, "mode": lambda value: value == "BASE"},
        )
        if exchange.scenario.variant == "v1_gone":
            return self.error(404, "Not Found")
        return self._reply(exchange, body["text"], body.get("conversation"))

    async def _chat_v2(self, exchange: Exchange) -> Answer:
        received = exchange.received
        _check_post(received, "text/event-stream")
        _check_version(received, "3", "5")
        body = checks.json_object(received)
        checks.fields(body, {"text": checks.text, "conversation": checks.text}, _V2_OPTIONAL)
        return self._reply(exchange, body["text"], body["conversation"])

    def _reply(self, exchange: Exchange, text: str, sid: str | None) -> Answer:
        session = session_of(self._sessions, exchange)
        conversation = session.main() if sid is None else session.find(sid)
        if conversation is None:
            raise checks.refuse(f"conversation {sid!r} is not one of this session", 401)
        _check_prompt(exchange, text)
        variant = exchange.scenario.variant
        if variant == "trial":
            return json_answer({"error": "No remaining trial turns."}, status=exchange.scenario.status or 402)
        if variant in _EXPIRED:
            return self.error(_EXPIRED[variant], "Session expired")
        pieces = exchange.pieces(Question(provider=self.name, text=text, history=conversation.history()))
        user = Message(role="user", text=text)
        reply_sid = nanoid()
        kept = _remember(pieces, conversation, user, reply_sid)
        events = stream(kept, user, reply_sid, text[:_TITLE_LENGTH], variant)
        return Answer(frames=events, content_type="text/event-stream", lines=True)


async def _remember(
    pieces: AsyncGenerator[str, None], conversation: Conversation, user: Message, reply_sid: str
) -> AsyncGenerator[str, None]:
    """Hand the pieces on, and keep the exchange of messages even if the client leaves in the middle."""
    said: list[str] = []
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                said.append(piece)
                yield piece
    finally:
        conversation.title = conversation.title or user.text[:_TITLE_LENGTH]
        conversation.messages += [user, Message(role="assistant", text="".join(said), sid=reply_sid)]


def _cookie(session: Session) -> str:
    return f"{COOKIE}={session.cookie}; Path=/; Secure; HttpOnly; SameSite=Lax"


def _check_post(received: Received, *kinds: str) -> None:
    checks.accepts(received, *kinds)
    checks.comes_from(received, ORIGINS, referer="/talk")


def _check_version(received: Received, *versions: str) -> None:
    given = received.headers.get("X-Api-Version", "")
    if given not in versions:
        raise checks.refuse(f"X-Api-Version {given!r} is not one of {', '.join(filter(None, versions))}")


def _check_prompt(exchange: Exchange, text: str) -> None:
    if not text.strip():
        raise checks.refuse("text is empty")
    if len(text) > exchange.settings.pi_prompt_cap:
        raise checks.refuse(f"text has {len(text)} characters; the cap is {exchange.settings.pi_prompt_cap}")
