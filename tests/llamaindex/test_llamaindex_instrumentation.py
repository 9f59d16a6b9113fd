"""What happens on the way, as events of core's instrumentation: each once, in the span of its call."""

import asyncio
import json
import threading
from typing import Any

import pytest
from kit.calls import CALLS, STREAMS, TOOL_WAYS, Call, ToolWay, text_of
from kit.recorders import Events, recorded
from kit.toolbox import ADD
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.dispatcher import instrument_tags
from under_test import call_block

from freeproviders import Limits, errors
from freeproviders.reports import AttemptFailed
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import AiChats, FreeRouter, Pizzagpt, Yqcloud
from llamaindex_freeproviders.instrumentation import (
    AskAgainEvent,
    CallEvent,
    FailoverEvent,
    RetryEvent,
    WaitEvent,
    event_of,
)

EVERY_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
ONCE = Scenario(status=503, retry_after="0")


def ours(events: Events) -> list[Any]:
    return [event for event in events.seen if isinstance(event, CallEvent)]


@pytest.fixture
def failing_first(sandbox: Sandbox) -> FreeRouter:
    broken = Pizzagpt(api_base=sandbox.url("pizzagpt"), default_headers=Scenario(status=500).as_header())
    return FreeRouter(candidates=[broken, Yqcloud(api_base=sandbox.url("yqcloud"))])


@EVERY_CALL
async def test_an_attempt_that_failed_is_an_event_in_the_calls_span(yqcloud: Any, sandbox: Sandbox, call: Call) -> None:
    sandbox.script(ONCE, Scenario(status=429, retry_after="0"))
    with recorded() as (events, spans):
        await call.responses(yqcloud)
    retries = ours(events)
    assert [type(event) for event in retries] == [RetryEvent] * 2
    assert [(event.attempt, event.error, event.status, event.wait) for event in retries] == [
        (1, "ServerFailed", 503, 0.0),
        (2, "RateLimited", 429, 0.0),
    ]
    assert {(event.provider, event.candidate, event.span_id) for event in retries} == {
        ("yqcloud", "", spans.entered[0])
    }
    assert len({event.request for event in retries}) == len(spans.entered) == 1


@EVERY_CALL
async def test_a_change_of_candidate_is_an_event_in_the_calls_span(failing_first: FreeRouter, call: Call) -> None:
    with recorded() as (events, spans):
        await call.responses(failing_first)
    (event,) = ours(events)
    assert isinstance(event, FailoverEvent)
    assert (event.provider, event.candidate, event.to) == ("router", "pizzagpt", "yqcloud")
    assert (event.error, event.status, event.span_id) == ("ServerFailed", 500, spans.entered[0])


@EVERY_CALL
async def test_so_is_asking_another_one_too(sandbox: Sandbox, call: Call) -> None:
    silent = Scenario(stall_before_headers=True).as_header()
    slow = Yqcloud(api_base=sandbox.url("yqcloud"), default_headers=silent)
    llm = FreeRouter(candidates=[slow, AiChats(api_base=sandbox.url("aichats"))], hedge_after=0.02)
    with recorded() as (events, spans):
        await call.responses(llm)
    (event,) = ours(events)
    assert (event.candidate, event.to, event.error, event.status) == ("yqcloud", "aichats", None, None)
    assert event.span_id == spans.entered[0]


@pytest.mark.parametrize("call", [call for call in CALLS if call.is_chat], ids=lambda call: call.name)
async def test_a_wait_is_an_event_in_the_calls_span(make: Any, call: Call) -> None:
    llm = make(Yqcloud, limits=Limits(per_second=4))
    for _ in range(4):
        await llm.acomplete("Hello.")
    with recorded() as (events, spans):
        await call.responses(llm)
    (event,) = ours(events)
    assert isinstance(event, WaitEvent)
    assert event.seconds > 0
    assert (event.provider, event.span_id) == ("yqcloud", spans.entered[0])


@pytest.mark.parametrize("way", TOOL_WAYS, ids=lambda way: way.name)
async def test_asking_again_is_an_event_in_the_calls_span(yqcloud: Any, sandbox: Sandbox, way: ToolWay) -> None:
    sandbox.script(Scenario(answer=call_block("add", a="one", b=2)), Scenario(answer=call_block("add", a=1, b=2)))
    with recorded() as (events, spans):
        await way.responses(yqcloud, [ADD])
    (event,) = ours(events)
    assert isinstance(event, AskAgainEvent)
    assert event.round == 2
    assert event.span_id in spans.entered


@EVERY_CALL
async def test_events_are_json_without_a_word_of_the_prompt(failing_first: FreeRouter, call: Call) -> None:
    with recorded() as (events, _):
        await call.responses(failing_first, "My name is Zora.")
    (event,) = ours(events)
    assert "Zora" not in event.model_dump_json()
    plain = event.model_dump(exclude={"timestamp"})
    assert json.loads(json.dumps(plain)) == plain
    assert plain["class_name"] == "FreeProvidersFailoverEvent"


@EVERY_CALL
async def test_events_have_the_tags_of_the_call(failing_first: FreeRouter, call: Call) -> None:
    with recorded() as (events, _), instrument_tags({"user": "zora"}):
        await call.responses(failing_first)
    assert [event.tags for event in ours(events)] == [{"user": "zora"}]


async def test_calls_at_once_have_their_events_in_their_own_spans(failing_first: FreeRouter) -> None:
    with recorded() as (events, spans):
        await asyncio.gather(*(failing_first.acomplete("Hello.") for _ in range(2)))
    assert sorted(event.span_id for event in ours(events)) == sorted(spans.entered)


@pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
async def test_a_stream_that_is_read_in_another_thread_keeps_its_span(failing_first: FreeRouter, call: Call) -> None:
    with recorded() as (events, spans):
        stream = call.begin(failing_first)
        if call.is_async:
            stream = await stream
            _ = [piece async for piece in stream]
        else:
            reader = threading.Thread(target=lambda: list(stream))
            reader.start()
            await asyncio.to_thread(reader.join)
    assert [event.span_id for event in ours(events)] == spans.entered


@EVERY_CALL
async def test_a_handler_may_take_its_time_and_even_ask_itself(
    failing_first: FreeRouter, yqcloud: Any, call: Call
) -> None:
    class Asking(Events):
        def handle(self, event: Any, **_: Any) -> None:
            if isinstance(event, CallEvent):
                self.seen.append(yqcloud.complete("What is 12*7?").text)

    handler, dispatcher = Asking(), get_dispatcher()
    dispatcher.add_event_handler(handler)
    try:
        last = (await call.responses(failing_first))[-1]
    finally:
        dispatcher.event_handlers.remove(handler)
    assert text_of(last) == "84"
    assert handler.seen == ["84"]


def test_nothing_is_built_where_nobody_listens() -> None:
    report = AttemptFailed(
        request="1", provider="yqcloud", number=1, error=errors.TimedOut("too slow", provider="yqcloud"), wait=0.5
    )
    assert event_of(report, None) is None
    with recorded():
        assert isinstance(event_of(report, None), RetryEvent)
    assert event_of(report, None) is None
