"""What it costs to begin, each time in a fresh process: imports, the making of a model, the first call."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.clients import CLIENTS
from benchmarks.clients.face import conversation
from benchmarks.guard import guard
from benchmarks.loops import new_loop, pin
from benchmarks.processes import Server, command, environment
from benchmarks.runner import Results
from benchmarks.samples import Failure
from benchmarks.tasks import Figures
from benchmarks.wires import Plan

__all__ = ["IMPORTING", "IMPORTS", "MADE", "main", "measure"]

IMPORTS: Mapping[str, str] = {
    "aiohttp": "aiohttp",
    "freeproviders": "freeproviders",
    "langchain_core chat models, aiohttp": "langchain_core.language_models.chat_models aiohttp",
    # Both packages load their classes when asked for them.
    "langchain_freeproviders": "langchain_freeproviders",
    "langchain_freeproviders, a chat model's class": "langchain_freeproviders.chat_models",
    "llama_index.core.llms": "llama_index.core.llms",
    "llama_index.core.llms, aiohttp": "llama_index.core.llms aiohttp",
    "llamaindex_freeproviders": "llamaindex_freeproviders",
    "llamaindex_freeproviders, an LLM's class": "llamaindex_freeproviders.llms",
    "langchain-openai": "langchain_openai",
    "langchain-ollama": "langchain_ollama",
    "langchain-litellm": "langchain_litellm",
    "llama-index openai-like": "llama_index.llms.openai_like",
    "llama-index ollama": "llama_index.llms.ollama",
    "g4f client": "g4f.client",
}
"""Modules to import, by what they are called in the tables."""

MADE: Mapping[str, tuple[str, str, str]] = {
    "langchain_freeproviders": ("langchain_freeproviders", "ChatYqcloud", "{}"),
    "llamaindex_freeproviders": ("llamaindex_freeproviders", "Yqcloud", "{}"),
    "langchain-openai": ("langchain_openai", "ChatOpenAI", '{"model": "m", "api_key": "k"}'),
    "langchain-ollama": ("langchain_ollama", "ChatOllama", '{"model": "m"}'),
    "langchain-litellm": ("langchain_litellm", "ChatLiteLLM", '{"model": "openai/m", "api_key": "k"}'),
    "llama-index openai-like": ("llama_index.llms.openai_like", "OpenAILike", '{"model": "m", "api_key": "k"}'),
    "llama-index ollama": ("llama_index.llms.ollama", "Ollama", '{"model": "m"}'),
}
"""Models to make: module, class, arguments as JSON."""

_MAKINGS = 50
IMPORTING = """
import sys, time
began, cpu = time.perf_counter(), time.process_time()
for name in sys.argv[1:]:
    __import__(name)
seconds, used = time.perf_counter() - began, time.process_time() - cpu
import json
print(json.dumps({"seconds": seconds, "cpu": used, "modules": len(sys.modules), "names": [*sys.modules]}))
"""
"""Program that imports what its arguments name, and prints what that took as JSON."""


def measure(server: Server, results: Results, number: int, clients: Sequence[str]) -> None:
    """Measures imports, makings and first calls, each once.

    Args:
        server: Whom first calls ask.
        results: Where figures go.
        number: Of the round, from 0.
        clients: Names of the clients whose first calls are measured; empty for all that are installed.
    """
    first = [
        client.name
        for client in CLIENTS.values()
        if client.kind in ("bare", "own", "peer", "floor")
        and client.installed
        and (not clients or client.name in clients)
    ]
    for name, modules in IMPORTS.items():
        _note(results, "import", name, number, [sys.executable, "-c", IMPORTING, *modules.split()])
    for name, words in MADE.items():
        _note(results, "making", name, number, command("startup", "making", *words))
    for name in first:
        _note(results, "first", name, number, command("startup", "first", name, server.origin))


def _note(results: Results, measure: str, name: str, number: int, line: list[str]) -> None:
    """Runs one process and keeps its figures; one that is not installed gives none."""
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode and "ModuleNotFoundError" not in done.stderr:
        words = done.stderr.strip().rpartition("\n")[2]
        results.failures.append(Failure(measure=measure, client=name, wire="", words=words))
    if done.returncode == 0:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        figures = [(figure, value) for figure, value in found.items() if not isinstance(value, list)]
        results.add(measure, name, figures, ("", 0, number))


def making(module: str, name: str, words: str) -> Figures:
    """How long a model takes to make, beside a plain pydantic model with as many fields.

    Args:
        module: Where its class is.
        name: Of the class.
        words: Arguments as JSON.
    """
    import pydantic

    cls, given = getattr(__import__(module, fromlist=[name]), name), json.loads(words)
    fields: dict[str, Any] = {f"field_{number}": (str | None, None) for number in range(len(cls.model_fields))}
    plain = pydantic.create_model("Plain", **fields)
    own, other = _each(lambda: cls(**given)), _each(plain)
    return {"us": own, "fields": len(fields), "over_plain": own / other, "over_plain_us": own - other}


def _each(make: Callable[[], Any]) -> float:
    """Microseconds of one making, in the best of three rows."""
    make()
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for _ in range(_MAKINGS):
            make()
        best = min(best, time.process_time() - began)
    return best * 1e6 / _MAKINGS


def first(name: str, origin: str) -> Figures:
    """How long the first answer takes once the client's module is imported, its making included.

    Args:
        name: Of the client.
        origin: Where the server is.
    """
    client = CLIENTS[name]
    wire = client.wires[0]
    for module in client.needs:
        __import__(module)
    loop = new_loop("asyncio")
    began, cpu = time.perf_counter(), time.process_time()

    async def read() -> None:
        async for _ in client.open(origin + Plan(wire=wire).path, wire, conversation(1))():
            pass

    if client.blocking:
        list(client.open(origin + Plan(wire=wire).path, wire, conversation(1))())
    else:
        loop.run_until_complete(read())
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "modules": len(sys.modules)}


def main(arguments: Sequence[str]) -> None:
    """Measures once, in this process, and prints the figures as JSON.

    Args:
        arguments: ``making`` or ``first``, and what the function of that name takes.
    """
    guard()
    pin(1)
    what, *words = arguments
    figures = (making if what == "making" else first)(*words)
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
    os._exit(0)  # nothing is measured any more, and some peers take seconds to end


if __name__ == "__main__":
    main(sys.argv[1:])
