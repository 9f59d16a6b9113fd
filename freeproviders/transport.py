"""The client: asks one provider, retries until the first event, and hands the answer on.

It holds values only (settings, limits, cookies by now); connections belong to event loops (``freeproviders.sessions``).
So it pickles, copies and works on any number of loops and threads at once.
"""

import copy
import functools
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp

from freeproviders import registry, sessions
from freeproviders.answering import Attempt, Reader
from freeproviders.asking import Asking
from freeproviders.blocking import portal
from freeproviders.calling import Call, Rules
from freeproviders.channel import Target
from freeproviders.errors import InvalidSetting, ProviderError, StreamInterrupted, UnsupportedContent
from freeproviders.face import Face, asked
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Clock, Retry, Timeouts
from freeproviders.provider import Provider
from freeproviders.proxies import checked_proxy, environment_proxy, is_socks
from freeproviders.reports import Listen, Teller
from freeproviders.wire import Answer, CallDone, Done, Event, Exchange, Image, Prompt, Text, Withdrawn

__all__ = ["Client"]

C = TypeVar("C", bound="Client")


class Client(Face):
    """Asks one provider.

    Args:
        provider: Its name (``"yqcloud"``) or a configured ``Provider``.
        retry: How often and how patiently to try again before the first event.
        timeouts: Limits on waiting, in seconds.
        proxy: URL of an HTTP, HTTPS or SOCKS proxy, with credentials if it needs them. By default those of the
            environment (``HTTPS_PROXY``, ``NO_PROXY``, ...), as they are when the first call is made.
        limits: How many requests at once and in a time; by default what the card calls polite. A ``Limiter`` may be
            shared by several clients.
        hold: Keep connections open as long as the event loop lives. Without it they close with the last call in
            progress, which suits loops that end abruptly; ``async with client:`` keeps them open for a block.
        clock: Where waiting happens.
        settings: Settings of the provider; see its class. Unset ones come from the environment.

    Raises:
        InvalidSetting: If a setting is unknown or malformed.
    """

    def __init__(
        self,
        provider: str | Provider,
        *,
        retry: Retry | None = None,
        timeouts: Timeouts | None = None,
        proxy: str | None = None,
        limits: Limits | Limiter | None = None,
        hold: bool = True,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.provider: Provider = _configured(provider, settings)
        _check_rules(retry, timeouts)
        clock = clock or Clock()
        self.rules: Rules = Rules(
            retry=retry or Retry(),
            timeouts=timeouts or Timeouts(),
            clock=clock,
            limiter=_limiter(limits, self.provider, clock),
        )
        self._given_proxy = checked_proxy(proxy)
        self._hold = hold
        self._cookies = dict(self.provider.cookies)

    def __repr__(self) -> str:
        return f"Client({self.provider!r})"

    async def astream(
        self, prompt: Prompt | str, *, listen: Listen | Teller | None = None
    ) -> AsyncGenerator[Event, None]:
        """Streams an answer; see ``Face``."""
        prompt, shown = asked(prompt, self.provider.card.name), list[Event]()
        asking = Asking(prompt, native=self._provider(prompt).native(prompt))
        with self._call(asking.prompt, listen) as call, _interrupting(shown):
            async with self._lease() as session:
                while True:
                    attempt, events = await call.retrying(functools.partial(self._first, session, asking, call))
                    try:
                        while events is not None:
                            for event in events:
                                shown.append(event)
                                yield event
                            events = asking.pass_on(read) if (read := await attempt.next()) else None
                    finally:
                        attempt.close()
                    if not await _again(asking, attempt, call, self._provider(asking.prompt)):
                        break
            for event in asking.rest():
                yield event
            yield Done(metadata=self._metadata(asking, attempt, call))

    async def acomplete(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> Answer:
        """A whole answer; see ``Face``."""
        prompt = asked(prompt, self.provider.card.name)
        with self._call(prompt, listen) as call:
            async with self._lease() as session:
                attempt, asking, events = await call.retrying(functools.partial(self._whole, session, prompt, call))
            return _answer(events, self._metadata(asking, attempt, call))

    async def arun(self, exchange: Callable[[], Exchange]) -> Any:
        """Runs an exchange of plain requests and returns its result (``freeproviders.providers.pi_archive`` has some).

        Args:
            exchange: Makes the exchange; called once for each attempt.

        Raises:
            ProviderError: Once retrying has not helped.
        """
        with Call(self.rules, self.provider.card.name, "", Teller()) as call:
            async with self._lease() as session:

                async def run() -> Any:
                    attempt = Attempt(session, self._target(self.provider), exchange(), within=call.within)
                    try:
                        return await call.start(attempt, attempt.run)
                    finally:
                        attempt.close()

                return await call.retrying(run)

    def run(self, exchange: Callable[[], Exchange]) -> Any:
        """As ``arun``, blocking."""
        return portal.call(lambda: self.arun(exchange))

    def once(self: C, deadline: float, *, patient: bool = True) -> C:
        """The same client, sharing cookies and limits, that makes one attempt.

        Args:
            deadline: Seconds it may take to its first piece.
            patient: Whether it waits for its turn where there is none by our own limit.
        """
        other = copy.copy(self)
        retry = replace(self.rules.retry, attempts=1, deadline=min(deadline, self.rules.retry.deadline))
        other.rules = replace(self.rules, retry=retry, patient=patient)
        return other

    # How a call is made.

    def _provider(self, prompt: Prompt) -> Provider:
        """The provider with the settings of this call."""
        return self.provider.with_settings(prompt.settings)

    @functools.cached_property
    def _proxy(self) -> str | None:
        """The proxy's URL. Looking through the environment takes as long as the rest of making a client."""
        return self._given_proxy or environment_proxy(self.provider.base_url)

    def _lease(self) -> sessions.Lease:
        return sessions.Lease(held=self._hold, socks=self._proxy if is_socks(self._proxy) else None)

    def _call(self, prompt: Prompt, listen: Listen | Teller | None) -> Call:
        provider = self._provider(prompt)
        _check(prompt, provider)
        return Call(self.rules, provider.card.name, provider.model_name(prompt), Teller.of(listen))

    async def _first(
        self, session: aiohttp.ClientSession, asking: Asking, call: Call
    ) -> tuple[Attempt, Sequence[Event] | None]:
        """An attempt and the first events that are shown; None where it is over and has shown none."""
        asking.forget()
        attempt = await self._started(session, asking.prompt, call)
        try:
            while read := await attempt.next():
                if events := asking.pass_on(read):
                    return attempt, events
        except BaseException:
            attempt.close()
            raise
        return attempt, None

    async def _whole(
        self, session: aiohttp.ClientSession, prompt: Prompt, call: Call
    ) -> tuple[Attempt, Asking, list[Event]]:
        """An attempt read to its end, in as many rounds as it takes."""
        asking = Asking(prompt, shown=False, native=self._provider(prompt).native(prompt))
        while True:
            attempt, events = await self._started(session, asking.prompt, call), list[Event]()
            try:
                while read := await attempt.next():
                    events.extend(asking.pass_on(read))
            finally:
                attempt.close()
            if not await _again(asking, attempt, call, self._provider(asking.prompt)):
                return attempt, asking, [*events, *asking.rest()]

    async def _started(self, session: aiohttp.ClientSession, prompt: Prompt, call: Call) -> Attempt:
        provider = self._provider(prompt)
        worded, reader = _worded(prompt, provider)
        attempt = Attempt(
            session,
            self._target(provider),
            provider.exchange(worded),
            within=call.within,
            stop=prompt.stop,
            reader=reader,
        )
        await call.start(attempt, attempt.start, worded.turns)
        return attempt

    def _target(self, provider: Provider) -> Target:
        # Cookies given for this call alone are neither those the service has rotated since nor to be rotated here.
        cookies = self._cookies if provider.cookies == self.provider.cookies else dict(provider.cookies)
        return Target(provider=provider, cookies=cookies, proxy=self._proxy, timeouts=self.rules.timeouts)

    def _metadata(self, asking: Asking, attempt: Attempt, call: Call) -> Mapping[str, Any]:
        provider = self._provider(asking.prompt)
        return {
            "provider": provider.card.name,
            "model": provider.model_name(asking.prompt),
            "finish_reason": "stop",
            "attempts": call.attempts,
            **asking.counted(_facts(asking.prompt, attempt.facts, provider)),
        }


def _configured(provider: str | Provider, settings: Mapping[str, Any]) -> Provider:
    if isinstance(provider, Provider):
        return provider.with_settings(settings)
    return registry.get(provider).configure(settings)


def _check_rules(retry: object, timeouts: object) -> None:
    if not isinstance(retry, Retry | None):
        raise InvalidSetting("retry must be a Retry, as in Retry(attempts=2, deadline=60)")
    if not isinstance(timeouts, Timeouts | None):
        raise InvalidSetting("timeouts must be a Timeouts, as in Timeouts(first_byte=20)")


def _limiter(limits: Limits | Limiter | None, provider: Provider, clock: Clock) -> Limiter:
    if isinstance(limits, Limiter):
        return limits
    return Limiter(provider.polite_limits() if limits is None else limits, clock=clock)


async def _again(asking: Asking, attempt: Attempt, call: Call, provider: Provider) -> bool:
    """Whether a further round is due."""
    due = asking.again(_facts(asking.prompt, attempt.facts, provider))
    if due:
        await call.ask_again(asking.rounds)
    return due


def _worded(prompt: Prompt, provider: Provider) -> tuple[Prompt, Callable[[], Reader | None]]:
    """The prompt as the service takes it, and what reads the text of its answer."""
    if (
        not prompt.tools
        and prompt.schema is None
        and not any(turn.calls or turn.role == "tool" for turn in prompt.turns)
    ):
        return prompt, lambda: None
    # Loaded with the first prompt that needs them: most programs use no tools.
    from freeproviders.tools.reader import reader_for
    from freeproviders.tools.render import rendered

    if provider.native(prompt):
        return prompt, lambda: reader_for(prompt) if prompt.schema is not None else None
    worded = rendered(prompt, system_field=provider.card.system, style=_style(provider))
    return worded, lambda: reader_for(prompt)


def _style(provider: Provider) -> str:
    return provider.tool_style or provider.card.tool_style


def _facts(prompt: Prompt, facts: Mapping[str, Any], provider: Provider) -> Mapping[str, Any]:
    """What the exchange said; a thread also remembers which tools the service has been told of."""
    if "thread" not in facts or not (prompt.tools or prompt.schema):
        return facts
    from freeproviders.tools.render import digest

    return {**facts, "thread": {**facts["thread"], "tools": digest(prompt, _style(provider))}}


def _check(prompt: Prompt, provider: Provider) -> None:
    name = provider.card.name
    if prompt.thread is not None and not provider.card.threads:
        raise UnsupportedContent("the service keeps no conversations: leave out thread", provider=name)
    if not provider.sees_images and any(turn.images for turn in prompt.turns):
        way = ' If this one does, set images="yes".' if "images" in provider.setting_names() else ""
        raise UnsupportedContent(f"the service's models see no images: leave them out.{way}", provider=name)
    if (prompt.tools or prompt.schema is not None) and provider.model_name(prompt) in provider.card.image_models:
        raise UnsupportedContent("this model draws: it can neither call tools nor answer with JSON", provider=name)


@contextmanager
def _interrupting(shown: Sequence[Event]) -> Iterator[None]:
    """Whatever fails once something has been shown is a ``StreamInterrupted``."""
    try:
        yield
    except ProviderError as error:
        if not shown:
            raise
        partial_text = "".join(event.text for event in shown if isinstance(event, Text))
        raise StreamInterrupted(
            f"the answer broke off after {len(partial_text)} characters: {error.message}",
            partial=partial_text,
            provider=error.provider,
            status=error.status,
            retry_after=error.retry_after,
        ) from error


def _answer(events: Sequence[Event], metadata: Mapping[str, Any]) -> Answer:
    withdrawn = max((i for i, event in enumerate(events) if isinstance(event, Withdrawn)), default=-1)
    events = events[withdrawn + 1 :]
    return Answer(
        text="".join(event.text for event in events if isinstance(event, Text)),
        images=tuple(event for event in events if isinstance(event, Image)),
        calls=tuple(event.call for event in events if isinstance(event, CallDone)),
        metadata=metadata,
    )
