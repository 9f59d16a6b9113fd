"""What the promises are checked with: prompts, answers, ways of asking and scripts. No promise lives here."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

from freeproviders.errors import ProviderError
from freeproviders.policy import Retry
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.clock import ManualClock
from freeproviders.transport import Client
from freeproviders.wire import Event, Prompt, Text, Turn

__all__ = [
    "ANSWER",
    "CONVERSATION",
    "HELD",
    "ONCE",
    "PIECES",
    "SILENT",
    "WAYS",
    "client_of",
    "collected",
    "run_script",
    "says",
    "script",
    "shown",
    "text_of",
]

ANSWER = "Hi 😀, 你好"
PIECES = ("Hi ", "😀", ", 你", "好")

HELD = Scenario(pieces=PIECES, hold_after=1)
SILENT = Scenario(stall_before_headers=True)
ONCE = Retry(attempts=1)

CONVERSATION = (
    Turn(role="system", text="Be brief."),
    Turn(role="user", text="I am Ann."),
    Turn(role="assistant", text="Hello!"),
    Turn(role="user", text="Who am I?"),
)


def client_of(sandbox: Sandbox, name: str, **words: Any) -> Client:
    """A client of the sandbox that tries once, or more often on a clock that does not wait.

    Args:
        sandbox: Where to.
        name: The provider.
        words: What else the client is told.
    """
    words = {"retry": ONCE, "base_url": sandbox.url(name), **words}
    if words["retry"].attempts > 1:
        words.setdefault("clock", ManualClock().clock)
    return Client(name, **words)


def says(answer: str = ANSWER, **words: Any) -> Scenario:
    """The scenario of a service that gives this answer."""
    return Scenario(answer=answer, **words)


def text_of(events: Iterable[Event]) -> str:
    """The text of a stream, joined."""
    return "".join(event.text for event in events if isinstance(event, Text))


async def collected(client: Client, prompt: Prompt | str = "hello") -> str:
    """The text of a whole stream."""
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


def shown(client: Client, error: ProviderError, log: str) -> str:
    """All that a person may get to see of a failure: every error of the chain, the client and the log."""
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        chain.append(f"{cause!r} {cause}")
        cause = cause.__cause__ or cause.__context__
    return " ".join((*chain, repr(client), log))


# Debug mode also reports every step of a loop that takes long, as they do on a busy machine.
_PATIENT = """
import logging
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing"))
"""


def script(source: str, *arguments: str) -> "subprocess.Popen[str]":
    """Starts a script in an interpreter that treats every warning as an error and reports every leak."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", _PATIENT + source, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_script(source: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs such a script to its end."""
    with script(source, *arguments) as process:
        said, complaints = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, said, complaints)
