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
    "CallArguments",
    "CallDone",
    "CallFailed",
    "CallStarted",
    "Decoder",
    "Done",
    "Event",
    "Exchange",
    "Fact",
    "Image",
    "InvalidCall",
    "Prompt",
    "Reply",
    "Request",
    "Restarted",
    "Role",
    "Text",
    "ToolCall",
    "Turn",
    "Withdrawn",
]

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that is fit to be executed.

    Attributes:
        name: Name of one of the tools given.
        arguments: Arguments that satisfy the tool's schema.
        repairs: Short stable words for everything that was not as asked for, in the order of repair; empty for a
            clean call.
        id: Ties a result to the call; no other call has it.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class InvalidCall:
    """A call that was meant but cannot be executed.

    Attributes:
        name: The tool's name, or the name as written where no tool has it; empty where none was found.
        reason: What is wrong and where, in words that a model can act on.
        text: The source text.
        kind: ``"truncated"``, ``"unknown_tool"``, ``"schema"`` or ``"unreadable"``.
        id: An id that no other call has; empty for a value that does not fit its schema, which is no call.
    """

    name: str
    reason: str
    text: str
    kind: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation.

    Attributes:
        role: Who spoke; ``"tool"`` for the result of a call.
        text: What was said.
        calls: Calls the assistant made in this turn.
        name: The tool whose result this is.
        failed: Whether the tool failed.
        call_id: Id of the call whose result this is; empty where it is not known, then name and order tell.
        images: Images shown along with the text, for models that see.
    """

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    name: str = ""
    failed: bool = False
    call_id: str = ""
    images: "tuple[Image, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is asked of a service in one call.

    Attributes:
        turns: The conversation, oldest first.
        model: A model name of the service; None for its default.
        temperature: Sampling temperature, for services that have such a field (FlowGpt).
        max_tokens: Most tokens of the answer, for services that have such a field.
        stop: The answer ends before the first of these; honoured on our side.
        thread: None for a stateless call; ``{}`` to start a conversation kept by the service; the object of an
            earlier answer to go on with it.
        settings: Settings of the provider that differ for this call alone, e.g. ``{"network": False}``.
        tools: Tools the model may call: ``name``, ``description`` and ``parameters`` (a JSON Schema) each.
        tool_choice: ``"auto"``, ``"any"`` (it must call one), ``"none"``, or the name of the tool it must call.
        parallel_calls: Whether it may make several calls at once.
        schema: A JSON Schema that the answer must fit; it then is one JSON value and nothing else.
        partial: Whether a stream hands on the arguments of calls, and the value of a schema, as they grow, in steps of
            at least 64 characters. What has been handed on cannot be asked for again.
    """

    turns: tuple[Turn, ...]
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    thread: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_choice: str = "auto"
    parallel_calls: bool = True
    schema: Mapping[str, Any] | None = None
    partial: bool = False

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
    """An image of the answer, or one shown to the model.

    Attributes:
        url: Where the service put it; may expire.
        data: Its bytes, where the service sent them or they were fetched.
        mime_type: E.g. ``"image/png"``; None while only the URL is known.
        candidate: Name of the one of a router's candidates that drew it; empty without a router.
    """

    url: str | None = None
    data: bytes | None = None
    mime_type: str | None = None
    candidate: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the service said about its answer, e.g. ``Fact("citations", [...])``."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A tool call begins: its name is known.

    Attributes:
        index: Number of the call in the answer, from 1.
        id: An id that no other call has.
        name: Name of a tool given.
    """

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CallArguments:
    """A piece of a call's arguments as JSON text; the pieces of a call add up to its arguments."""

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


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Text and calls so far were the model's thinking, which it closed without having opened it.

    A whole answer leaves them out. A stream has shown them already, so it does not hold this event.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer is complete; always the last event.

    Attributes:
        metadata: JSON-able facts: ``provider``, ``model``, ``finish_reason``, ``attempts``, and where there is one
            ``thread``, ``citations``, ``message_sid``, ``reasoning``, ``served_model``, or ``usage``: tokens as the
            service counted them, over all rounds of the call (``prompt_tokens``, ``completion_tokens``,
            ``total_tokens``, and where it says so ``cached_tokens``, ``reasoning_tokens``).
    """

    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """What has been handed on is void: a router begins the answer anew with another candidate, as the caller wished.

    Attributes:
        candidate: Name of the one whose answer broke off.
        partial: Its text so far.
    """

    candidate: str
    partial: str


Event = Text | Image | CallStarted | CallArguments | CallDone | CallFailed | Withdrawn | Restarted | Fact | Done


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        text: All of its text.
        images: Its images, in order.
        calls: Its tool calls, in order.
        metadata: As in ``Done``.
    """

    text: str
    images: tuple[Image, ...] = ()
    calls: tuple[ToolCall, ...] = ()
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
