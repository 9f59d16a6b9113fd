"""Echo as the sandbox plays it, written from the wire page alone: it imports nothing of the provider."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from freeproviders.sandbox import Question, checks
from freeproviders.sandbox.answer import Answer, Frame, dump
from freeproviders.sandbox.service import Exchange, Route, Service

__all__ = ["SimulatedEcho"]


class SimulatedEcho(Service):
    """Simulated Echo: one JSON object in, one per line out."""

    name = "echo"

    def __init__(self) -> None:
        self.routes = (
            Route(method="POST", path="/ask", endpoint="answer", handler=self._ask, variants=frozenset({"fault"})),
        )

    def reset(self) -> None:
        """Forget nothing: the service has no memory."""

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write {"error": ..., "status": ...}."""
        return "application/json", dump({"error": message, "status": status})

    async def _ask(self, exchange: Exchange) -> Answer:
        received = exchange.received
        if received.headers.get("x-token") != "paper":
            raise checks.refuse("x-token is missing or wrong", 401)
        checks.comes_from(received, ["https://echo.example"])
        checks.query(received)
        body = checks.json_object(received)
        checks.fields(body, {"text": checks.text, "tone": checks.text}, {})
        if exchange.scenario.variant == "fault":
            frames = _fault()
        else:
            frames = _lines(exchange.pieces(Question(provider=self.name, text=body["text"])))
        return Answer(frames=frames, content_type="application/x-ndjson", lines=True)


async def _lines(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[Frame, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield Frame(data=dump({"piece": piece}) + b"\n")


async def _fault() -> AsyncGenerator[Frame, None]:
    yield Frame(data=dump({"fault": "out of oil"}) + b"\n")
