"""Whom a command asks: the services named on the command line, as a client, or as a router where there are several."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from freeproviders import registry
from freeproviders.candidates import Candidate, named
from freeproviders.errors import InvalidSetting, LoginRequired
from freeproviders.face import Face
from freeproviders.logins.store import path_of
from freeproviders.policy import Timeouts
from freeproviders.router import Router
from freeproviders.settings import variable
from freeproviders.transport import Client

__all__ = ["Services", "usual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Who is asked.

    Attributes:
        face: What answers.
        candidates: The services, each with a name of its own.
    """

    face: Face
    candidates: tuple[Candidate, ...]

    @classmethod
    def of(cls, names: Sequence[str], *, timeout: float | None = None) -> "Services":
        """The services of these names, as ``pi`` or ``yqcloud:gpt-4``; the usual ones where there is no name.

        Args:
            names: In order of preference.
            timeout: Seconds to wait for the first piece of an answer, and between two.

        Raises:
            InvalidSetting: If a name or a setting is wrong.
            UnknownModel: If a service does not know its model.
        """
        candidates = named([_candidate(name, timeout) for name in dict.fromkeys(names or usual())])
        return cls(face=candidates[0].client if len(candidates) == 1 else Router(candidates), candidates=candidates)

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, as they were named."""
        return tuple(one.name for one in self.candidates)

    @property
    def label(self) -> str:
        """What they are called, for a person."""
        return ", ".join(self.names)

    @property
    def titles(self) -> str:
        """Their names for people."""
        return ", ".join(dict.fromkeys(one.provider.card.title for one in self.candidates))

    @property
    def model(self) -> str | None:
        """The model that every call names: a router's candidates know their own."""
        return self.candidates[0].model if len(self.candidates) == 1 else None

    @property
    def keeps_threads(self) -> bool:
        """Whether conversations are kept by the service; of several each would know a part only."""
        return len(self.candidates) == 1 and self.candidates[0].provider.card.threads

    @property
    def sees(self) -> bool:
        """Whether any is shown images."""
        return any(one.provider.sees_images for one in self.candidates)

    @property
    def takes_temperature(self) -> bool:
        """Whether any has a field for it."""
        return any(one.provider.card.temperature for one in self.candidates)


def usual() -> tuple[str, ...]:
    """Names of the services that need no login and no key, the one that was last seen alive first."""
    cards = [card for card in registry.cards() if not card.login]
    return tuple(card.name for card in sorted(cards, key=lambda card: card.verified, reverse=True))


def _candidate(given: str, timeout: float | None) -> Candidate:
    name, colon, model = given.partition(":")
    if colon and not model:
        raise InvalidSetting(f"{given!r} names no model: write {name} alone, or {name}:MODEL")
    return Candidate(client=_client(name, timeout), model=model or None)


def _client(name: str, timeout: float | None) -> Client:
    limits = Timeouts()
    if timeout is not None:
        limits = Timeouts(connect=min(timeout, limits.connect), first_byte=timeout, idle=timeout)
    if variable(name, "cookies") not in os.environ and name in registry.names() and path_of(name).exists():
        try:
            return Client(name, timeouts=limits, cookies="stored")
        except LoginRequired:
            pass  # it has expired, or is for another host: a service that wants one says so itself
    return Client(name, timeouts=limits)
