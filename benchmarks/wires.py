"""The five wires as bytes: what the bench server sends for one plan. No I/O.

A plan travels in the URL, so that any client can be sent to any plan by its base URL alone.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PLAIN", "WIRES", "Plan", "Wire", "burst", "framed", "head"]

_END = b"0\r\n\r\n"
_OPENAI = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "bench"}
_OLLAMA = {"model": "bench", "created_at": "2026-01-01T00:00:00.000000Z"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the server answers.

    Attributes:
        wire: Name of the wire (``WIRES``).
        count: Chunks of an answer.
        size: Characters of a chunk, at least 2; paced chunks hold the moment they were sent instead.
        pace: Milliseconds between two chunks; 0 sends all of them at once.
        tool: Whether the text is one call of a tool in a block that names it.
    """

    wire: str
    count: int = 20
    size: int = 5
    pace: int = 0
    tool: bool = False

    @property
    def path(self) -> str:
        """The plan as the beginning of a URL's path."""
        return f"/{self.wire}.{self.count}.{self.size}.{self.pace}.{int(self.tool)}"

    @classmethod
    def of(cls, path: str) -> "Plan":
        """The plan at the beginning of a path.

        Raises:
            ValueError: If there is none.
        """
        wire, *numbers = path.split("/")[1].split(".")
        count, size, pace, tool = map(int, numbers)
        if wire not in WIRES:
            raise ValueError(f"no wire is called {wire!r}")
        return cls(wire=wire, count=count, size=size, pace=pace, tool=bool(tool))

    def texts(self) -> list[str]:
        """The text of each chunk of an answer that is not paced."""
        if self.tool:
            value = ("lorem ipsum " * (self.count * self.size // 12 + 1))[: self.count * self.size]
            call = json.dumps({"name": "save", "arguments": {"text": value}})
            text = f"<tool_call>\n{call}\n</tool_call>"
            return [text[start : start + self.size] for start in range(0, len(text), self.size)]
        width = self.size - 1  # no two neighbours alike: some clients take that for a broken model
        return [f"{place % 10**width:0{width}d} " for place in range(self.count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a service frames the text of its answers.

    Attributes:
        kind: Value of ``Content-Type``.
        chunk: The bytes of one chunk.
        opening: Bytes before the first chunk.
        closing: Bytes after the last one.
    """

    kind: str
    chunk: Callable[[str], bytes]
    opening: bytes = b""
    closing: bytes = b""


def _event(value: object, name: str = "") -> bytes:
    line = f"event: {name}\n" if name else ""
    return f"{line}data: {json.dumps(value)}\n\n".encode()


def _openai(text: str) -> bytes:
    return _event({**_OPENAI, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


def _ollama(text: str) -> bytes:
    return json.dumps({**_OLLAMA, "message": {"role": "assistant", "content": text}, "done": False}).encode() + b"\n"


_OLLAMA_END = {
    **_OLLAMA,
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "stop",
    **dict.fromkeys(("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1_000_000),
    **dict.fromkeys(("prompt_eval_count", "eval_count"), 1),
}

WIRES: dict[str, Wire] = {
    "yqcloud": Wire(kind="application/octet-stream", chunk=str.encode),
    "pi": Wire(
        kind="text/event-stream",
        chunk=lambda text: _event({"text": text}, "partial"),
        opening=_event({"sid": "a"}, "received") + _event({"sid": "b"}, "message"),
    ),
    "flowgpt": Wire(
        kind="application/x-ndjson",
        chunk=lambda text: json.dumps({"event": "text", "data": text}).encode() + b"\n",
    ),
    "openai": Wire(
        kind="text/event-stream",
        chunk=_openai,
        closing=_event({**_OPENAI, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        + b"data: [DONE]\n\n",
    ),
    "ollama": Wire(kind="application/x-ndjson", chunk=_ollama, closing=json.dumps(_OLLAMA_END).encode() + b"\n"),
}

PLAIN: dict[str, bytes] = {"/api/chat/start": json.dumps({"conversations": [{"sid": "c"}]}).encode()}
"""Replies that are no streams, by the end of their path: Pi's first step."""


def head(kind: str, length: int | None = None) -> bytes:
    """The head of a response, chunked where it has no length."""
    body = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{body}\r\n\r\n".encode()


def framed(data: bytes) -> bytes:
    """One chunk of a chunked body; the end of the body for no bytes."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else _END


@functools.lru_cache(maxsize=64)
def burst(plan: Plan) -> bytes:
    """A whole response whose chunks are all there, each a chunk of the body too."""
    wire = WIRES[plan.wire]
    parts = [wire.opening, *map(wire.chunk, plan.texts()), wire.closing]
    return head(wire.kind) + b"".join(framed(part) for part in parts if part) + _END
