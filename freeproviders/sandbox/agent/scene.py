"""Where an agent stands: the tools it is offered, the question it works on, the calls it made and what they gave."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace

from freeproviders.sandbox.agent.forms import calls_in
from freeproviders.sandbox.agent.offer import Offer, offered
from freeproviders.sandbox.agent.step import Step
from freeproviders.sandbox.rules.case import Case

_TAGGED = re.compile(r'<tool_response name="([^"\n]{0,200})"([^>\n]{0,40})>\n?')
_OBSERVED = re.compile(r"^Observation: (\S{1,200}) (returned|failed):\n", re.MULTILINE)
_RESULT_END = "</tool_response>"
_REMINDER = "Reminder. To call a tool"
_OBSERVATION = "Observation:"
_UNCALLED = ("That call cannot be made:", "You called no tool.")
_CORRECTIONS = (*_UNCALLED, "That is not what was asked for:")
_FAILURE = re.compile(r"\s*(?:error|exception|traceback|failed|\w{1,60}(?:Error|Exception))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An agent's situation.

    Attributes:
        offer: The tools.
        case: The prompt without what it says about tools.
        question: What the user asked last.
        before: What the user asked before that.
        steps: The calls made for the question so far.
    """

    offer: Offer
    case: Case
    question: str
    before: str
    steps: tuple[Step, ...]


def scene(case: Case, given: Offer | None = None) -> Scene | None:
    """Read an agent's situation out of a prompt.

    Args:
        case: The prompt.
        given: The tools that came as data.

    Returns:
        The situation; None if the prompt offers no tools.
    """
    found = _offer(case) if given is None else (given, case)
    if found is None and not _heads(case.text):
        return None
    offer, plain = found or (Offer(tools=()), case)
    walk = _Walk()
    for role, text in [*plain.history, ("user", plain.text)]:
        walk.turn(role, text)
    plain = replace(plain, text=walk.question)
    offer = replace(offer, forced=offer.forced or (walk.uncalled and bool(offer.tools)))
    return Scene(offer=offer, case=plain, question=walk.question, before=walk.before, steps=tuple(walk.steps))


def _offer(case: Case) -> tuple[Offer, Case] | None:
    found = offered(case.text)
    if found is not None:
        return found[0], replace(case, text=found[1])
    found = offered(case.system)
    if found is not None:
        return found[0], replace(case, system=found[1])
    for at in range(len(case.history) - 1, -1, -1):
        role, text = case.history[at]
        found = offered(text) if role == "user" else None
        if found is not None:
            history = (*case.history[:at], (role, found[1]), *case.history[at + 1 :])
            return found[0], replace(case, history=history)
    return None


class _Walk:
    """Goes through a conversation, oldest turn first."""

    def __init__(self) -> None:
        self.question: str = ""
        self.before: str = ""
        self.uncalled: bool = False
        self.steps: list[Step] = []
        self._open: deque[int] = deque()

    def turn(self, role: str, text: str) -> None:
        if role == "assistant":
            made = list(calls_in(text))
            self._open.extend(range(len(self.steps), len(self.steps) + len(made)))
            self.steps += made
            return
        text = text[: text.rindex(_REMINDER)] if _REMINDER in text else text
        rest = self._results(text)
        self.uncalled = rest.startswith(_UNCALLED)
        if rest.startswith(_CORRECTIONS):
            # a block that could not be used was never a call
            self.steps = [step for step in self.steps if step.result is not None]
            self._open.clear()
        elif rest.strip():
            self.question, self.before = rest.strip(), self.question
            self.steps = []
            self._open.clear()

    def _results(self, text: str) -> str:
        """Take in the results in a user's turn; what else it says is given back."""
        heads = _heads(text)
        if not heads and text.lstrip().startswith(_OBSERVATION):
            result = text.lstrip().removeprefix(_OBSERVATION).strip()
            self._result("", result, failed=_FAILURE.match(result) is not None)
            return ""
        if not heads:
            return text
        rest = [text[: heads[0].start()]]
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=True):
            result, _, after = text[head.end() : end].partition(_RESULT_END)
            failed = "error" in head[2] or head[2] == "failed" or (not head[2] and result.startswith("Error"))
            self._result(head[1], result.strip(), failed=failed)
            rest.append(after)
        return "\n".join(filter(None, map(str.strip, rest)))

    def _result(self, name: str, text: str, *, failed: bool) -> None:
        # results come in the order of their calls nearly always, so the first look finds it
        at = next((at for at in self._open if self.steps[at].name == name), next(iter(self._open), None))
        if at is None:
            self.steps.append(Step(name=name, arguments={}, result=text, failed=failed))
            return
        self._open.remove(at)
        self.steps[at] = replace(self.steps[at], result=text, failed=failed)


def _heads(text: str) -> list[re.Match[str]]:
    """Where results begin: a name and a status each."""
    return list(_TAGGED.finditer(text)) or list(_OBSERVED.finditer(text))
