"""Whether anybody hears of a call: core's instrumentation and callbacks cost more than all else beside the request.

A call that nobody hears is made without them, and gives the same answer. Who begins to listen while a stream runs hears
of the next call.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from llama_index.core.callbacks import CallbackManager
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]  # exported without a word
from llama_index.core.instrumentation.event_handlers import NullEventHandler
from llama_index.core.instrumentation.span_handlers import NullSpanHandler
from llama_index.core.llms import callbacks
from llama_index_instrumentation.dispatcher import DISPATCHER_SPAN_DECORATED_ATTR, Dispatcher

__all__ = ["hears", "told"]

F = TypeVar("F", bound=Callable[..., Any])

_SPANS = get_dispatcher("llamaindex_freeproviders.base")
# Where spans, our events and core's events of a call begin their way to who listens.
_PLACES = (_SPANS, get_dispatcher("llamaindex_freeproviders.instrumentation"), callbacks.dispatcher)


def hears(place: Dispatcher) -> bool:
    """Whether events or spans of a place reach any handler, there or further up."""
    while True:
        if not all(type(one) is NullEventHandler for one in place.event_handlers):
            return True
        if not all(type(one) is NullSpanHandler for one in place.span_handlers):
            return True
        if not place.propagate:
            return False
        place = place.parent


def told(by: Callable[[], Callable[[F], F]]) -> Callable[[F], F]:
    """Decorates a call of an LLM so that whoever wants to hear of it does.

    Args:
        by: Core's decorator for calls of this kind, which also asks the rate limiter.
    """

    def decorate(call: F) -> F:
        heard: Any = _SPANS.span(by()(call))
        del call.__wrapped__  # type: ignore[attr-defined]  # a mark of core's, where Python expects a function

        def choose(llm: Any) -> Callable[..., Any]:
            manager = llm.callback_manager
            quiet = type(manager) is CallbackManager and not manager.handlers and llm.rate_limiter is None
            made = call if quiet and not any(map(hears, _PLACES)) else heard
            bound: Callable[..., Any] = made.__get__(llm, type(llm))  # as spans are named after the class
            return bound

        async def achosen(self: Any, *args: Any, **kwargs: Any) -> Any:
            return await choose(self)(*args, **kwargs)

        def chosen(self: Any, *args: Any, **kwargs: Any) -> Any:
            return choose(self)(*args, **kwargs)

        wrapper = functools.wraps(call)(achosen if inspect.iscoroutinefunction(call) else chosen)
        setattr(wrapper, DISPATCHER_SPAN_DECORATED_ATTR, True)  # or core puts a span around calls that nobody hears
        return cast("F", wrapper)

    return decorate
