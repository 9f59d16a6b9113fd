"""A brain that asks a real model: any server of OpenAI's chat completions, on this machine or elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp

from freeproviders.sandbox.brain import Question

_GOOD = 200
_QUOTED = 200


class ForwardingBrain:
    """Passes questions on and streams the answers back, so that a simulated service speaks with a model's words.

    Args:
        base_url: Where the server's paths begin, e.g. "http://localhost:11434/v1".
        model: Name of the model to ask, whatever model the service was asked for.
        api_key: The server's key, if it wants one.
        timeout: Seconds a server may stay silent.
    """

    def __init__(self, base_url: str, model: str, *, api_key: str = "", timeout: float = 60.0) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout)

    def __repr__(self) -> str:
        return f"ForwardingBrain({self._url!r}, {self._model!r})"

    async def __call__(self, question: Question) -> AsyncIterator[str]:
        """Answer a question.

        Args:
            question: The question; tools and a schema that came as data are passed on as such.

        Yields:
            Pieces of the answer; calls are blocks, as `Question.tools` says.

        Raises:
            RuntimeError: The server refuses, or its stream holds an error.
        """
        async with (
            aiohttp.ClientSession(timeout=self._timeout) as session,
            session.post(self._url, json=self._body(question), headers=self._headers) as response,
        ):
            if response.status != _GOOD:
                said = (await response.text(errors="replace"))[:_QUOTED]
                raise RuntimeError(f"the server behind the sandbox answered HTTP {response.status}: {said}")
            calls: dict[int, dict[str, str]] = {}
            async for chunk in _chunks(response.content):
                for piece in _pieces(chunk, calls):
                    yield piece
            for call in calls.values():
                yield f'\n<tool_call>\n{{"name": {json.dumps(call["name"])}, "arguments": {call["arguments"] or "{}"}}}'
                yield "\n</tool_call>"

    def _body(self, question: Question) -> dict[str, Any]:
        turns = [("system", question.system), *question.history, ("user", question.text)]
        body: dict[str, Any] = {
            "model": self._model,
            "stream": True,
            "messages": [{"role": role, "content": text} for role, text in turns if text],
        }
        if question.tools:
            named = {"type": "function", "function": {"name": question.tool_choice}}
            words = ("auto", "none", "required")
            body["tools"] = [{"type": "function", "function": dict(tool)} for tool in question.tools]
            body["tool_choice"] = question.tool_choice if question.tool_choice in words else named
        if question.schema is not None:
            form = {"name": "answer", "schema": dict(question.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body


async def _chunks(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    rest = b""
    async for data in content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b":")
            if name == b"data" and value.strip() != b"[DONE]":
                yield json.loads(value)


def _pieces(chunk: dict[str, Any], calls: dict[int, dict[str, str]]) -> Iterator[str]:
    if chunk.get("error"):
        raise RuntimeError(f"the server behind the sandbox failed: {str(chunk['error'])[:_QUOTED]}")
    for choice in chunk.get("choices") or ():
        delta = choice.get("delta") or {}
        if delta.get("content"):
            yield delta["content"]
        for piece in delta.get("tool_calls") or ():
            call = calls.setdefault(piece.get("index", 0), {"name": "", "arguments": ""})
            for name in call:
                call[name] += piece["function"].get(name) or ""
