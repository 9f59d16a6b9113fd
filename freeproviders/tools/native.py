"""Calls that a service sends as data: put together from their pieces and fitted to their tools as prompted ones are."""

from dataclasses import dataclass, field

from freeproviders.errors import BadReply
from freeproviders.tools.binding import RawCall, bound
from freeproviders.tools.issuing import Issuer
from freeproviders.tools.loading import parse_value
from freeproviders.tools.names import NameBook
from freeproviders.tools.record import CallRecord
from freeproviders.tools.render import offered_tools
from freeproviders.tools.wording import dumped
from freeproviders.wire import Event, InvalidCall, Prompt, Text, ToolCall

__all__ = ["CallPiece", "NativeCalls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPiece:
    """A piece of a call as it arrives.

    Attributes:
        place: The service's number of the call; some give all calls the same.
        id: The service's id of the call; empty where the piece has none.
        name: The tool's name; empty where the piece has none.
        arguments: The next characters of the arguments' JSON text.
    """

    place: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Growing:
    piece: CallPiece
    texts: list[str] = field(default_factory=list)


class NativeCalls:
    """Gives the events of calls, in their order.

    Args:
        prompt: The prompt with its tools.
    """

    def __init__(self, prompt: Prompt) -> None:
        self._book = NameBook(offered_tools(prompt))
        self._issuer = Issuer(self._book, parallel=prompt.parallel_calls, deltas=prompt.partial)
        self._record = CallRecord()
        self._growing: _Growing | None = None
        self._places: set[int] = set()

    def add(self, piece: CallPiece) -> list[Event]:
        """The events that this piece completes.

        Raises:
            BadReply: If it belongs to a call that another has followed already.
        """
        if self._growing is None or self._is_next(piece, self._growing.piece):
            self._settle()
            self._begin(piece)
        assert self._growing is not None, "a call has begun"  # noqa: S101
        if piece.arguments:
            self._growing.texts.append(piece.arguments)
            self._issuer.follow(piece.arguments)
        return self._given()

    def finish(self) -> list[Event]:
        """The events of the last call and of those that cannot be made, and what is to be known of them all."""
        self._settle()
        self._issuer.report()
        return [*self._given(), *self._record.facts()]

    def _is_next(self, piece: CallPiece, now: CallPiece) -> bool:
        if piece.place == now.place:
            return bool(piece.id and now.id and piece.id != now.id)
        if piece.place in self._places:
            raise BadReply("the pieces of two tool calls are mixed up")
        return True

    def _begin(self, piece: CallPiece) -> None:
        if not piece.name:
            raise BadReply("a tool call begins without a name")
        self._places.add(piece.place)
        self._growing = _Growing(piece)
        self._issuer.begin(repeats=False)
        self._issuer.follow(f'{{"name": {dumped(piece.name)}, "arguments": ')

    def _settle(self) -> None:
        growing, self._growing = self._growing, None
        if growing is not None:
            call = _fitted(growing.piece.name, "".join(growing.texts), self._book)
            self._issuer.settle([call], "", repeats=False)

    def _given(self) -> list[Event]:
        found, self._issuer.events = self._issuer.events, []
        return [event for one in found for event in self._record.event(one) if not isinstance(event, Text)]


def _fitted(name: str, text: str, book: NameBook) -> ToolCall | InvalidCall:
    """The call, its arguments read as those of a prompted one."""
    if not text.strip():
        return bound(RawCall(name, {}, text=text), book)
    try:
        value, repairs = parse_value(text)
    except BadReply as error:
        return InvalidCall(name, f"its arguments are no JSON: {error.message}", text, "unreadable")
    if "truncated" in repairs:
        return InvalidCall(name, "the arguments are cut off", text, "truncated")
    return bound(RawCall(name, value, text=text, notes=dict.fromkeys(repairs)), book)
