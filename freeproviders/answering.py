"""One attempt at one answer: drives a provider's exchange to the first content, then reads on. No retries here."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import aiohttp

from freeproviders.channel import Channel, Target
from freeproviders.errors import BadReply, EmptyAnswer, ProviderError
from freeproviders.logins.store import StoredCookies
from freeproviders.prompts import StopCut
from freeproviders.screening import ChallengeFilter
from freeproviders.status import challenged
from freeproviders.wire import Decoder, Event, Exchange, Fact, Reply, Request, Text

__all__ = ["Attempt", "Reader"]


class Reader(Protocol):
    """Reads the text of an answer as events."""

    @property
    def ended(self) -> bool:
        """Whether what may still come is not part of the answer."""
        ...

    def feed(self, text: str) -> Sequence[Event]:
        """Events completed by this text."""
        ...

    def finish(self) -> Sequence[Event]:
        """Events completed by the end of the text."""
        ...


class Attempt:
    """Drives an exchange; a streamed answer is handed on by ``start`` and ``next``.

    Args:
        session: Where connections come from.
        target: Where the requests go.
        exchange: The requests.
        within: How many seconds the next request may take to its first byte.
        stop: Stop sequences.
        reader: Reads the text as events, where it is more than text.

    Attributes:
        facts: What the exchange said of the answer.
        status: HTTP status of the last response.
        received: Bytes of its body.
        said: Characters of its text.
        on_close: Called once, when the attempt is over.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        target: Target,
        exchange: Exchange,
        *,
        within: Callable[[], float],
        stop: Sequence[str] = (),
        reader: Callable[[], "Reader | None"] = lambda: None,
    ) -> None:
        self._session = session
        self._exchange = exchange
        self._new_reader = reader
        self._target = target
        self._within = within
        self._stops = stop
        self._channel: Channel | None = None
        self._answered = self._drained = self._ended = False
        self._pending: list[Event] = []
        self.facts: dict[str, Any] = {}
        self.status: int | None = None
        self.received: int = 0
        self.said: int = 0
        self.on_close: Callable[[], None] | None = None

    async def start(self) -> None:
        """Drives the exchange until the first content of its answer has arrived.

        Raises:
            ProviderError: Whatever the exchange does not answer with another request.
        """
        await self.run()
        if self._channel is None:
            raise BadReply("the exchange ended without an answer", provider=self._target.provider.card.name)

    async def run(self) -> Any:
        """Drives an exchange of plain requests to its end.

        Returns:
            What the exchange returns.
        """
        try:
            return await self._drive(partial(next, self._exchange))
        except ProviderError as error:
            self._name(error)
            raise

    async def next(self) -> Sequence[Event]:
        """The events that have arrived since; empty once the answer is complete and its facts are known."""
        channel = self._channel
        try:
            while not self._pending and not self._ended:
                assert channel is not None, "next() comes after start()"  # noqa: S101
                self._digest(channel, b"" if self._drained else await channel.read())
            events, self._pending = self._pending, []
            if not events and channel is not None:
                await self._conclude(channel.reply)
        except ProviderError as error:
            self._name(error)
            raise
        return events

    def close(self) -> None:
        """Ends the exchange, wherever it stands."""
        self._close_channel()
        self._exchange.close()
        on_close, self.on_close = self.on_close, None
        if on_close is not None:
            on_close()

    def _close_channel(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            self.received = channel.size
            channel.close()

    async def _drive(self, step: Callable[[], Request]) -> Any:
        while True:
            try:
                request = step()
            except StopIteration as stop:
                return stop.value
            try:
                if request.decoder is not None:
                    return await self._begin(request, request.decoder)
                step = partial(self._exchange.send, await self._plain(request))
            except ProviderError as error:
                step = partial(self._exchange.throw, error)

    async def _plain(self, request: Request) -> Reply:
        channel = await self._open(request)
        try:
            reply = await channel.read_all()
        finally:
            channel.close()
        screen = self._challenge_filter()
        screen.feed(reply.body)
        return reply

    async def _begin(self, request: Request, decoder: Decoder) -> None:
        channel = self._channel = await self._open(request)
        self._screen = self._challenge_filter()
        self._decoder = decoder
        self._answered = self._drained = self._ended = False
        self._pending, self._stop, self._reader = [], StopCut(self._stops), self._new_reader()
        try:
            self._digest(channel, channel.first)
            while not (self._answered and self._pending) and not self._ended:
                self._digest(channel, b"" if self._drained else await channel.read())
        except BaseException:
            self._close_channel()
            raise

    async def _open(self, request: Request) -> Channel:
        channel = await Channel.open(self._session, self._target, request, within=self._within())
        self.status = channel.reply.status
        self._rotate(request, channel.reply)
        return channel

    def _rotate(self, request: Request, reply: Reply) -> None:
        # Only the cookies a caller has passed are kept up to date. Others belong to a conversation, not to the client,
        # or two conversations at once would take each other's session.
        own, theirs = self._target.cookies, {*request.drop_cookies, *request.cookies}
        changed = {name: value for name, value in reply.cookies.items() if name in own and name not in theirs}
        own.update(changed)
        if changed and isinstance(stored := self._target.provider.cookies, StoredCookies):
            stored.rotate(changed)

    def _challenge_filter(self) -> ChallengeFilter:
        return ChallengeFilter(partial(challenged, self._target.provider.card.name, 200))

    def _digest(self, channel: Channel, data: bytes) -> None:
        """Keeps the events that these bytes complete; no bytes are the end, step by step."""
        if data:
            self._take(self._decoder.feed(self._screen.feed(data)))
        elif not self._drained:
            self._drained = True
            if held := self._screen.finish():
                self._take(self._decoder.feed(held))
        elif events := self._decoder.finish():
            self._take(events)
        else:
            self._finish(channel)

    def _finish(self, channel: Channel) -> None:
        self._ended = True
        if rest := self._stop.finish():
            self._say(Text(rest))
        if not self._answered:
            raise self._empty(channel)
        self._conclude_reading()

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Fact):
                self.facts[event.name] = event.value
            elif not isinstance(event, Text):
                self._answered = True
                self._pending.append(event)
            else:
                self.said += len(event.text)
                # White space alone is no answer: it waits for what it leads in.
                self._answered = self._answered or not event.text.isspace()
                if text := self._stop.feed(event.text):
                    self._say(event if text is event.text else Text(text))
        self._answered = self._answered or self._stop.hit
        if self._stop.hit or (self._reader is not None and self._reader.ended):
            self._ended = True
            self._conclude_reading()

    def _say(self, text: Text) -> None:
        if self._reader is None:
            self._pending.append(text)
        else:
            self._keep(self._reader.feed(text.text))

    def _conclude_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._keep(reader.finish())

    def _keep(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Fact):
                self.facts[event.name] = event.value
            else:
                self._pending.append(event)

    def _name(self, error: ProviderError) -> None:
        """Errors say which service they are about, those of the decoders too, which do not know."""
        error.provider = error.provider or self._target.provider.card.name

    def _empty(self, channel: Channel) -> EmptyAnswer:
        head = channel.first[:120].decode("utf-8", errors="replace")
        said = f"; the reply began with {head!r}" if head else ""
        return EmptyAnswer(f"the service sent an empty answer{said}", provider=self._target.provider.card.name)

    async def _conclude(self, reply: Reply) -> None:
        """Lets the exchange finish, with what the answer's response said in its head."""
        self._close_channel()
        self.facts.update(await self._drive(partial(self._exchange.send, reply)) or {})
