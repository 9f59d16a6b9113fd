"""A conversation as one text, for services without fields for it, and stop sequences on the way back. Pure text.

A transcript's role lines (``User: ...``) are the only lines that look so: a line inside a message that could be read
as one is quoted with ``> ``, so that no message can forge a turn.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from freeproviders.wire import Turn

__all__ = ["GO_ON", "StopCut", "fold_system", "newest", "shown_after", "system_text", "transcript", "without_system"]

_LABELS = {"system": "System", "user": "User", "assistant": "Assistant"}
# Every line end that a reader or a tokenizer might take for one, not only LF.
_LINE_END = re.compile("(\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029])")
# Optional marks, a role word, optional marks, a colon (ASCII, full-width, small, ratio). Marks are what no word begins
# with, so a failed match never tries one split after another: matching is linear.
_ROLE_LINE = re.compile(
    r"[\W_]*(?:system|user|assistant|human|ai|tool|function|developer|model|bot)[\W_]*?[:\uff1a\ufe55\u2236]",
    re.IGNORECASE,
)
GO_ON = "Continue."
"""What is said for a user who says nothing: the services answer a user, and here the assistant spoke last."""


def system_text(turns: Iterable[Turn]) -> str:
    """All system messages, wherever they stand, separated by blank lines."""
    return "\n\n".join(turn.text for turn in turns if turn.role == "system" and turn.text)


def without_system(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns that are not system messages."""
    return tuple(turn for turn in turns if turn.role != "system")


def newest(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """What has been said since the assistant's last turn, for a service that remembers the rest."""
    last_answer = max((i for i, turn in enumerate(turns) if turn.role == "assistant"), default=-1)
    return tuple(turns[last_answer + 1 :])


def transcript(turns: Sequence[Turn]) -> str:
    """The conversation as one text that ends with the cue for the assistant.

    A single user message stands alone, to the letter. Runs of the same role stay separate lines.

    Args:
        turns: The conversation, oldest first. Without any, the service is asked to go on.
    """
    if not turns:
        return GO_ON
    if len(turns) == 1 and turns[0].role == "user":
        return turns[0].text
    lines = [f"{_LABELS[turn.role]}: {_unforgeable(turn.text)}" for turn in turns]
    return "\n".join([*lines, "Assistant:"])


def fold_system(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with the system prompt at the head of the first user turn, for services with history but no system.

    Args:
        turns: The conversation, oldest first. Without a user turn, one is made of the system prompt alone.
    """
    system, rest = system_text(turns), list(without_system(turns))
    if not system:
        return tuple(rest)
    for i, turn in enumerate(rest):
        if turn.role == "user":
            rest[i] = Turn(role="user", text=f"System: {_unforgeable(system)}\n\nUser: {_unforgeable(turn.text)}")
            return tuple(rest)
    return (Turn(role="user", text=system), *rest)


def shown_after(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The turns; images of results come behind the last result of their round, as results are texts alone."""
    shown: list[Turn] = []
    for turn in turns:
        if turn.role != "tool":
            yield from shown
            shown = []
        elif turn.images:
            shown.append(Turn(role="user", text=f"What the tool {turn.name} gave to see:", images=turn.images))
            turn = replace(turn, text=turn.text or "It is shown below.", images=())  # noqa: PLW2901
        yield turn
    yield from shown


def _unforgeable(text: str) -> str:
    parts = _LINE_END.split(text)
    # Lines are the even parts, their ends the odd ones. The first stands behind our own label already.
    for i in range(2, len(parts), 2):
        if _ROLE_LINE.match(parts[i]):
            parts[i] = f"> {parts[i]}"
    return "".join(parts)


class StopCut:
    """Ends a streamed text before the first stop sequence, however the text is cut into pieces.

    Held back is only the longest end of the text so far that could begin a stop sequence.

    Args:
        stops: The stop sequences; empty ones never match.
    """

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.hit: bool = False

    def feed(self, text: str) -> str:
        """The text that is safe to hand on. Once ``hit`` is set, nothing more is."""
        if self.hit or not self._stops:
            return "" if self.hit else text
        text = self._held + text
        # A stop that is only begun may stand before one that is complete: it is waited for, as what comes decides
        # where the answer ends, and the cuts of the network must not.
        begun = len(text) - max(_open_end(text, stop) for stop in self._stops)
        found = self._first(text)
        self.hit = found is not None and found <= begun
        cut = found if found is not None and self.hit else begun
        self._held = "" if self.hit else text[cut:]
        return text[:cut]

    def finish(self) -> str:
        """The text still held, once the answer has ended."""
        held, self._held = self._held, ""
        found = self._first(held)
        self.hit = self.hit or found is not None
        return held[:found]

    def _first(self, text: str) -> int | None:
        return min((at for at in map(text.find, self._stops) if at >= 0), default=None)


def _open_end(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that is a beginning of ``stop``."""
    sizes: Iterator[int] = (size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size]))
    return next(sizes, 0)
