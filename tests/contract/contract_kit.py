"""What the contract tests share: providers chosen by their cards, and the one table of what differs between them."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from freeproviders import Client, Prompt, Retry, Text, Turn, errors, providers
from freeproviders.policy import Clock
from freeproviders.provider import Card
from freeproviders.sandbox import Sandbox, Scenario

NAMES = providers.names()
CARDS: dict[str, Card] = {name: providers.get(name).card for name in NAMES}
STREAMING = [name for name in NAMES if CARDS[name].streaming]
WHOLE = [name for name in NAMES if not CARDS[name].streaming]
THREADED = [name for name in NAMES if CARDS[name].threads]

every_provider = pytest.mark.parametrize("name", NAMES)
every_streaming_provider = pytest.mark.parametrize("name", STREAMING)
every_threaded_provider = pytest.mark.parametrize("name", THREADED)

ANSWER = "Hi 😀, 你好"
PIECES = ("Hi ", "😀", ", 你", "好")

# Pi takes an answer without text for an expired session: one fresh start, then its cookies are asked for.
NO_TEXT = dict.fromkeys(NAMES, errors.EmptyAnswer) | {"pi": errors.LoginRequired}
NOT_THE_PROTOCOL = dict.fromkeys(NAMES, errors.BadReply) | {"pi": errors.LoginRequired}
# Statuses that a service is known to give another meaning than usual; see docs/wire.
MEANINGS: dict[tuple[str, int], type[errors.ProviderError]] = {
    ("pi", 400): errors.LoginRequired,
    ("pi", 403): errors.LoginRequired,
    ("pizzagpt", 401): errors.RequestRejected,
    ("flowgpt", 401): errors.LoginRequired,
    ("flowgpt", 403): errors.LoginRequired,
}

ONCE = Retry(attempts=1)

CONVERSATION = (
    Turn(role="system", text="Be brief."),
    Turn(role="user", text="I am Ann."),
    Turn(role="assistant", text="Hello!"),
    Turn(role="user", text="Who am I?"),
)


class TestClock:
    """A clock that moves only when somebody sleeps."""

    __test__ = False

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def client_of(sandbox: Sandbox, name: str, **words: Any) -> Client:
    """A client of the sandbox that tries once, or more often on a clock that does not wait."""
    words = {"retry": ONCE, "base_url": sandbox.url(name), **words}
    if words["retry"].attempts > 1:
        words.setdefault("clock", TestClock().clock)
    return Client(name, **words)


def text_of(events: Iterable[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


async def collected(client: Client, prompt: Prompt | str = "hello") -> str:
    return text_of([event async for event in client.astream(prompt)])


async def _inside(function: Callable[[], str]) -> str:
    return function()


WAYS: dict[str, Callable[[Client], str]] = {
    "complete": lambda client: client.complete("hello").text,
    "stream": lambda client: text_of(client.stream("hello")),
    "complete in a running loop": lambda client: asyncio.run(_inside(lambda: client.complete("hello").text)),
    "stream in a running loop": lambda client: asyncio.run(_inside(lambda: text_of(client.stream("hello")))),
    "acomplete": lambda client: asyncio.run(client.acomplete("hello")).text,
    "astream": lambda client: asyncio.run(collected(client)),
}
every_way = pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)


def says(answer: str = ANSWER, **words: Any) -> Scenario:
    return Scenario(answer=answer, **words)


def run_script(source: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs a script in an interpreter that treats every warning as an error and reports every leak."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", source, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
