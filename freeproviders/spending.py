"""Tokens that answers have cost, and how long it is until a limit in tokens leaves room again. No waiting here."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from freeproviders.wire import Turn

__all__ = ["Spending", "tokens_of"]

# Of English text; other languages have fewer. Used where a service does not count.
_CHARACTERS_A_TOKEN = 4


class Spending:
    """What has been spent lately, in this process.

    What an answer costs is known once it has come. So a question may be asked while less than the limit is spent,
    whatever it will cost: the last one before the limit goes beyond it, and so do those that are asked at once.

    Args:
        limits: How many tokens in any stretch of how many seconds.
    """

    def __init__(self, limits: Sequence[tuple[int, float]]) -> None:
        self._limits = limits
        self._kept = max((seconds for _, seconds in limits), default=0.0)
        self._spent: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()

    def charge(self, tokens: int, now: float) -> None:
        """Takes note of what an answer has cost.

        Args:
            tokens: How many.
            now: The moment; never before that of an earlier charge by more than threads may differ.
        """
        if tokens <= 0 or not self._limits:
            return
        with self._lock:
            self._spent.append((now, tokens))
            while self._spent[0][0] <= now - self._kept:
                self._spent.popleft()

    def waits(self, now: float) -> list[float]:
        """Seconds until there is room within each of the limits, in their order."""
        with self._lock:
            spent = list(self._spent)
        return [_wait(limit, seconds, spent, now) for limit, seconds in self._limits]


def _wait(limit: int, seconds: float, spent: Sequence[tuple[float, int]], now: float) -> float:
    within = [(moment, tokens) for moment, tokens in spent if moment + seconds > now]
    left, wait = sum(tokens for _, tokens in within), 0.0
    for moment, tokens in within:
        if left < limit:
            break
        left, wait = left - tokens, moment + seconds - now
    return wait


def tokens_of(usage: Mapping[str, Any], asked: Sequence[Turn], said: int) -> int:
    """What an answer has cost: as the service counted, else as its length and that of what was asked suggest.

    Args:
        usage: The service's counts; empty where it has none.
        asked: The conversation.
        said: Characters of the answer.
    """
    parts = usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0)
    if counted := usage.get("total_tokens", parts):
        return int(counted)
    return (sum(len(turn.text) for turn in asked) + said) // _CHARACTERS_A_TOKEN
