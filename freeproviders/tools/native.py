"""Calls that a service sends as data: put together from their pieces and fitted to their tools as prompted ones are."""

from collections import deque
from dataclasses import dataclass, field

from freeproviders.errors import BadReply
from freeproviders.tools.binding import RawCall, bound
from freeproviders.tools.issuing import Issuer
from freeproviders.tools.loading import parse_value
from freeproviders.tools.names import NameBook
from freeproviders.tools.record import CallRecord
from freeproviders.tools.render import offered_tools
from freeproviders.tools.strict import strict
from freeproviders.tools.wording import dumped
from freeproviders.wire import Event, InvalidCall, Prompt, Text, ToolCall

__all__ = ["CallPiece", "NativeCalls"]

_DEEPEST = 64


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
    over: bool = False

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def is_whole(self) -> bool:
        """Whether its arguments are an object that nothing can be added to."""
        return bool(self.texts) and self.texts[-1].rstrip()[-1:] == "}" and strict(self.text, _DEEPEST)[0]

    def ends_before(self, piece: CallPiece) -> bool:
        """Whether a piece at the same place begins another call; some servers give all the same number, or no ids."""
        another = bool(piece.id and self.piece.id and piece.id != self.piece.id)
        return another or bool(piece.name and piece.arguments and self.is_whole())


class NativeCalls:
    """Gives the events of calls, in their order.

    The first that is not over is followed while it grows. Calls may grow side by side: what comes of others waits.

    Args:
        prompt: The prompt with its tools.
    """

    def __init__(self, prompt: Prompt) -> None:
        self._book = NameBook(offered_tools(prompt))
        self._issuer = Issuer(self._book, parallel=prompt.parallel_calls, deltas=prompt.partial)
        self._record = CallRecord()
        self._open: deque[_Growing] = deque()
        self._newest: dict[int, _Growing] = {}

    def add(self, piece: CallPiece) -> list[Event]:
        """The events that this piece completes.

        Raises:
            BadReply: If it begins a call without its name, or goes on with one that is over.
        """
        growing = self._newest.get(piece.place)
        if growing is None or growing.ends_before(piece):
            growing = self._begin(piece)
        if piece.arguments:
            self._grow(growing, piece.arguments)
        return self._given()

    def finish(self) -> list[Event]:
        """The events of the calls that are left and of those that cannot be made, and what is to be known of all."""
        while self._open:
            self._settle()
        self._issuer.report()
        return [*self._given(), *self._record.facts()]

    def _begin(self, piece: CallPiece) -> _Growing:
        if not piece.name:
            raise BadReply("a tool call begins without a name")
        while self._open and self._open[0].is_whole():
            self._settle()
        begun = self._newest[piece.place] = _Growing(piece)
        self._open.append(begun)
        if len(self._open) == 1:
            self._follow()
        return begun

    def _grow(self, growing: _Growing, text: str) -> None:
        if growing.over:
            if text.strip():
                raise BadReply("the pieces of two tool calls are mixed up")
            return
        growing.texts.append(text)
        if growing is self._open[0]:
            self._issuer.follow(text)

    def _follow(self) -> None:
        """The first that is not over is the one to follow now."""
        first = self._open[0]
        self._issuer.begin(repeats=self._issuer.over)  # a call that is one too many is not shown while it grows
        self._issuer.follow(f'{{"name": {dumped(first.piece.name)}, "arguments": {first.text}')

    def _settle(self) -> None:
        first = self._open.popleft()
        first.over = True
        self._issuer.settle([_fitted(first.piece.name, first.text, self._book)], "", repeats=False)
        if self._open:
            self._follow()

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
