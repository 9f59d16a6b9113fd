"""What answers prompts, awaited and blocking: the face that a ``Client`` and a ``Router`` share.

The blocking calls are the awaited ones on the background loop (``freeproviders.blocking``); they work inside a running
event loop too.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from typing import TypeVar

from freeproviders import sessions
from freeproviders.blocking import portal
from freeproviders.errors import InvalidSetting, UnsupportedContent
from freeproviders.merging import Merger
from freeproviders.reports import Listen, Teller
from freeproviders.wire import Answer, Event, Prompt, Text, Turn

__all__ = ["Face", "asked"]

F = TypeVar("F", bound="Face")


class Face(ABC):
    """Answers prompts."""

    @abstractmethod
    def astream(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> AsyncGenerator[Event, None]:
        """Streams an answer: ``Text``, ``Image`` and call events as they arrive, then one ``Done``.

        Args:
            prompt: What to ask; a text is one user turn.
            listen: Awaited with what happens on the way (``freeproviders.reports``).

        Raises:
            ProviderError: Before the first event, once retrying has not helped.
            StreamInterrupted: After it; ``partial`` holds the text handed on so far.
        """

    @abstractmethod
    async def acomplete(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> Answer:
        """A whole answer. As nothing has been shown yet, a broken body is retried too.

        Args:
            prompt: What to ask; a text is one user turn.
            listen: Awaited with what happens on the way (``freeproviders.reports``).

        Raises:
            ProviderError: Once retrying has not helped.
        """

    def stream(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> Generator[Event, None, None]:
        """As ``astream``, blocking. What arrives while the caller is busy is handed on as one piece."""
        with contextlib.closing(portal.batches(lambda: self.astream(prompt, listen=listen))) as batches:
            for events in batches:
                yield from _merged(events)

    def complete(self, prompt: Prompt | str, *, listen: Listen | Teller | None = None) -> Answer:
        """As ``acomplete``, blocking."""
        return portal.call(lambda: self.acomplete(prompt, listen=listen))

    async def __aenter__(self: F) -> F:
        sessions.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        await sessions.release()


def asked(prompt: Prompt | str, provider: str = "") -> Prompt:
    """What is asked, as a prompt; a text is one user turn.

    Args:
        prompt: What is asked.
        provider: Name of the service, for the error.

    Raises:
        InvalidSetting: If it is no prompt, or its thread none that an answer could have had.
        UnsupportedContent: If there is nothing to say.
    """
    prompt = Prompt.of(prompt) if isinstance(prompt, str) else prompt
    if not isinstance(prompt, Prompt):
        raise InvalidSetting("what is asked must be a text or a Prompt", provider=provider)
    if not all(isinstance(turn, Turn) for turn in prompt.turns):
        raise InvalidSetting("turns must be a tuple of Turn", provider=provider)
    if not isinstance(prompt.model, str | None):
        raise InvalidSetting("model must be the name of a model", provider=provider)
    if isinstance(prompt.stop, str) or not all(isinstance(stop, str) for stop in prompt.stop):
        raise InvalidSetting("stop must be a tuple of texts", provider=provider)
    if prompt.thread is not None and not isinstance(prompt.thread, Mapping):
        raise InvalidSetting("thread must be {} or the thread in an answer's metadata", provider=provider)
    if not any(turn.text.strip() or turn.images or turn.calls or turn.role == "tool" for turn in prompt.turns):
        raise UnsupportedContent("the prompt holds no text", provider=provider)
    return prompt


def _merged(events: list[Event]) -> Sequence[Event]:
    if len(events) == 1:
        return events
    merger = Merger()
    for event in events:
        merger.add(event.text if isinstance(event, Text) else event)
    return merger.take(last=True)
