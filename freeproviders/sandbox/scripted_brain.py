"""A brain that replays given replies, for tests that must know what a model says."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence

from freeproviders.sandbox.brain import Brain, Question
from freeproviders.sandbox.rule_brain import RuleBrain


class ScriptedBrain:
    """Gives the replies one by one, then lets another brain answer. Threads may share it.

    Args:
        replies: The replies, first one first; None lets `then` answer in its place.
        then: What answers once the replies are used up.
    """

    def __init__(self, replies: Sequence[str | None], then: Brain | None = None) -> None:
        self.questions: list[Question] = []
        self._replies: Iterator[str | None] = iter(tuple(replies))
        self._then: Brain = RuleBrain() if then is None else then
        self._lock = threading.Lock()

    def __call__(self, question: Question) -> str | AsyncIterator[str] | Awaitable[str]:
        """Answer a question.

        Args:
            question: The question; it is kept in `questions`.

        Returns:
            The next reply, or what `then` says.
        """
        with self._lock:
            self.questions.append(question)
            reply = next(self._replies, None)
        return self._then(question) if reply is None else reply
