"""Records what an LLM reports: events, spans and legacy callbacks."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llama_index.core.callbacks import CallbackManager, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.span import SimpleSpan
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.llms import LLM
from llama_index.core.rate_limiter import BaseRateLimiter
from pydantic import Field


class Events(BaseEventHandler):
    seen: list[Any] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "kit_events"

    def handle(self, event: Any, **_: Any) -> None:
        self.seen.append(event)

    @property
    def counts(self) -> Counter[str]:
        """How many of each of core's events; an integration may fire others besides."""
        names = [type(event).__name__ for event in self.seen if type(event).__module__.startswith("llama_index")]
        return Counter(names)


class Spans(SimpleSpanHandler):
    entered: list[str] = Field(default_factory=list)

    def new_span(self, id_: str, *args: Any, **words: Any) -> SimpleSpan | None:
        self.entered.append(id_)
        return super().new_span(id_, *args, **words)


class Limiter(BaseRateLimiter):
    def __init__(self) -> None:
        self.taken: list[str] = []

    def acquire(self, num_tokens: int = 0) -> None:
        self.taken.append("sync")

    async def async_acquire(self, num_tokens: int = 0) -> None:
        self.taken.append("async")


@contextmanager
def recorded() -> Iterator[tuple[Events, Spans]]:
    dispatcher, events, spans = get_dispatcher(), Events(), Spans()
    dispatcher.add_event_handler(events)
    dispatcher.add_span_handler(spans)
    try:
        yield events, spans
    finally:
        dispatcher.event_handlers.remove(events)
        dispatcher.span_handlers.remove(spans)


def watched(llm: LLM, *handlers: Any) -> LlamaDebugHandler:
    """Gives the LLM a manager with a recording handler, as core does after construction."""
    debug = LlamaDebugHandler(print_trace_on_end=False)
    llm.callback_manager = CallbackManager([debug, *handlers])
    return debug
