"""Simulated Pizzagpt (pizzagpt.it): one JSON document in, one out, a secret word, and three generations of bodies."""

from __future__ import annotations

from typing import Any

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, bytes_answer, dump, json_answer
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.service import Exchange, Route, Service

ORIGINS = ("https://www.pizzagpt.it", "https://pizzagpt.it")
_MISUSE = "Misuse detected. Please get in touch, we will be happy to help you: https://www.pizzagpt.it/en/contact"
_TEXTS = {
    "misuse": _MISUSE,
    "misuse_lower": _MISUSE.lower(),
    "misuse_upper": _MISUSE.upper(),
    "checkbox": "Du musst das Kästchen anklicken!",
}
_GENERATIONS = {
    frozenset({"question"}): "2024",
    frozenset({"question", "model", "searchEnabled"}): "2025-02",
    frozenset({"question", "searchEnabled", "studyMode", "chat"}): "2025-09",
}
_FIELDS = {
    "question": checks.text,
    "model": checks.text,
    "searchEnabled": checks.flag,
    "studyMode": checks.flag,
    "chat": lambda value: isinstance(value, list) and bool(value),
}
_TURN = {
    "text": checks.text,
    "sender": lambda value: value in ("user", "assistant"),
    "studyMode": checks.flag,
}


class Pizzagpt(Service):
    """Pizzagpt: not streamed, no memory; the newest generation can carry a list of turns."""

    name = "pizzagpt"

    def __init__(self) -> None:
        shapes = {"old_shape", "new_shape", "citations", "unknown_shape", "text_plain", "null_content"}
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST",
                path="/api/chatx-completion",
                endpoint="answer",
                handler=self._complete,
                variants=frozenset(shapes | set(_TEXTS)),
            ),
        )

    def reset(self) -> None:
        """Forget nothing: the service has no memory."""

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write {"error": …, "message": …}."""
        return "application/json", dump({"error": True, "statusCode": status, "message": message})

    async def _complete(self, exchange: Exchange) -> Answer:
        received = exchange.received
        if received.headers.get("x-secret") not in exchange.settings.pizzagpt_secrets:
            raise checks.refuse("x-secret is missing or not the word of today", 401)
        checks.accepts(received, "application/json")
        checks.comes_from(received, ORIGINS)
        body = _checked_body(received, exchange.settings.pizzagpt_generations)
        question = Question(
            provider=self.name,
            text=body["question"],
            history=tuple((turn["sender"], turn["text"]) for turn in body.get("chat", [])[:-1]),
            model=body.get("model"),
        )
        content = await exchange.whole(question)
        variant = exchange.scenario.variant
        document = _document(_TEXTS.get(variant or "", content), variant)
        if variant == "text_plain":
            return bytes_answer(dump(document), "text/plain; charset=utf-8")
        return json_answer(document)


def _document(content: str, variant: str | None) -> dict[str, Any]:
    shapes: dict[str | None, dict[str, Any]] = {
        "old_shape": {"answer": {"content": content}},
        "citations": {"content": content, "citations": ["https://example.com/one", "https://example.com/two"]},
        "unknown_shape": {"result": {"output": content}},
        "null_content": {"content": None},
    }
    return shapes.get(variant, {"content": content})


def _checked_body(received: Received, allowed: set[str]) -> dict[str, Any]:
    body = checks.json_object(received)
    checks.fields(body, {"question": checks.text}, _FIELDS)
    generation = _GENERATIONS.get(frozenset(body))
    if generation is None:
        raise checks.refuse(f"no generation of the site sends exactly these fields: {', '.join(sorted(body))}")
    if generation not in allowed:
        raise checks.refuse(f"the body is of generation {generation}; accepted: {', '.join(sorted(allowed))}")
    if not body["question"].strip():
        raise checks.refuse("question is empty")
    for number, turn in enumerate(body.get("chat", [])):
        checks.fields(turn, _TURN, {}, where=f"chat[{number}]")
    _check_last_turn(body)
    return body


def _check_last_turn(body: dict[str, Any]) -> None:
    if "chat" not in body:
        return
    last = body["chat"][-1]
    if last["sender"] != "user" or last["text"] != body["question"]:
        raise checks.refuse("the last item of chat must be the question, said by the user")
