"""What the sandbox saw: one `Received` per request, with an outcome that becomes known later."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from freeproviders.sandbox.brain import Question


class Received:
    """One request as it arrived, and how its answer ended. Safe to read from any thread.

    Attributes:
        provider: Name of the service.
        endpoint: "answer", "start", "conversations", "history", "voice", "image", "prompt", or "unknown" for a path
            the service does not have.
        method: HTTP method.
        path: Path below the service's prefix.
        query: Query parameters.
        headers: Headers; the lookup ignores letter case.
        cookies: Cookies by name.
        body: Body bytes.
        time: Arrival by `time.monotonic()`.
        question: What the brain was asked, or None.
        sent: Body bytes written so far.
    """

    def __init__(self, *, request: web.Request, provider: str, endpoint: str, path: str, body: bytes) -> None:
        self.provider = provider
        self.endpoint = endpoint
        self.method: str = request.method
        self.path = path
        self.query: Mapping[str, str] = request.query
        self.headers: Mapping[str, str] = request.headers
        self.cookies: Mapping[str, str] = dict(request.cookies)
        self.body = body
        self.time: float = time.monotonic()
        self.question: Question | None = None
        self.sent = 0
        self._outcome = "open"
        self._closed = threading.Event()

    def __repr__(self) -> str:
        return f"Received({self.method} {self.provider}{self.path}, {self.endpoint}, {self.outcome})"

    @property
    def json(self) -> Any:
        """The body as JSON, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def conversation(self) -> tuple[tuple[str, str], ...]:
        """All the service knew of the conversation when it answered: (role, text) pairs, the newest text last."""
        if self.question is None:
            return ()
        return (*self.question.history, ("user", self.question.text))

    @property
    def outcome(self) -> str:
        """How the answer ended: "open" while it runs, then "complete", "client closed", "cut" or "refused"."""
        return self._outcome

    def wait_closed(self, timeout: float) -> str:
        """Wait until the answer has ended.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            The outcome; "open" if the time ran out.
        """
        self._closed.wait(timeout)
        return self._outcome

    def finish(self, outcome: str) -> None:
        """Settle the outcome; the first call counts (the server's own use)."""
        if not self._closed.is_set():
            self._outcome = outcome
            self._closed.set()
