"""What the router's tests share: clients of the sandbox that fail in a way of their own, and all ways to ask."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from freeproviders import Answer, Client, Prompt, Retry, Router, Text, errors, providers
from freeproviders.reports import Report
from freeproviders.sandbox import Sandbox, Scenario

NAMES = providers.names()
STREAMING = [name for name in NAMES if providers.get(name).card.streaming]
THREADED = [name for name in NAMES if providers.get(name).card.threads]

every_provider = pytest.mark.parametrize("name", NAMES)
every_streaming_provider = pytest.mark.parametrize("name", STREAMING)
every_threaded_provider = pytest.mark.parametrize("name", THREADED)

PIECES = ("Once ", "upon ", "a time")
WHOLE = "".join(PIECES)
GOOD = Scenario(pieces=PIECES)
FAILS = Scenario(status=500)
SILENT = Scenario(stall_before_headers=True)
HELD = Scenario(pieces=PIECES, hold_after=1)
# A limited wait, so that a test of what is closed fails and does not hang.
PATIENCE = 10


def other(name: str) -> str:
    """Another provider than this one."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)]


def client(sandbox: Sandbox, name: str, scenario: Scenario | None = GOOD, **words: Any) -> Client:
    """A client of the sandbox with a behaviour of its own."""
    headers = {} if scenario is None else scenario.as_header()
    return Client(name, base_url=sandbox.url(name), default_headers=headers, **words)


def router(*candidates: Any, **words: Any) -> Router:
    """A router that makes one round."""
    return Router(candidates, **{"retry": Retry(attempts=1), **words})


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.told: list[Report] = []

    async def __call__(self, report: Report) -> None:
        self.told.append(report)

    def of(self, kind: type) -> list[Any]:
        return [report for report in self.told if isinstance(report, kind)]


def text_of(events: Iterable[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def collected(asked: Any, prompt: Prompt | str = "hello", **words: Any) -> list[Any]:
    return [event async for event in asked.astream(prompt, **words)]


async def _inside(function: Callable[[], tuple[str, Any]]) -> tuple[str, Any]:
    return function()


def read(answer: Any) -> tuple[str, Any]:
    """Text and metadata of a whole answer, or of the events of a stream."""
    if isinstance(answer, Answer):
        return answer.text, answer.metadata
    events = list(answer)
    return text_of(events), events[-1].metadata


WAYS: dict[str, Callable[[Router], tuple[str, Any]]] = {
    "complete": lambda asked: read(asked.complete("hello")),
    "stream": lambda asked: read(asked.stream("hello")),
    "complete in a running loop": lambda asked: asyncio.run(_inside(lambda: read(asked.complete("hello")))),
    "stream in a running loop": lambda asked: asyncio.run(_inside(lambda: read(asked.stream("hello")))),
    "acomplete": lambda asked: read(asyncio.run(asked.acomplete("hello"))),
    "astream": lambda asked: read(asyncio.run(collected(asked))),
}
every_way = pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)

ASYNC_WAYS = {
    "whole": lambda asked, prompt="hello", **words: asked.acomplete(prompt, **words),
    "stream": collected,
}
both_ways = pytest.mark.parametrize("ask", ASYNC_WAYS.values(), ids=ASYNC_WAYS)


def asked_of(sandbox: Sandbox) -> list[str]:
    """Names of the services that were asked for an answer, in order."""
    return [item.provider for item in sandbox.received if item.endpoint == "answer"]


async def outcomes(sandbox: Sandbox, name: str) -> list[str]:
    """How the answers of a service ended; waits until each has."""
    answers = [item for item in sandbox.received if (item.provider, item.endpoint) == (name, "answer")]
    return [await asyncio.to_thread(item.wait_closed, PATIENCE) for item in answers]


def attempts_of(failure: errors.AllProvidersFailed) -> list[tuple[str, type | None]]:
    return [(one.candidate, None if one.error is None else type(one.error)) for one in failure.attempts]
