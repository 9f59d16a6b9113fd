"""What the scanner says while a reply arrives, in order. Values only."""

from dataclasses import dataclass

from freeproviders.tools.result import InvalidCall, ToolCall

__all__ = ["CallArguments", "CallDone", "CallFailed", "CallStarted", "Event", "TextPiece", "ThinkingPiece", "Withdrawn"]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Text to show."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingPiece:
    """Text of a thinking span."""

    text: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """All text and calls so far were thinking: a span closed that never opened."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call begins: its name is known.

    Attributes:
        index: Number of the call, from 1.
        id: An id that no other call has.
        name: Name of a tool given.
    """

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """A piece of the arguments as JSON text; the pieces of a call add up to its arguments."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class CallDone:
    """A call is complete and fit to be executed."""

    index: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call that was meant cannot be executed.

    Attributes:
        index: Number of the call if it had been started, else 0.
        call: What is wrong with it.
    """

    index: int
    call: InvalidCall


Event = TextPiece | ThinkingPiece | Withdrawn | CallStarted | CallArguments | CallDone | CallFailed
