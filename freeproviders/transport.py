"""The client: asks a provider, retries until the first event, and hands the answer on, awaited or blocking.

It holds values only (settings, limits, cookies by now); connections belong to event loops (``freeproviders.sessions``).
So it pickles, copies and works on any number of loops and threads at once.
"""

import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp
import tenacity

from freeproviders import registry, sessions
from freeproviders.answering import Attempt, Reader
from freeproviders.asking import Asking
from freeproviders.blocking import portal
from freeproviders.channel import Target
from freeproviders.errors import ProviderError, StreamInterrupted, UnsupportedContent
from freeproviders.merging import Merger
from freeproviders.policy import Clock, Retry, Timeouts
from freeproviders.provider import Provider
from freeproviders.proxies import checked_proxy, environment_proxy
from freeproviders.wire import Answer, CallDone, Done, Event, Exchange, Image, Prompt, Text, Withdrawn

__all__ = ["Client"]

C = TypeVar("C", bound="Client")
T = TypeVar("T")
OnRetry = Callable[[int], Awaitable[None]]
Make = Callable[[Callable[[], float]], Awaitable[T]]
"""One attempt; given how many seconds each of its requests may take to its first byte, by now."""

logger: logging.Logger = logging.getLogger("freeproviders")
# Retries are told to whoever listens; an application that has not set up logging is not to find them on its stderr.
logger.addHandler(logging.NullHandler())


class Client:
    """Asks one provider.

    Args:
        provider: Its name (``"yqcloud"``) or a configured ``Provider``.
        retry: How often and how patiently to try again before the first event.
        timeouts: Limits on waiting, in seconds.
        proxy: ``http://`` or ``https://`` proxy URL, with credentials if it needs them. By default those of the
            environment (``HTTPS_PROXY``, ``NO_PROXY``, ...).
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
        hold: bool = True,
        clock: Clock | None = None,
        **settings: Any,
    ) -> None:
        self.provider: Provider = _configured(provider, settings)
        self.retry: Retry = retry or Retry()
        self.timeouts: Timeouts = timeouts or Timeouts()
        self._proxy = checked_proxy(proxy) or environment_proxy(self.provider.base_url)
        self._hold = hold
        self._clock = clock or Clock()
        self._cookies = dict(self.provider.cookies)

    def __repr__(self) -> str:
        return f"Client({self.provider!r})"

    # Asynchronous calls.

    async def astream(self, prompt: Prompt | str, *, on_retry: OnRetry | None = None) -> AsyncGenerator[Event, None]:
        """Streams an answer: ``Text`` and ``Image`` events as they arrive, then one ``Done``.

        Args:
            prompt: What to ask; a text is one user turn.
            on_retry: Awaited before each further attempt, with its number (2 for the first retry).

        Raises:
            ProviderError: Before the first event, once retrying has not helped.
            StreamInterrupted: After it; ``partial`` holds the text handed on so far.
        """
        asking, tries, passed, going = Asking(_as_prompt(prompt)), 0, list[str](), True
        async with sessions.Lease(held=self._hold) as session:
            while going:
                attempt, number = await self._retrying(self._starter(session, asking.prompt), on_retry)
                tries += number
                try:
                    while events := await attempt.next():
                        for event in asking.pass_on(events):
                            if isinstance(event, Text):
                                passed.append(event.text)
                            yield event
                except ProviderError as error:
                    raise _interrupted(error, "".join(passed)) from error
                finally:
                    attempt.close()
                going = await self._again(asking, attempt, on_retry)
            for event in asking.rest():
                yield event
            yield Done(metadata=self._metadata(asking.prompt, attempt, tries))

    async def acomplete(self, prompt: Prompt | str, *, on_retry: OnRetry | None = None) -> Answer:
        """A whole answer. As nothing has been shown yet, a broken body is retried too.

        Args:
            prompt: What to ask; a text is one user turn.
            on_retry: Awaited before each further attempt, with its number (2 for the first retry).

        Raises:
            ProviderError: Once retrying has not helped.
        """
        prompt = _as_prompt(prompt)
        async with sessions.Lease(held=self._hold) as session:

            async def whole(within: Callable[[], float]) -> tuple[Attempt, Asking, list[Event]]:
                asking = Asking(prompt, shown=False)
                while True:
                    attempt, events = await self._starter(session, asking.prompt)(within), list[Event]()
                    try:
                        while more := await attempt.next():
                            events.extend(asking.pass_on(more))
                    finally:
                        attempt.close()
                    if not await self._again(asking, attempt, on_retry):
                        return attempt, asking, [*events, *asking.rest()]

            (attempt, asking, events), tries = await self._retrying(whole, on_retry)
        return _answer(events, self._metadata(asking.prompt, attempt, tries + asking.rounds - 1))

    async def arun(self, exchange: Callable[[], Exchange]) -> Any:
        """Runs an exchange of plain requests and returns its result (``freeproviders.providers.pi_archive`` has some).

        Args:
            exchange: Makes the exchange; called once for each attempt.

        Raises:
            ProviderError: Once retrying has not helped.
        """
        async with sessions.Lease(held=self._hold) as session:

            async def run(within: Callable[[], float]) -> Any:
                return await self._attempt(session, self.provider, within).run(exchange())

            return (await self._retrying(run, None))[0]

    async def __aenter__(self: C) -> C:
        sessions.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        await sessions.release()

    # Blocking calls; they work inside a running event loop too.

    def stream(self, prompt: Prompt | str, *, on_retry: OnRetry | None = None) -> Generator[Event, None, None]:
        """As ``astream``, blocking. What arrives while the caller is busy is handed on as one piece."""
        with contextlib.closing(portal.batches(lambda: self.astream(prompt, on_retry=on_retry))) as batches:
            for events in batches:
                yield from _merged(events)

    def complete(self, prompt: Prompt | str, *, on_retry: OnRetry | None = None) -> Answer:
        """As ``acomplete``, blocking."""
        return portal.call(lambda: self.acomplete(prompt, on_retry=on_retry))

    def run(self, exchange: Callable[[], Exchange]) -> Any:
        """As ``arun``, blocking."""
        return portal.call(lambda: self.arun(exchange))

    # How a call is made.

    def _starter(self, session: aiohttp.ClientSession, prompt: Prompt) -> Make[Attempt]:
        provider = self.provider.with_settings(prompt.settings)
        _check(prompt, provider)
        plain, reader = _worded(prompt, provider)

        async def start(within: Callable[[], float]) -> Attempt:
            attempt = self._attempt(session, provider, within, prompt.stop, reader)
            await attempt.start(provider.exchange(plain))
            return attempt

        return start

    def _attempt(
        self,
        session: aiohttp.ClientSession,
        provider: Provider,
        within: Callable[[], float],
        stop: Sequence[str] = (),
        reader: Callable[[], Reader | None] = lambda: None,
    ) -> Attempt:
        # Cookies given for this call alone are neither those the service has rotated since nor to be rotated here.
        cookies = self._cookies if provider.cookies == self.provider.cookies else dict(provider.cookies)
        target = Target(provider=provider, cookies=cookies, proxy=self._proxy, timeouts=self.timeouts)
        return Attempt(session, target, within=within, stop=stop, reader=reader)

    async def _retrying(self, make: Make[T], on_retry: OnRetry | None) -> tuple[T, int]:
        """The result of the first attempt that succeeds, and its number."""
        ends = self._clock.monotonic() + self.retry.deadline

        def within() -> float:
            return min(self.timeouts.first_byte, max(0.001, ends - self._clock.monotonic()))

        async for attempt in self.retry.controller(self._clock, self._log_retry):
            number = attempt.retry_state.attempt_number
            with attempt:
                if number > 1 and on_retry is not None:
                    await on_retry(number)
                return await make(within), number
        raise AssertionError("tenacity re-raises the last failure")

    async def _again(self, asking: Asking, attempt: Attempt, on_retry: OnRetry | None) -> bool:
        """Whether a further round is due. It is a further request, which pacing callers want to be told of too."""
        due = asking.again(_facts(asking.prompt, attempt.facts))
        if due and on_retry is not None:
            await on_retry(asking.rounds)
        return due

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        logger.warning(
            "%s: attempt %d of %d failed (%s), next in %.1f s",
            self.provider.card.name,
            state.attempt_number,
            self.retry.attempts,
            type(error).__name__,
            state.next_action.sleep if state.next_action is not None else 0.0,
        )

    def _metadata(self, prompt: Prompt, attempt: Attempt, tries: int) -> Mapping[str, Any]:
        provider = self.provider.with_settings(prompt.settings)
        return {
            "provider": provider.card.name,
            "model": provider.model_name(prompt),
            "finish_reason": "stop",
            "attempts": tries,
            **_facts(prompt, attempt.facts),
        }


def _configured(provider: str | Provider, settings: Mapping[str, Any]) -> Provider:
    if isinstance(provider, Provider):
        return provider.with_settings(settings)
    return registry.get(provider).configure(settings)


def _as_prompt(prompt: Prompt | str) -> Prompt:
    return Prompt.of(prompt) if isinstance(prompt, str) else prompt


def _worded(prompt: Prompt, provider: Provider) -> tuple[Prompt, Callable[[], Reader | None]]:
    """The prompt in words alone, and what reads its answer."""
    if (
        not prompt.tools
        and prompt.schema is None
        and not any(turn.calls or turn.role == "tool" for turn in prompt.turns)
    ):
        return prompt, lambda: None
    # Loaded with the first prompt that needs them: most programs use no tools.
    from freeproviders.tools.reader import reader_for
    from freeproviders.tools.render import rendered

    return rendered(prompt, system_field=provider.card.system), lambda: reader_for(prompt)


def _facts(prompt: Prompt, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the exchange said; a thread also remembers which tools the service has been told of."""
    if "thread" not in facts or not (prompt.tools or prompt.schema):
        return facts
    from freeproviders.tools.render import digest

    return {**facts, "thread": {**facts["thread"], "tools": digest(prompt)}}


def _check(prompt: Prompt, provider: Provider) -> None:
    name = provider.card.name
    if not any(turn.text.strip() or turn.calls or turn.role == "tool" for turn in prompt.turns):
        raise UnsupportedContent("the prompt holds no text", provider=name)
    if prompt.thread is not None and not provider.card.threads:
        raise UnsupportedContent("the service keeps no conversations: leave out thread", provider=name)
    if (prompt.tools or prompt.schema is not None) and provider.model_name(prompt) in provider.card.image_models:
        raise UnsupportedContent("this model draws: it can neither call tools nor answer with JSON", provider=name)


def _interrupted(error: ProviderError, partial: str) -> StreamInterrupted:
    return StreamInterrupted(
        f"the answer broke off after {len(partial)} characters: {error.message}",
        partial=partial,
        provider=error.provider,
        status=error.status,
        retry_after=error.retry_after,
    )


def _answer(events: Sequence[Event], metadata: Mapping[str, Any]) -> Answer:
    withdrawn = max((i for i, event in enumerate(events) if isinstance(event, Withdrawn)), default=-1)
    events = events[withdrawn + 1 :]
    return Answer(
        text="".join(event.text for event in events if isinstance(event, Text)),
        images=tuple(event for event in events if isinstance(event, Image)),
        calls=tuple(event.call for event in events if isinstance(event, CallDone)),
        metadata=metadata,
    )


def _merged(events: list[Event]) -> Sequence[Event]:
    if len(events) == 1:
        return events
    merger = Merger()
    for event in events:
        merger.add(event.text if isinstance(event, Text) else event)
    return merger.take(last=True)
