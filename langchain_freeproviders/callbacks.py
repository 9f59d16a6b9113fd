"""What happens on the way to an answer, told to LangChain's callback handlers; and rate limiters of LangChain's.

A retry, a wait, a change of service is a custom event of the run: ``freeproviders.retry``, ``freeproviders.failover``,
``freeproviders.wait``, ``freeproviders.ask_again``. Its data is the core's report (``freeproviders.reports``) as JSON.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.callbacks.manager import BaseRunManager, ahandle_event, handle_event
from langchain_core.language_models import BaseChatModel
from langchain_core.rate_limiters import BaseRateLimiter
from langchain_core.runnables import RunnableConfig, ensure_config
from langchain_core.utils.uuid import uuid7

from freeproviders.errors import ProviderError
from freeproviders.reports import AskedAgain, AttemptFailed, AttemptStarted, FailedOver, Listen, Report, Waited

if TYPE_CHECKING:
    import tenacity

__all__ = ["begun", "listener"]

R = TypeVar("R", CallbackManagerForLLMRun, AsyncCallbackManagerForLLMRun)

_EVENTS: Mapping[type[Report], str] = {
    AttemptFailed: "freeproviders.retry",
    FailedOver: "freeproviders.failover",
    Waited: "freeproviders.wait",
    AskedAgain: "freeproviders.ask_again",
}


def listener(run: BaseRunManager | None, limiters: Mapping[str, BaseRateLimiter | None]) -> Listen | None:
    """What listens to one call; None where nobody would hear it.

    Args:
        run: The run whose handlers are told.
        limiters: Rate limiters, taken before each attempt of the candidate of that name. The one named ``""`` is taken
            before each attempt of the call but the first, as LangChain takes it before that.
    """
    heard = run if run is not None and run.handlers else None
    if heard is None and not any(limiters.values()):
        return None
    further = False

    async def listen(report: Report) -> None:
        nonlocal further
        if isinstance(report, AttemptStarted):
            names = {report.candidate, ""} if further else {report.candidate} - {""}
            further = True
            for limiter in filter(None, map(limiters.get, names)):
                await limiter.aacquire(blocking=True)
        elif heard is not None and type(report) in _EVENTS:
            await _tell(heard, report)

    return listen


async def _tell(run: BaseRunManager, report: Report) -> None:
    await _handle(run, "on_custom_event", _EVENTS[type(report)], _plain(report), metadata=run.metadata)
    if isinstance(report, AttemptFailed):
        await _handle(run, "on_retry", _retry_state(report), parent_run_id=run.parent_run_id)


async def _handle(run: BaseRunManager, event: str, *told: Any, **words: Any) -> None:
    unless = event.replace("on_", "ignore_")
    words |= {"run_id": run.run_id, "tags": run.tags}
    if isinstance(run, AsyncCallbackManagerForLLMRun):
        await ahandle_event(run.handlers, event, unless, *told, **words)
    else:
        # In a thread: handlers may block, and this is the loop of all blocking calls.
        await asyncio.to_thread(handle_event, run.handlers, event, unless, *told, **words)


def _plain(report: Report) -> dict[str, Any]:
    """A report as JSON."""
    plain = {field.name: getattr(report, field.name) for field in fields(report)}
    if isinstance(error := plain.get("error"), ProviderError):
        plain |= {"error": type(error).__name__, "message": error.message}
    return plain


def _retry_state(report: AttemptFailed) -> "tenacity.RetryCallState":
    """The report as LangChain's handlers, its tracers among them, take it."""
    import tenacity  # loaded with the first failure, by the core as well

    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = report.number
    state.upcoming_sleep = report.wait
    state.set_exception((type(report.error), report.error, None))
    return state


def begun(model: BaseChatModel, config: RunnableConfig | None, kind: type[R]) -> tuple[RunnableConfig, R | None]:
    """A run that is about to begin, and the configuration to begin it with; no run where no handler would hear of it.

    LangChain gives no run manager to the streams of a chat model, so its run is known by an id chosen beforehand.

    Args:
        model: The model that runs.
        config: The caller's configuration.
        kind: Class of the run's manager.
    """
    config = ensure_config(config)
    managers = AsyncCallbackManager if kind is AsyncCallbackManagerForLLMRun else CallbackManager
    manager = managers.configure(
        config.get("callbacks"), model.callbacks, model.verbose, config.get("tags"), None, config.get("metadata")
    )
    if not manager.handlers:
        return config, None
    run_id = config.get("run_id") or uuid7()
    run = kind(
        run_id=run_id,
        handlers=manager.handlers,
        inheritable_handlers=[],
        parent_run_id=manager.parent_run_id,
        tags=manager.tags,
        metadata=manager.metadata,
    )
    config["callbacks"], config["run_id"] = manager, run_id
    return config, run
