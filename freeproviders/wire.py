"""Values that travel through the package, and the contract a provider fulfils. No I/O lives here.

A framework's messages become a ``Prompt`` of ``Turn``s; a provider turns it into a generator of ``Request``s
(its ``Exchange``) and names the ``Decoder`` of the answer; the client drives that generator and hands on
``Event``s.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from freeproviders.errors import BadReply

__all__ = [
    "Answer",
    "Decoder",
    "Done",
    "Event",
    "Exchange",
    "Fact",
    "Image",
    "Prompt",
    "Reply",
    "Request",
    "Role",
    "Text",
    "Turn",
]

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation.

    Attributes:
        role: Who spoke.
        text: What was said.
    """

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is asked of a service in one call.

    Attributes:
        turns: The conversation, oldest first.
        model: A model name of the service; None for its default.
        temperature: Sampling temperature, for services that have such a field (FlowGpt).
        stop: The answer ends before the first of these; honoured on our side.
        thread: None for a stateless call; ``{}`` to start a conversation kept by the service; the object of an
            earlier answer to go on with it.
        settings: Settings of the provider that differ for this call alone, e.g. ``{"network": False}``.
    """

    turns: tuple[Turn, ...]
    model: str | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    thread: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> "Prompt":
        """A prompt of one user turn."""
        return cls(turns=(Turn(role="user", text=text),))


@dataclass(frozen=True, slots=True)
class Text:
    """New text of the answer: all that has arrived since the last event."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of the answer.

    Attributes:
        url: Where the service put it; may expire.
        data: Its bytes, where the service sent them or they were fetched.
        mime_type: E.g. ``"image/png"``; None while only the URL is known.
    """

    url: str | None = None
    data: bytes | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the service said about its answer, e.g. ``Fact("citations", [...])``."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer is complete; always the last event.

    Attributes:
        metadata: JSON-able facts: ``provider``, ``model``, ``finish_reason``, ``attempts``, and where there is one
            ``thread``, ``citations`` or ``message_sid``.
    """

    metadata: Mapping[str, Any]


Event = Text | Image | Fact | Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        text: All of its text.
        images: Its images, in order.
        metadata: As in ``Done``.
    """

    text: str
    images: tuple[Image, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Decoder(Protocol):
    """Turns the bytes of a reply into events, whatever the cuts between them."""

    def feed(self, data: bytes) -> Sequence[Event]:
        """Events completed by these bytes."""
        ...

    def finish(self) -> Sequence[Event]:
        """Events completed by the end of the body; called again until it gives none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request of an exchange.

    Attributes:
        path: Path below the provider's ``base_url``.
        method: HTTP method.
        query: Query parameters.
        headers: Headers of this request; the caller's ``default_headers`` win over them.
        cookies: Cookies of this request, over those of the client.
        drop_cookies: Names of the client's own cookies that this request leaves out.
        body: A JSON value, or None for no body.
        decoder: How the answer is read as it streams; None for a plain request whose whole ``Reply`` is sent back
            into the exchange.
    """

    path: str
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    drop_cookies: tuple[str, ...] = ()
    body: Any = None
    decoder: Decoder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for a request; for a streamed answer, without its body.

    Attributes:
        status: HTTP status.
        headers: Response headers, names in lower case.
        cookies: Cookies the response set.
        body: The whole body of a plain request, or the head of an error's body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as UTF-8, whatever the header says: the five services get their charset wrong or leave it out."""
        return self.body.decode("utf-8-sig", errors="replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            BadReply: If it is not JSON.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            excerpt = self.text[:120]
            raise BadReply(f"expected JSON, got: {excerpt!r}", status=self.status) from error


Exchange = Generator[Request, Reply, Any]
"""The requests of one call. Sent each reply; an error before the first event is thrown in, and the exchange may
answer it with another request. Its return value joins the answer's metadata (or is the result of a plain exchange)."""
