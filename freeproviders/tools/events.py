"""What the scanner says while a reply arrives, in order. Values only."""

from dataclasses import dataclass

from freeproviders.wire import CallArguments, CallDone, CallFailed, CallStarted, Withdrawn

__all__ = ["CallArguments", "CallDone", "CallFailed", "CallStarted", "Event", "TextPiece", "ThinkingPiece", "Withdrawn"]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Text to show."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingPiece:
    """Text of a thinking span."""

    text: str


Event = TextPiece | ThinkingPiece | Withdrawn | CallStarted | CallArguments | CallDone | CallFailed
