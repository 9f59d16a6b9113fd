"""Simulated FlowGpt (flowgpt.com): signed requests in, one JSON event per line out. Signatures: `flowgpt_auth`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, Frame, bytes_answer, dump, json_answer
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.flowgpt_auth import Devices, check_signature
from freeproviders.sandbox.service import Exchange, Route, Service

ORIGINS = ("https://flowgpt.com",)
_KIND = "application/x-ndjson"
_LINE_VARIANTS = {
    "other_events",
    "no_event_lines",
    "blank_lines",
    "no_final_newline",
    "invalid_line",
    "error_event",
}
_PROMPT_ID = re.compile(r"model-.+|[A-Za-z0-9_-]{21}")
_TURN = {"role": lambda value: value in ("user", "assistant"), "content": checks.text}
_NEEDED = {
    "model": checks.text,
    "nsfw": checks.flag,
    "question": checks.text,
    "history": lambda value: isinstance(value, list),
    "system": checks.text,
    "temperature": checks.number,
    "promptId": lambda value: isinstance(value, str) and _PROMPT_ID.fullmatch(value) is not None,
    "documentIds": checks.empty_list,
    "chatFileDocumentIds": checks.empty_list,
    "generateImage": checks.flag,
    "generateAudio": checks.flag,
}
_SIGNED_IN = {"userId": checks.text, "conversationId": checks.text}
_NOISE = {
    "other_events": dump({"event": "status", "data": {"step": 1, "text": "noise"}}),
    "no_event_lines": dump({"data": "noise"}),
    "blank_lines": b"",
    "invalid_line": b"<<< this line is not JSON >>>",
}


class FlowGpt(Service):
    """FlowGpt: history travels in the body; nothing is remembered but device ids."""

    name = "flowgpt"

    def __init__(self) -> None:
        self._devices = Devices()
        variants = frozenset(_LINE_VARIANTS | {"error_200", "expired_401"})
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST",
                path="/v3/chat-anonymous",
                endpoint="answer",
                handler=self._chat,
                variants=variants,
            ),
            Route(method="POST", path="/v3/chat", endpoint="answer", handler=self._chat, variants=variants),
            Route(method="GET", path=r"/prompt/[^/]+/", endpoint="prompt", handler=self._prompt),
        )

    def reset(self) -> None:
        """Forget the device ids."""
        self._devices.clear()

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write {"statusCode": …, "message": …}."""
        return "application/json", dump({"statusCode": status, "message": message})

    async def _chat(self, exchange: Exchange) -> Answer:
        received = exchange.received
        anonymous = received.path == "/v3/chat-anonymous"
        checks.comes_from(received, ORIGINS)
        check_signature(received, exchange.settings, anonymous=anonymous)
        self._devices.check(received, exchange.settings)
        body = checks.json_object(received)
        checks.fields(body, _NEEDED, {"tier": checks.text, **({} if anonymous else _SIGNED_IN)})
        for number, turn in enumerate(body["history"]):
            checks.fields(turn, _TURN, {}, where=f"history[{number}]")
        if not body["question"].strip():
            raise checks.refuse("question is empty")
        pieces = exchange.pieces(_question(body))
        variant = exchange.scenario.variant
        if variant == "expired_401":
            return self.error(401, "Unauthorized")
        if variant == "error_200":
            message = {"message": "Something went wrong, please try again later."}
            return bytes_answer(dump(message), "application/json")
        return Answer(frames=_lines(pieces, variant), content_type=_KIND, lines=True)

    async def _prompt(self, exchange: Exchange) -> Answer:
        prompt_id = exchange.received.path.split("/")[2]
        if not _PROMPT_ID.fullmatch(prompt_id):
            raise checks.refuse(f"no prompt {prompt_id!r}", 404)
        prompt: dict[str, Any] = {
            "id": prompt_id,
            "title": "Sandbox character",
            "description": "A prompt of the local sandbox.",
            "model": prompt_id.removeprefix("model-") if prompt_id.startswith("model-") else "gpt-3.5-turbo",
            "temperature": 0.7,
            "welcomeMessage": "Hello, how can I help you today?",
            "nsfw": False,
        }
        return json_answer({"prompt": prompt})


def _question(body: dict[str, Any]) -> Question:
    return Question(
        provider=FlowGpt.name,
        text=body["question"],
        system=body["system"],
        history=tuple((turn["role"], turn["content"]) for turn in body["history"]),
        model=body["model"],
    )


async def _lines(pieces: AsyncGenerator[str, None], variant: str | None) -> AsyncGenerator[Frame, None]:
    """Write one event per line; the noise a variant asks for comes after every piece."""
    # the newline belongs to its line at once, or a reader of lines would see each piece one piece late
    late = variant == "no_final_newline"
    lead, tail = b"", b"" if late else b"\n"
    async with aclosing(pieces):
        async for piece in pieces:
            yield Frame(data=lead + dump({"event": "text", "data": piece}) + tail)
            lead = b"\n" if late else b""
            if variant in _NOISE:
                yield Frame(data=_NOISE[variant] + tail, piece=False)
    if variant == "error_event":
        yield Frame(data=dump({"event": "error", "data": {"message": "The model failed."}}) + tail, piece=False)
