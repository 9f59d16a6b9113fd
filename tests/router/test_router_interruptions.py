"""After the first event a router never joins two answers: it raises, or says that it begins anew."""

import asyncio
import contextlib

import pytest
from router_kit import (
    FAILS,
    GOOD,
    HELD,
    PIECES,
    STREAMING,
    WHOLE,
    Ear,
    attempts_of,
    client,
    collected,
    every_streaming_provider,
    outcomes,
    read,
    router,
    text_of,
)

from freeproviders import Done, Restarted, Retry, Text, Timeouts, errors
from freeproviders.reports import FailedOver
from freeproviders.sandbox import Scenario
from freeproviders.testing.clock import ManualClock

# The first piece arrives, and then nothing more: the candidate's own limit ends the wait.
IDLE = Timeouts(idle=0.25)


def breaking(sandbox, name, **words):
    return client(sandbox, name, HELD, timeouts=IDLE, **words)


def next_to(name: str) -> str:
    return STREAMING[(STREAMING.index(name) + 1) % len(STREAMING)]


@every_streaming_provider
async def test_an_answer_that_breaks_off_is_an_error_with_its_beginning(sandbox, name):
    asked = router(breaking(sandbox, name), client(sandbox, next_to(name)))
    events: list = []
    with pytest.raises(errors.StreamInterrupted) as raised:
        async for event in asked.astream("hello"):
            events.append(event)
    assert text_of(events) == raised.value.partial == PIECES[0]
    assert raised.value.provider == name
    assert [item.provider for item in sandbox.received if item.endpoint == "answer"] == [name]
    assert asked.snapshot()[name].failures == 1
    assert await outcomes(sandbox, name) == ["client closed"]


@every_streaming_provider
async def test_asked_to_restart_it_says_that_what_came_is_void(sandbox, name):
    asked = router(breaking(sandbox, name), client(sandbox, next_to(name)), on_interrupt="restart")
    ear = Ear()
    events = await collected(asked, listen=ear)
    restart = events.index(Restarted(candidate=name, partial=PIECES[0]))
    assert (text_of(events[:restart]), text_of(events[restart:])) == (PIECES[0], WHOLE)
    metadata = events[-1].metadata
    assert metadata["candidate"] == next_to(name)
    assert [(one["candidate"], one["error"]) for one in metadata["tried"]] == [(name, "StreamInterrupted")]
    assert [type(report.error) for report in ear.of(FailedOver)] == [errors.StreamInterrupted]


@every_streaming_provider
def test_a_blocking_stream_keeps_the_two_answers_apart(sandbox, name):
    asked = router(breaking(sandbox, name), client(sandbox, next_to(name)), on_interrupt="restart")
    kinds = [event if isinstance(event, Restarted) else type(event) for event in asked.stream("hello")]
    assert kinds.count(Restarted(candidate=name, partial=PIECES[0])) == 1
    assert kinds[0] is Text
    assert kinds[-1] is Done


@pytest.mark.parametrize("way", ["awaited", "blocking"])
async def test_when_all_break_off_the_last_partial_text_is_raised_with_all_attempts(sandbox, way):
    asked = router(*(breaking(sandbox, name) for name in STREAMING), on_interrupt="restart")
    events: list = []
    with pytest.raises(errors.StreamInterrupted) as raised:
        if way == "awaited":
            async for event in asked.astream("hello"):
                events.append(event)
        else:
            await asyncio.to_thread(lambda: [events.append(event) for event in asked.stream("hello")])
    assert raised.value.partial == PIECES[0]
    assert [event.candidate for event in events if isinstance(event, Restarted)] == STREAMING[:-1]
    assert attempts_of(raised.value.__cause__) == [(name, errors.StreamInterrupted) for name in STREAMING]


@every_streaming_provider
async def test_nothing_is_void_where_nobody_can_begin_anew(sandbox, name):
    asked = router(breaking(sandbox, name), client(sandbox, next_to(name), FAILS), on_interrupt="restart")
    events: list = []
    with pytest.raises(errors.StreamInterrupted) as raised:
        async for event in asked.astream("hello"):
            events.append(event)
    assert events == [Text(PIECES[0])]
    said = [(name, errors.StreamInterrupted), (next_to(name), errors.ServerFailed)]
    assert attempts_of(raised.value.__cause__) == said


@every_streaming_provider
async def test_candidates_that_fail_are_passed_over_when_beginning_anew(sandbox, name):
    last = next_to(next_to(name))
    chain = (breaking(sandbox, name), client(sandbox, next_to(name), FAILS), client(sandbox, last))
    text, metadata = read(await collected(router(*chain, on_interrupt="restart")))
    assert text == PIECES[0] + WHOLE  # the first, told to be void, and the last
    assert [one["candidate"] for one in metadata["tried"]] == [name, next_to(name)]


@every_streaming_provider
async def test_leaving_at_the_restart_closes_the_new_answer_too(sandbox, name):
    asked = router(breaking(sandbox, name), client(sandbox, next_to(name), HELD), on_interrupt="restart")
    async with contextlib.aclosing(asked.astream("hello")) as events:
        async for event in events:
            if isinstance(event, Restarted):
                break
    assert await outcomes(sandbox, next_to(name)) == ["client closed"]
    assert len(asyncio.all_tasks()) == 1


@every_streaming_provider
async def test_a_whole_answer_is_begun_anew_whatever_is_asked_of_streams(sandbox, name):
    for choice in ("raise", "restart"):
        answer = await router(breaking(sandbox, name), client(sandbox, next_to(name)), on_interrupt=choice).acomplete(
            "hello"
        )
        assert (answer.text, answer.metadata["candidate"]) == (WHOLE, next_to(name))


async def test_a_new_answer_has_a_time_of_its_own(sandbox):
    watch = ManualClock()
    asked = router(
        breaking(sandbox, "yqcloud"),
        client(sandbox, "flowgpt"),
        on_interrupt="restart",
        retry=Retry(deadline=10.0),
        clock=watch.clock,
    )
    events: list = []
    async for event in asked.astream("hello"):
        events.append(event)
        watch.now += 60.0  # a long answer; the deadline is one for beginning
    assert events[-1].metadata["candidate"] == "flowgpt"


async def test_a_cut_connection_is_an_interruption_as_well(sandbox):
    asked = router(client(sandbox, "yqcloud", Scenario(pieces=("x" * 900, "y"), cut_at=900, fragment=300)))
    with pytest.raises(errors.StreamInterrupted) as raised:
        await collected(asked)
    assert set(raised.value.partial) == {"x"}


async def test_one_that_breaks_off_again_and_again_is_left_alone(sandbox):
    asked = router(client(sandbox, "yqcloud", HELD, timeouts=Timeouts(idle=0.05)), client(sandbox, "flowgpt", GOOD))
    for _ in range(5):
        with contextlib.suppress(errors.StreamInterrupted):
            await collected(asked)
    assert asked.snapshot()["yqcloud"].state == "open"
    assert read(await collected(asked))[1]["candidate"] == "flowgpt"
