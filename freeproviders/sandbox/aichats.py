"""Simulated AiChats (ai-chats.org): event lines of text for a chat, a JSON document for an image."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, Frame, Refusal, dump, json_answer, utf8
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.media import png
from freeproviders.sandbox.pages import page
from freeproviders.sandbox.pictures import KINDS, Pictures
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.service import Exchange, Route, Service

ORIGINS = ("https://ai-chats.org",)
_CHAT_VARIANTS = frozenset({"multi_line", "empty_lines", "no_data_lines"})
_IMAGE_VARIANTS = frozenset({"no_url", "empty_list", "b64", "data_uri"} | (set(KINDS) - {"png"}))
_TYPES = ("chat", "image")
_TURN = {"from": lambda value: value == "you", "content": checks.text}


class AiChats(Service):
    """AiChats: no memory; one message carries all the text.

    Args:
        pictures: Where the generated images are served.
    """

    name = "aichats"

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST",
                path="/chat/send2/",
                endpoint="answer",
                handler=self._send,
                variants=_CHAT_VARIANTS | _IMAGE_VARIANTS,
            ),
        )

    def reset(self) -> None:
        """Forget nothing: the pictures have a listener of their own."""

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write an error as the Yii framework does, which the cookies give away."""
        return "application/json", dump({"name": "Error", "message": message, "code": 0, "status": status})

    async def _send(self, exchange: Exchange) -> Answer:
        received = exchange.received
        if exchange.settings.aichats_cookies_required and "ai-chat-front" not in received.cookies:
            status, kind, body = page("cloudflare")
            raise Refusal(status, "", body=(kind, body))
        given = _checked_body(received)
        wants_image = given["type"] == "image"
        _check_variant(exchange.scenario.variant, wants_image=wants_image)
        said = [turn["content"] for turn in given["messagesHistory"]]
        question = Question(
            provider=self.name,
            text=said[-1],
            history=tuple(("user", text) for text in said[:-1]),
            wants_image=wants_image,
        )
        if wants_image:
            return self._image(exchange, question)
        return _chat(exchange, question)

    def _image(self, exchange: Exchange, question: Question) -> Answer:
        exchange.received.question = question
        variant = exchange.scenario.variant
        kind = variant if variant in KINDS else "png"
        encoded = base64.b64encode(png(question.text)).decode()
        shapes: dict[str | None, list[dict[str, str]]] = {
            "no_url": [{"revised_prompt": question.text}],
            "empty_list": [],
            "b64": [{"b64_json": encoded}],
            "data_uri": [{"url": f"data:image/png;base64,{encoded}"}],
        }
        data = shapes.get(variant)
        if data is None:
            data = [{"url": exchange.image_url + self._pictures.add(question.text, kind)}]
        return json_answer({"created": int(time.time()), "data": data})


def _chat(exchange: Exchange, question: Question) -> Answer:
    variant = exchange.scenario.variant
    events = _events(exchange.pieces(question), variant)
    return Answer(frames=events, content_type="text/event-stream", lines=variant != "no_data_lines")


async def _events(pieces: AsyncGenerator[str, None], variant: str | None) -> AsyncGenerator[Frame, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            if variant == "no_data_lines":
                yield Frame(data=utf8(piece))
                continue
            if variant == "empty_lines":
                yield Frame(data=b"data: \n\n", piece=False)
            # a lone CR would end a line for a reader of event streams
            lines = piece.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            yield Frame(data=utf8("".join(f"data: {line}\n" for line in lines)) + b"\n")


def _checked_body(received: Received) -> dict[str, Any]:
    body = checks.json_object(received)
    needed = {
        "type": lambda value: value in _TYPES,
        "messagesHistory": lambda value: isinstance(value, list) and bool(value),
    }
    checks.fields(body, needed, {})
    for number, turn in enumerate(body["messagesHistory"]):
        checks.fields(turn, _TURN, {"id": checks.uuid}, where=f"messagesHistory[{number}]")
    checks.accepts(received, "text/event-stream" if body["type"] == "chat" else "application/json")
    checks.comes_from(received, ORIGINS, referer=f"/{body['type']}/")
    if not body["messagesHistory"][-1]["content"].strip():
        raise checks.refuse("the message is empty")
    return body


def _check_variant(variant: str | None, *, wants_image: bool) -> None:
    wrong = _CHAT_VARIANTS if wants_image else _IMAGE_VARIANTS
    if variant in wrong:
        kind = _TYPES[wants_image]
        known = ", ".join(sorted(_IMAGE_VARIANTS if wants_image else _CHAT_VARIANTS))
        raise checks.refuse(f"variant {variant!r} is not for type {kind}; known there: {known}")
