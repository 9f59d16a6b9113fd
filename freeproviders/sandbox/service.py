"""The face of a simulated service: `Service`, its `Route`s, and the `Exchange` of a handler. No protocol lives here."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field

from freeproviders.sandbox.answer import Answer, Refusal, bytes_answer
from freeproviders.sandbox.brain import Brain, Question, pieces_of, think
from freeproviders.sandbox.pages import gateway_page, reason
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.scenario import Scenario
from freeproviders.sandbox.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """All a handler needs for one request.

    Attributes:
        received: The request.
        scenario: How to behave; the default scenario behaves well.
        settings: Strictness.
        brain: What answers.
        image_url: Root of the image listener.
    """

    received: Received
    scenario: Scenario
    settings: Settings
    brain: Brain
    image_url: str

    def pieces(self, question: Question) -> AsyncGenerator[str, None]:
        """Give the answer's pieces: the scenario's text where it has one, else the brain's.

        Args:
            question: What to ask; it is kept in the record at once.

        Returns:
            A generator of pieces that are not empty; the brain is asked when it is first advanced.
        """
        self.received.question = question
        return self._pieces(question)

    async def whole(self, question: Question) -> str:
        """Give the whole answer as one text."""
        return "".join([piece async for piece in self.pieces(question)])

    async def _pieces(self, question: Question) -> AsyncGenerator[str, None]:
        ready = self._prescribed()
        if ready is not None:
            for piece in ready:
                yield piece
            return
        async with aclosing(think(self.brain, question)) as thoughts:
            async for piece in thoughts:
                if piece:
                    yield piece

    def _prescribed(self) -> Iterable[str] | None:
        if self.scenario.long_line:
            return ["x" * self.scenario.long_line]
        if self.scenario.pieces is not None:
            return self.scenario.pieces
        if self.scenario.answer is not None:
            return pieces_of(self.scenario.answer)
        return None


Handler = Callable[[Exchange], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint of a service.

    Attributes:
        method: HTTP method.
        path: Regular expression for the whole path below the service's prefix.
        endpoint: The kind of endpoint, as `Scenario.on` and `Received.endpoint` name it.
        handler: Checks the request and answers it.
        variants: Deviations it knows.
    """

    method: str
    path: str
    endpoint: str
    handler: Handler
    variants: frozenset[str] = field(default_factory=frozenset)

    def matches(self, path: str) -> bool:
        """Tell whether the path is this route's."""
        return re.fullmatch(self.path, path) is not None


class Service(ABC):
    """A simulated service: its routes, its memory, and the shape of its errors.

    Attributes:
        name: The prefix of its URLs.
        routes: Its endpoints.
    """

    name: str
    routes: tuple[Route, ...]

    @abstractmethod
    def reset(self) -> None:
        """Forget conversations, sessions and all else that requests have left."""

    @abstractmethod
    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write an error in the service's own shape.

        Args:
            status: HTTP status.
            message: What to say.

        Returns:
            Content type and body.
        """

    def sent_cookies(self, exchange: Exchange) -> None:  # noqa: B027  # a hook with a default, not a duty
        """Take note that the scenario of this exchange sets cookies; most services do not care."""

    def refusal(self, refused: Refusal) -> Answer:
        """Turn a refusal into an answer."""
        kind, body = refused.body or self.error_body(refused.status, refused.message)
        return bytes_answer(body, kind, status=refused.status)

    def error(self, status: int, message: str) -> Answer:
        """Answer with an error in the service's own shape."""
        kind, body = self.error_body(status, message)
        return bytes_answer(body, kind, status=status)

    def failure(self, status: int) -> Answer:
        """Answer with a plausible body for an error status."""
        kind, body = gateway_page(status) or self.error_body(status, reason(status))
        return bytes_answer(body, kind, status=status)

    def variants(self, endpoint: str) -> frozenset[str]:
        """Give the variants known at an endpoint, or at all of them for "any"."""
        return frozenset(
            name for route in self.routes if endpoint in (route.endpoint, "any") for name in route.variants
        )
