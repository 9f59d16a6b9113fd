"""What a client is, to those who measure it."""

import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Ask", "AsyncAsk", "Client", "Conversation", "conversation", "roles"]

Ask: TypeAlias = Callable[[], Iterator[str]]
"""Streams one answer, blocking."""
AsyncAsk: TypeAlias = Callable[[], AsyncIterator[str]]
"""Streams one answer, awaited."""
Conversation: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of a role (``"user"`` or ``"assistant"``) and a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client.

    Attributes:
        name: Shown in the tables.
        wires: The wires it speaks.
        open: Makes what streams an answer, of a base URL, the wire and a conversation.
        blocking: Whether that is an ``Ask`` rather than an ``AsyncAsk``.
        needs: Modules that must be installed; the first is what a user imports.
        kind: ``"bare"``, ``"own"``, ``"peer"``, ``"floor"`` (the least code over a framework), or the name of a
            measure that is about this client alone.
    """

    name: str
    wires: tuple[str, ...]
    open: Callable[[str, str, Conversation], Any]
    needs: tuple[str, ...]
    kind: str
    blocking: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can be measured here."""
        return all(_found(module) for module in self.needs)


def _found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package a dotted name is in
        return False


def conversation(length: int) -> Conversation:
    """A conversation of so many messages; the user has the last word."""
    return tuple(("user" if (length - place) % 2 else "assistant", f"message {place}") for place in range(length))


def roles(turns: Conversation, classes: Mapping[str, Callable[[str], Any]]) -> list[Any]:
    """The messages of a conversation, each made by the class of its role."""
    return [classes[role](text) for role, text in turns]
