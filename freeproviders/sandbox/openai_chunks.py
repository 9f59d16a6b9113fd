"""A chat model's answer on the wire: chunks as server-sent events, well formed or as servers deviate, or one object."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from freeproviders.sandbox.answer import Frame, dump
from freeproviders.sandbox.brain import pieces_of
from freeproviders.sandbox.openai_reading import prompt_tokens
from freeproviders.sandbox.openai_reply import Call, Reply

STREAM_VARIANTS = frozenset(
    {
        "comments",
        "error_event",
        "finish_error",
        "no_done",
        "no_end",
        "no_space",
        "no_usage",
        "null_content",
        "odd_calls",
        "one_index",
        "reasoning",
        "reasoning_content",
        "role_only",
    }
)
_CREATED = 1_700_000_000
_THOUGHTS = ("Let me ", "think.")
_FAILED = {"message": "The model failed.", "type": "server_error", "param": None, "code": "server_error"}
_UPSTREAM = {"message": "Provider disconnected", "code": 502}
_Json = dict[str, Any]


async def chunks(reply: Reply, pieces: AsyncGenerator[str, None], variant: str | None) -> AsyncGenerator[Frame, None]:
    """Write an answer as chunks.

    Args:
        reply: The answer.
        pieces: What the brain says.
        variant: One of `STREAM_VARIANTS`, or None.
    """
    write = _Writer(reply.body, variant)
    for delta in _opening(variant):
        yield write.delta(delta, piece=False)
    async with aclosing(reply.told(pieces)) as parts:
        async for part in parts:
            for delta in _deltas(part, len(reply.calls) - 1, variant):
                yield write.delta(delta)
            if variant == "comments":
                yield Frame(data=b": keep-alive\n\n", piece=False)
    for event in _closing(reply, write, variant):
        yield Frame(data=event, piece=False)


def completion(reply: Reply) -> _Json:
    """Give a told answer as one object."""
    calls = [_call(number, call) for number, call in enumerate(reply.calls)]
    message: _Json = {"role": "assistant", "content": "".join(reply.text) or None, "refusal": None}
    if calls:
        message["tool_calls"] = [{name: call[name] for name in ("id", "type", "function")} for call in calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.reason}
    head = _head(reply.body, "chat.completion")
    return {**head, "choices": [choice], "usage": _usage(reply)}


class _Writer:
    def __init__(self, body: _Json, variant: str | None) -> None:
        self._head = _head(body, "chat.completion.chunk")
        self._counted = bool(body.get("stream_options", {}).get("include_usage"))
        self._lead = b"data:" if variant == "no_space" else b"data: "

    def event(self, value: _Json) -> bytes:
        return self._lead + dump(value) + b"\n\n"

    def chunk(self, delta: _Json, reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self._counted else {}
        return self.event({**self._head, "choices": [choice], **usage, **more})

    def delta(self, delta: _Json, *, piece: bool = True) -> Frame:
        return Frame(data=self.chunk(delta), piece=piece)

    def usage(self, reply: Reply) -> bytes:
        return self.event({**self._head, "choices": [], "usage": _usage(reply)}) if self._counted else b""

    def done(self) -> bytes:
        return self._lead + b"[DONE]\n\n"


def _opening(variant: str | None) -> Iterator[_Json]:
    yield {"role": "assistant"} if variant == "role_only" else {"role": "assistant", "content": ""}
    if variant in ("reasoning", "reasoning_content"):
        for thought in _THOUGHTS:
            yield {variant: thought, "content": None}


def _deltas(part: str | Call, number: int, variant: str | None) -> Iterator[_Json]:
    if isinstance(part, str):
        yield {"content": part}
        if variant == "null_content":
            yield {"content": None, "tool_calls": None}
        return
    whole = _call(number, part)
    if variant == "one_index":
        yield {"tool_calls": [{**whole, "index": 0}]}
        return
    function, odd = whole["function"], variant == "odd_calls"
    yield {"tool_calls": [{**whole, "function": {"name": function["name"], "arguments": ""}}], "content": None}
    text = function["arguments"]
    for piece in text if odd else pieces_of(text):
        again = {"id": whole["id"], "type": "function"} if odd else {}
        yield {"tool_calls": [{"index": number, **again, "function": {"arguments": piece}}]}


def _closing(reply: Reply, write: _Writer, variant: str | None) -> Iterator[bytes]:
    if variant == "error_event":
        yield write.event({"error": _FAILED})
        return
    if variant == "finish_error":
        yield write.chunk({"content": ""}, "error", error=_UPSTREAM)
        yield write.done()
        return
    if variant == "no_end":
        return
    yield write.chunk({}, reply.reason)
    if variant != "no_usage":
        yield write.usage(reply)
    if variant != "no_done":
        yield write.done()


def _head(body: _Json, kind: str) -> _Json:
    return {"id": "chatcmpl-sandbox", "object": kind, "created": _CREATED, "model": body["model"]}


def _call(number: int, call: Call) -> _Json:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": number, "id": f"call_sandbox{number}", "type": "function", "function": function}


def _usage(reply: Reply) -> _Json:
    asked, said = prompt_tokens(reply.body), reply.tokens
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
