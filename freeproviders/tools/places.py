"""Where in a reply we look, and what may be found there. Values only."""

from typing import NamedTuple

from freeproviders.tools.names import NameBook

__all__ = ["Found", "Place"]


class Found(NamedTuple):
    """What begins at a place: a kind, and the position behind the opener (of an item: its own position)."""

    kind: str
    end: int


class Place(NamedTuple):
    """Where we look.

    Attributes:
        book: The tools.
        edge: Whether a name without any mark may begin here.
        after: Whether a call has been read already.
        asked: Whether an opener came directly before.
        bare: Name of the tool whose arguments may stand alone here; empty if none.
        final: Whether no more text will come.
        start: Whether nothing has been said yet.
        named: Whether a tool's name stands directly before the place.
    """

    book: NameBook
    edge: bool
    after: bool
    asked: bool
    bare: str
    final: bool
    start: bool
    named: bool = False
