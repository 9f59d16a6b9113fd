"""Judges how a call ended against its plan. Knows nothing of clients, only what the plan and the documents say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from freeproviders import errors
from soak.plans import Plan
from soak.service import TOKEN

__all__ = ["Outcome", "complaint", "foreign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call ended.

    Attributes:
        text: What was handed on.
        images: How many images.
        metadata: What the end of the answer said.
        error: What was raised.
        left: The caller left, and nothing came of it but its own leaving.
        hung: It did not end in its time.
        seconds: How long it took.
    """

    text: str = ""
    images: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    left: bool = False
    hung: bool = False
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """The sort of ending, for counts."""
        if self.hung:
            return "hung"
        if self.left:
            return "left"
        return type(self.error).__name__ if self.error is not None else "exact"


def foreign(plan: Plan, outcome: Outcome) -> set[str]:
    """Marks of other calls in an answer: cross-talk."""
    own = TOKEN.findall(plan.text + plan.answer)
    return set(TOKEN.findall(outcome.text + getattr(outcome.error, "partial", ""))).difference(own)


def complaint(plan: Plan, outcome: Outcome) -> str:
    """What is wrong with an outcome, in words; empty if it is the right one."""
    if outcome.hung:
        return f"still running after {outcome.seconds:.1f} s"
    if strangers := foreign(plan, outcome):
        return f"holds what belongs to other calls: {', '.join(strangers)}"
    if outcome.left:
        return _left(plan, outcome)
    if outcome.error is not None:
        return _failed(plan, outcome.text, outcome.error)
    return _answered(plan, outcome)


def _left(plan: Plan, outcome: Outcome) -> str:
    if plan.leaving is None:
        return "cancelled, though nobody did"
    return "" if plan.answer.startswith(outcome.text) else f"left with {outcome.text!r}, no beginning of the answer"


def _answered(plan: Plan, outcome: Outcome) -> str:
    if plan.error is not None and not plan.either:
        return f"answered {outcome.text!r}, where {plan.error.__name__} had to come"
    if plan.leaving is not None and plan.leaving.certain:
        return "answered, though the sandbox held the answer"
    if outcome.text != plan.answer:
        return f"answered {outcome.text!r}"
    if outcome.images != plan.images:
        return f"gave {outcome.images} images"
    attempts = outcome.metadata.get("attempts")
    if plan.needed is not None and attempts not in (plan.needed, None):
        return f"took {attempts} attempts"
    return ""


def _failed(plan: Plan, text: str, error: BaseException) -> str:
    told = f"raised {type(error).__name__}: {error}"
    if not isinstance(error, errors.ProviderError) or plan.error is None:
        return told
    if isinstance(error, errors.StreamInterrupted):
        return _interrupted(plan, text, error)
    if _kind(error) is not plan.error:
        return told
    if text:
        return f"{told}, after {text!r} had been handed on"
    if plan.way.framework != "router" and error.provider != plan.provider:
        return f"{told}, and names {error.provider!r}"
    for name in ("status", "retry_after"):
        wanted = getattr(plan, name)
        if wanted is not None and getattr(error, name) != wanted:
            return f"{told}, with {name} {getattr(error, name)!r}"
    return ""


def _interrupted(plan: Plan, text: str, error: errors.StreamInterrupted) -> str:
    if not plan.breaks or not plan.way.stream:
        return f"raised StreamInterrupted: {error}"
    if error.partial != text:
        return f"partial is {error.partial!r}, handed on was {text!r}"
    if not plan.answer.startswith(text):
        return f"broke off with {text!r}, no beginning of the answer"
    cause = error.__cause__
    if cause is not None and _kind(cause) is not plan.error:
        return f"broke off by {type(cause).__name__}: {cause}"
    return ""


def _kind(error: BaseException) -> type | None:
    """The class of the core's tree: a framework's package raises its own, derived from it."""
    return next((kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__), None)
