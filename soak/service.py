"""The sandbox of a storm, in a process of its own: its sockets and its memory are not those that are measured.

``python -m soak.service`` prints its address, and forgets everything at each line it reads.
"""

import logging
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import TracebackType

from freeproviders.sandbox import Question, Sandbox

__all__ = ["FLAKY", "FLAKY_MIDWAY", "TOKEN", "Service", "heard"]

TOKEN = re.compile(r"k[0-9a-f]{12}")
FLAKY = "fail at first"
FLAKY_MIDWAY = "fail midway at first"


def heard(*tokens: str) -> str:
    """What the sandbox answers who has said these tokens in a conversation, oldest first."""
    return f"I have heard {', then '.join(tokens)}."


class Echo:
    """A brain that repeats every token the user has said in this conversation, and fails once where it is told to."""

    def __init__(self) -> None:
        self._failed: set[str] = set()

    def __call__(self, question: Question) -> str | AsyncIterator[str]:
        """Answers a question.

        Raises:
            RuntimeError: The first time it is told to fail for a token.
        """
        said = " ".join([text for role, text in question.history if role == "user"] + [question.text])
        tokens = tuple(dict.fromkeys(TOKEN.findall(said)))
        if tokens and tokens[-1] not in self._failed:
            if FLAKY_MIDWAY in question.text:
                self._failed.add(tokens[-1])
                return _breaking(heard(*tokens))
            if FLAKY in question.text:
                self._failed.add(tokens[-1])
                raise RuntimeError("as asked for")
        return heard(*tokens)

    def forget(self) -> None:
        """Forgets whom it has failed."""
        self._failed.clear()


async def _breaking(answer: str) -> AsyncGenerator[str, None]:
    yield answer[:8]
    raise RuntimeError("as asked for")


class Service:
    """The sandbox process; use it as a context manager.

    Attributes:
        url: Its address.
    """

    url: str

    def __enter__(self) -> "Service":  # noqa: PYI034  # typing.Self came with Python 3.11
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak.service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        self.url = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def reset(self) -> None:
        """Lets the sandbox forget requests and conversations, or its memory would grow with the storm."""
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        return self._process.stdout.readline().strip()


def main() -> None:
    """Serves until the standard input ends."""
    logging.disable()  # every failure here is one that was asked for
    brain = Echo()
    with Sandbox(brain=brain) as sandbox:
        _say(sandbox.url())
        for _ in sys.stdin:
            sandbox.reset()
            brain.forget()
            _say("forgotten")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
