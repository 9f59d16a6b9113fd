"""Echo: its card, its settings and its one request. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from freeproviders import prompts
from freeproviders.decode import Mapped, Ndjson
from freeproviders.errors import BadReply
from freeproviders.provider import Card, Provider
from freeproviders.settings import variable
from freeproviders.wire import Event, Exchange, Prompt, Request

__all__ = ["Echo"]

ECHO = Card(
    name="echo",
    title="Echo",
    site="https://echo.example",
    models=("echo-1",),
    verified="2026-01-31",
    evidence="an example; there is no such service",
    secrets=("token",),
    hints={401: f"The word in x-token may have changed: set token ({variable('echo', 'token')})."},
)


@dataclass(frozen=True, kw_only=True)
class Echo(Provider):
    """The service at echo.example.

    Attributes:
        path: Of the answer's request.
        token: Word of the ``x-token`` header.
        tone: How it shall speak.
    """

    card: ClassVar[Card] = ECHO

    base_url: str = "https://echo.example"
    origin: str = "https://echo.example"
    path: str = "/ask"
    token: str = field(default="paper", repr=False)
    tone: str = "plain"
    prompt_cap: int = 8000

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request; the wire knows no earlier turns, so they travel as a transcript."""
        self.model_name(prompt)
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers={
                **self.headers(accept="application/x-ndjson", referer=f"{self.origin}/"),
                "x-token": self.token,
            },
            body={"text": self.checked(prompts.transcript(prompt.turns)), "tone": self.tone, **self.extra_body},
            decoder=Mapped(Ndjson(self.max_line_bytes), self._read),
        )
        return {}

    def _read(self, line: Any) -> Iterator[str | Event]:
        if not isinstance(line, dict) or not isinstance(line.get("piece"), str):
            raise BadReply(f"the service sent no piece of an answer: {str(line)[:200]}")
        yield line["piece"]
