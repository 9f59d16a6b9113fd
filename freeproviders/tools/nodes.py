"""What a reader finds besides plain JSON values: calls, unquoted words, and what the end of the text cut off."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Bare", "CallNode", "Cut", "Expression", "Missing"]


class Bare(str):
    """An unquoted word that is no literal: its type is for the schema to say."""

    __slots__ = ()


class Expression(str):
    """Source text of an expression that is not evaluated; only a string can take it."""

    __slots__ = ()


class Cut(str):
    """A string that the end of the text cut off; never fit to be an argument.

    Args:
        text: What there is of it.
        dropped: Whether nothing of it is kept, as its kind is not known yet.
    """

    __slots__ = ("dropped",)
    dropped: bool

    def __new__(cls, text: str = "", *, dropped: bool = False) -> "Cut":  # noqa: PYI034 - Self needs Python 3.11
        """Make one."""
        made = super().__new__(cls, text)
        made.dropped = dropped
        return made


class Missing:
    """Stands, as it is, for the value of a key that has none."""


@dataclass(slots=True)
class CallNode:
    """A call in call syntax, before it is bound to a tool.

    Attributes:
        name: Name as written.
        positional: Arguments without a key.
        named: Arguments with a key.
        source: Source text.
        complete: Whether the closing bracket was there.
        clash: Whether a key was given twice.
    """

    name: str
    positional: list[Any]
    named: dict[str, Any]
    source: str
    complete: bool
    clash: bool = False
