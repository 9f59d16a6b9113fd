"""Spans of calls: what they are called, what they hold, whose children they are, and that none stays open."""

import asyncio

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from freeproviders import Client, Retry, Router, Timeouts, errors
from freeproviders.sandbox import Scenario
from freeproviders.telemetry import instrument


@pytest.fixture
def spans():
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    end = instrument(provider)
    yield provider, exporter.get_finished_spans
    end()


def _client(sandbox, name, **words) -> Client:
    return Client(name, base_url=sandbox.url(name), retry=Retry(attempts=2, base=0.001), **words)


async def test_a_call_is_a_span_that_says_who_was_asked_for_what(sandbox, spans):
    await _client(sandbox, "yqcloud").acomplete("hello")
    (span,) = spans[1]()
    assert span.name == "chat gpt-4"
    assert span.attributes["gen_ai.operation.name"] == "chat"
    assert span.attributes["gen_ai.provider.name"] == "yqcloud"
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["freeproviders.attempts"] == 1
    assert span.attributes["freeproviders.received_bytes"] > 0


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_span_is_the_child_of_the_callers(sandbox, spans, blocking):
    client, tracer = _client(sandbox, "yqcloud"), spans[0].get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        if blocking:
            client.complete("hello")
        else:
            await client.acomplete("hello")
    inner = next(span for span in spans[1]() if span.name != "outer")
    assert inner.parent.span_id == outer.get_span_context().span_id


async def test_a_retry_is_an_event_of_the_span(sandbox, spans):
    sandbox.script(Scenario(status=500), Scenario())
    await _client(sandbox, "yqcloud").acomplete("hello")
    names = [event.name for event in spans[1]()[0].events]
    assert names == ["freeproviders.retry", "freeproviders.answer_began"]


async def test_an_error_is_named_and_its_words_are_not_kept(sandbox, spans):
    sandbox.scenario = Scenario(status=500, body="the private words")
    with pytest.raises(errors.ServerFailed):
        await _client(sandbox, "yqcloud").acomplete("my private question")
    (span,) = spans[1]()
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "ServerFailed")
    assert "private" not in span.to_json()


async def test_a_failover_is_an_event_of_the_callers_span(sandbox, spans):
    broken = _client(sandbox, "pizzagpt", default_headers=Scenario(status=500).as_header())
    with spans[0].get_tracer("test").start_as_current_span("outer"):
        await Router([broken, _client(sandbox, "yqcloud")]).acomplete("hello")
    by_name = {span.name: span for span in spans[1]()}
    assert [event.name for event in by_name["outer"].events] == ["freeproviders.failover"]
    assert len({span.attributes.get("freeproviders.request") for span in spans[1]()} - {None}) == 1


async def test_a_stream_left_early_is_no_error_and_ends_its_span(sandbox, spans):
    sandbox.scenario = Scenario(pieces=("a", "b"), hold_after=1)
    stream = _client(sandbox, "yqcloud").astream("hello")
    await anext(stream)
    await stream.aclose()
    assert spans[1]()[0].status.status_code is StatusCode.UNSET


async def test_a_cancelled_call_ends_its_span(sandbox, spans):
    sandbox.scenario = Scenario(stall_before_headers=True)
    client = _client(sandbox, "yqcloud", timeouts=Timeouts(first_byte=60))
    task = asyncio.ensure_future(client.acomplete("hello"))
    while not sandbox.received:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert spans[1]()[0].attributes["error.type"] == "CancelledError"


async def test_after_its_end_nothing_is_recorded(sandbox, spans):
    instrument(spans[0])()
    end = instrument(spans[0])
    end()
    await _client(sandbox, "yqcloud").acomplete("hello")
    assert len(spans[1]()) == 1  # the fixture's own
