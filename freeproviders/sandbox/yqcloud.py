"""Simulated Yqcloud (binjie, AIchatOS): the answer is the body itself, and a userId may stand for a thread."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, Frame, Refusal, bytes_answer, utf8
from freeproviders.sandbox.brain import Question, pieces_of
from freeproviders.sandbox.notices import NAMES, TOO_LONG, notice
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.service import Exchange, Route, Service

# the real one names no charset, and readers that trust a guessed one break the text
_KIND = "text/plain"
_USER = re.compile(r"#/chat/\d{13}")
_OPTIONAL = {
    "userId": lambda value: isinstance(value, str) and _USER.fullmatch(value) is not None,
    "network": checks.flag,
    "system": checks.text,
    "withoutContext": checks.flag,
    "stream": checks.flag,
    "apikey": checks.text,
}
_Turns = list[tuple[str, str]]


class Yqcloud(Service):
    """Yqcloud: raw text, memory by userId unless `withoutContext` is true."""

    name = "yqcloud"

    def __init__(self) -> None:
        self._threads: dict[str, _Turns] = {}
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST",
                path="/api/generateStream",
                endpoint="answer",
                handler=self._generate,
                variants=NAMES | {"too_long_429"},
            ),
        )

    def reset(self) -> None:
        """Forget all threads."""
        self._threads.clear()

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write plain text."""
        del status  # the text alone is all this service says
        return _KIND, message.encode()

    async def _generate(self, exchange: Exchange) -> Answer:
        received = exchange.received
        _check_headers(received, exchange.settings.yqcloud_origins)
        body = checks.json_object(received)
        checks.fields(body, {"prompt": checks.text}, _OPTIONAL)
        prompt: str = body["prompt"]
        if not prompt.strip():
            raise checks.refuse("prompt is empty")
        _check_length(prompt, exchange.settings.yqcloud_prompt_limit)
        remembers = "userId" in body and not body.get("withoutContext", False)
        thread = self._threads.setdefault(body["userId"], []) if remembers else []
        question = Question(provider=self.name, text=prompt, system=body.get("system", ""), history=tuple(thread))
        pieces, variant = exchange.pieces(question), exchange.scenario.variant
        if variant == "too_long_429":
            return bytes_answer(TOO_LONG.encode(), _KIND, status=429)
        if variant in NAMES:
            said = _ready(notice(variant, received.headers.get("Origin", "")))
        else:
            said = _remember(pieces, thread, prompt)
        return Answer(frames=_frames(said, whole=body.get("stream") is False), content_type=_KIND)


async def _ready(text: str) -> AsyncGenerator[str, None]:
    for piece in pieces_of(text):
        yield piece


async def _remember(pieces: AsyncGenerator[str, None], thread: _Turns, prompt: str) -> AsyncGenerator[str, None]:
    """Hand the pieces on, and keep what was said even if the client leaves in the middle."""
    said: list[str] = []
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                said.append(piece)
                yield piece
    finally:
        thread += [("user", prompt), ("assistant", "".join(said))]


async def _frames(pieces: AsyncGenerator[str, None], *, whole: bool) -> AsyncGenerator[Frame, None]:
    async with aclosing(pieces):
        if whole:
            text = "".join([piece async for piece in pieces])
            yield Frame(data=utf8(text))
            return
        async for piece in pieces:
            yield Frame(data=utf8(piece))


def _check_headers(received: Received, origins: set[str]) -> None:
    # a parameter of the firewall in front of the service, seen in browsers
    checks.query(received, "refer__1360")
    checks.accepts(received, "application/json", "text/plain")
    checks.comes_from(received, origins)


def _check_length(prompt: str, limit: int | None) -> None:
    if limit is not None and len(prompt) > limit:
        raise Refusal(429, "", body=(_KIND, TOO_LONG.encode()))
