"""What is asked in one call, round by round: a reply that could not be used is asked for again, within a budget.

Only a reply of which nothing has been handed on yet is asked for again. Where one value had to come (by a schema, or in
the call of one tool), part of it has been handed on and the rest does not fit, the answer ends with an error. No I/O:
the client sends and reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from freeproviders.errors import BadReply
from freeproviders.wire import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Event,
    Prompt,
    Text,
    Turn,
    Withdrawn,
)

__all__ = ["Asking"]

_TOOL_ROUNDS = 1
_VALUE_ROUNDS = 2
_QUOTED = 300
_PARTS = (CallStarted, CallArguments)


class Asking:
    """The rounds of one call.

    Args:
        prompt: What the caller asks.
        shown: Whether what ``pass_on`` gives is shown at once; if not, the caller drops it when there is another round,
            and nothing is gained by reading the reply in part.
        native: Whether the service takes tools as data, so that calls are not blocks of text.

    Attributes:
        prompt: What to ask in this round.
        rounds: How many rounds have begun.
    """

    def __init__(self, prompt: Prompt, *, shown: bool = True, native: bool = False) -> None:
        self.prompt: Prompt = prompt if shown else replace(prompt, partial=False)
        self.rounds: int = 1
        self._shown = shown
        self._native = native
        self._forced = bool(prompt.tools) and prompt.tool_choice not in ("auto", "none")
        self._awaited = prompt.schema is not None or (
            self._forced and (prompt.tool_choice != "any" or len(prompt.tools) == 1)
        )
        self._left = _VALUE_ROUNDS if self._awaited else _TOOL_ROUNDS if prompt.tools else 0
        self._emitted = self._called = self._done = False
        self._held: list[Text] = []
        self._failed: list[CallFailed] = []
        self._spent: Mapping[str, Any] = {}

    def pass_on(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events that the caller gets now. Failures wait, and so does text where a call must come or has failed.

        Raises:
            BadReply: If the value that had to come does not go on as it began.
        """
        if not self.prompt.tools and self.prompt.schema is None:
            return events
        passed: list[Event] = []
        for event in events:
            if isinstance(event, Withdrawn):
                self.forget()
                passed = [] if self._shown else [event]
            elif isinstance(event, CallFailed):
                passed = self._fail(event, passed)
            elif isinstance(event, Text) and (self._failed or (self._forced and not self._called)):
                self._held.append(event)
            else:
                passed += self._release() if isinstance(event, CallStarted) else []
                passed.append(event)
        self._emitted = self._emitted or (self._shown and not all(map(_is_blank, passed)))
        self._done = self._done or any(isinstance(event, CallDone) for event in passed)
        return passed

    def _fail(self, failed: CallFailed, passed: list[Event]) -> list[Event]:
        """Keep a failure for later; what has been passed on, without what came of it in the very same step."""
        if self._emitted:
            begun = self.prompt.schema is not None or failed.index
            if begun and self._awaited and not self._done:
                raise BadReply(
                    f"what had to come cannot be used, and part of it has been shown: {failed.call.reason}. Ask again, "
                    f"or without parts: then a reply that does not fit is asked for again by itself"
                )
            self._failed.append(failed)
            return passed
        self._failed.append(replace(failed, index=0))
        if self.prompt.schema is not None:
            return []
        return [event for event in passed if not (isinstance(event, _PARTS) and event.index == failed.index)]

    def forget(self) -> None:
        """Drops what waits of the reply so far: it is read anew."""
        self._failed, self._held, self._called, self._done = [], [], False, False

    def _release(self) -> list[Text]:
        self._called = True
        held, self._held = self._held, []
        return held

    def again(self, facts: Mapping[str, Any]) -> bool:
        """Whether to ask once more; if so, ``prompt`` says what.

        Args:
            facts: What the answer's exchange said, for its thread.
        """
        wanting = not self._done and (bool(self._failed) or (self._forced and not self._called))
        if self._left == 0 or self._emitted or not wanting:
            return False
        self._left -= 1
        self.rounds += 1
        self._spent = self.counted(facts).get("usage", {})
        said = "".join(event.text for event in self._held)
        turns = (Turn(role="assistant", text=said[:_QUOTED]), Turn(role="user", text=self._correction()))
        self.prompt = replace(
            self.prompt, turns=(*self.prompt.turns, *turns), thread=facts.get("thread", self.prompt.thread)
        )
        self.forget()
        return True

    def counted(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """The facts of a round; ``usage`` in them counts the tokens of the earlier rounds too."""
        if not self._spent:
            return facts
        usage: Mapping[str, Any] = facts.get("usage", {})
        sums = {name: self._spent.get(name, 0) + usage.get(name, 0) for name in {**self._spent, **usage}}
        return {**facts, "usage": sums}

    def _correction(self) -> str:
        if self._failed and self.prompt.schema is not None:
            return (
                f"That is not what was asked for: {self._failed[0].call.reason}. Answer with the corrected JSON alone."
            )
        if self._failed:
            wish = "Make the corrected call" if self._native else "Write the corrected block and nothing else"
            return f"That call cannot be made: {self._failed[0].call.reason}. {wish}."
        wanted = "of the tools" if self.prompt.tool_choice == "any" else f"tool {self.prompt.tool_choice}"
        wish = f"Call one {wanted}" if self._native else f"Reply with a block that calls one {wanted}, and nothing else"
        return f"You called no tool. {wish}."

    def rest(self) -> list[Event]:
        """What is left to hand on at the end: what no round could mend, as it was written, and the calls in it."""
        return [*self._held, *(failed for failed in self._failed if failed.call.id)]


def _is_blank(event: Event) -> bool:
    return isinstance(event, Text) and event.text.isspace()
