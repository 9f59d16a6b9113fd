"""A simulated server of OpenAI's chat completions. What it refuses is in `openai_checks`, what it writes elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from freeproviders.sandbox import checks
from freeproviders.sandbox.answer import Answer, dump, frames, json_answer
from freeproviders.sandbox.openai_checks import check_key, check_request, coded
from freeproviders.sandbox.openai_chunks import STREAM_VARIANTS, chunks, completion
from freeproviders.sandbox.openai_reading import question_of
from freeproviders.sandbox.openai_reply import Reply
from freeproviders.sandbox.service import Exchange, Route, Service

_CREATED = 1_700_000_000
_DEFAULT_MODEL = "sandbox-model"
_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_FAILED = 500
_SPENT = {
    "x-ratelimit-limit-requests": "30",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1m2.5s",
    "x-ratelimit-remaining-tokens": "7900",
    "x-ratelimit-reset-tokens": "120ms",
}
_RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
_QUOTA = {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": [_RETRY_INFO]}
_WORDS = "Rate limit reached. Please try again in 7.66s."
_BROKEN = {"message": "The model failed.", "type": "server_error", "param": None, "code": "server_error"}


def _refused(status: int, body: object, **headers: str) -> Answer:
    return Answer(frames=frames([dump(body)]), content_type="application/json", status=status, headers=headers)


_REFUSALS: dict[str, Callable[[], Answer]] = {
    "rate_headers": lambda: _refused(429, {"error": {"message": "Too many requests."}}, **_SPENT),
    "retry_delay": lambda: _refused(429, [{"error": _QUOTA}]),
    "retry_words": lambda: _refused(429, {"error": {"message": _WORDS, "code": "rate_limit_exceeded"}}),
    "error_200": lambda: _refused(200, {"error": _BROKEN}),
}


class OpenAI(Service):
    """Chat completions and the list of models; nothing is remembered."""

    name = "openai_compatible"

    def __init__(self) -> None:
        variants = STREAM_VARIANTS | _REFUSALS.keys() | {"context_length", "whole"}
        chat = "/chat/completions"
        self.routes: tuple[Route, ...] = (
            Route(
                method="POST", path=f"(/v1)?{chat}", endpoint="answer", handler=self._chat, variants=frozenset(variants)
            ),
            Route(method="GET", path="(/v1)?/models", endpoint="models", handler=self._models),
        )

    def reset(self) -> None:
        """Forget nothing: the service has no memory."""

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write {"error": {"message": …, "type": …, "param": …, "code": …}}."""
        kind = "server_error" if status >= _FAILED else _KINDS.get(status, "invalid_request_error")
        return "application/json", dump({"error": {"message": message, "type": kind, "param": None, "code": None}})

    async def _chat(self, exchange: Exchange) -> Answer:
        received, variant = exchange.received, exchange.scenario.variant
        check_key(received, exchange.settings)
        checks.query(received)
        body = checks.json_object(received)
        check_request(body, exchange.settings)
        if variant in _REFUSALS:
            return _REFUSALS[variant]()
        if variant == "context_length":
            said = "This model's maximum context length is 8192 tokens."
            raise coded(400, "invalid_request_error", "context_length_exceeded", said)
        pieces, reply = exchange.pieces(question_of(self.name, body)), Reply(body)
        if body.get("stream") and variant != "whole":
            kind = "text/event-stream; charset=utf-8"
            return Answer(frames=chunks(reply, pieces, variant), content_type=kind, lines=True)
        async with aclosing(reply.told(pieces)) as parts:
            async for _ in parts:
                pass
        return json_answer(completion(reply))

    async def _models(self, exchange: Exchange) -> Answer:
        check_key(exchange.received, exchange.settings)
        names = sorted(exchange.settings.openai_models) or [_DEFAULT_MODEL]
        listed = [{"id": name, "object": "model", "created": _CREATED, "owned_by": "sandbox"} for name in names]
        return json_answer({"object": "list", "data": listed})
