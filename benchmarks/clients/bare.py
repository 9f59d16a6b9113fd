"""The measure of all others: aiohttp alone, one session, that reads and decodes, and does nothing else.

On framed wires it reads lines as aiohttp offers them; the second client cuts them itself, which is cheaper.
"""

import codecs
import functools
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from benchmarks.clients.face import AsyncAsk, Client, Conversation

if TYPE_CHECKING:  # a process that measures another client's first call must not have loaded it
    import aiohttp

__all__ = ["BASELINE", "CLIENTS"]

BASELINE = "bare aiohttp"
_PATHS = {
    "yqcloud": "/api/generateStream",
    "pi": "/api/chat",
    "flowgpt": "/v3/chat-anonymous",
    "openai": "/v1/chat/completions",
    "ollama": "/api/chat",
}


def text_of(wire: str, line: bytes) -> str:
    """The text of one line of a framed wire."""
    if wire in ("pi", "openai"):
        if not line.startswith(b"data:") or line.startswith(b"data: [DONE]"):
            return ""
        line = line[5:]
    if not line.strip():
        return ""
    value: dict[str, Any] = json.loads(line)
    match wire:
        case "pi":
            text = value.get("text")
        case "flowgpt":
            text = value["data"]
        case "openai":
            text = value["choices"][0]["delta"].get("content")
        case _:
            text = value["message"]["content"]
    return text or ""


async def _by_lines(wire: str, response: "aiohttp.ClientResponse") -> AsyncIterator[str]:
    async for line in response.content:
        if text := text_of(wire, line):
            yield text


async def _by_reads(wire: str, response: "aiohttp.ClientResponse") -> AsyncIterator[str]:
    if wire == "yqcloud":
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        async for data in response.content.iter_any():
            yield decoder.decode(data)
        return
    rest = b""
    async for data in response.content.iter_any():
        *lines, rest = (rest + data).split(b"\n")
        if text := "".join(text_of(wire, line) for line in lines):
            yield text


@functools.cache
def _session() -> "aiohttp.ClientSession":
    """The one session of the process, without a limit of connections."""
    import aiohttp

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))


def _opener(
    read: "Callable[[str, aiohttp.ClientResponse], AsyncIterator[str]]",
) -> Callable[[str, str, Conversation], AsyncAsk]:
    def opened(base: str, wire: str, turns: Conversation) -> AsyncAsk:
        session = _session()
        body = [{"role": role, "content": text} for role, text in turns]
        how = read if wire != "yqcloud" else _by_reads

        async def ask() -> AsyncIterator[str]:
            if wire == "pi":
                async with session.post(f"{base}/api/chat/start", json={}) as response:
                    await response.read()
            async with session.post(base + _PATHS[wire], json={"messages": body}) as response:
                async for text in how(wire, response):
                    yield text

        return ask

    return opened


CLIENTS = (
    Client(name=BASELINE, wires=tuple(_PATHS), open=_opener(_by_lines), needs=("aiohttp",), kind="bare"),
    Client(
        name="bare aiohttp, own splitting",
        wires=("pi", "flowgpt", "openai", "ollama"),
        open=_opener(_by_reads),
        needs=("aiohttp",),
        kind="floor",
    ),
)
