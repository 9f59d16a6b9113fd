"""The scanner while a reply arrives: what is said, when, and when the turn is over."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools_kit import ADD, CHUNKINGS, FORECAST, MAIL, NOTE, TOOLS, calls_of, events_of, pieces

from freeproviders.tools import ToolScanner, parse, read
from freeproviders.tools.events import (
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    TextPiece,
    ThinkingPiece,
    Withdrawn,
)

CALL = '<tool_call>\n{"name": "get_forecast", "arguments": {"city": "Oslo", "days": "3"}}\n</tool_call>'
NEXT = '<tool_call>\n{"name": "math.add", "arguments": {"left": 1, "right": 2}}\n</tool_call>'


def kinds(events):
    return [type(event).__name__ for event in events]


def arguments(events, index=1):
    return "".join(event.text for event in events if isinstance(event, CallArguments) and event.index == index)


def shown(events):
    return "".join(event.text for event in events if isinstance(event, TextPiece))


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_call_is_named_first_then_given_its_arguments_then_done(size):
    events = events_of("Let me see. " + CALL + "\n" + NEXT, size)
    assert [kind for kind in kinds(events) if kind != "TextPiece"] == ["CallStarted", "CallArguments", "CallDone"] * 2
    assert [event.index for event in events if isinstance(event, CallStarted)] == [1, 2]
    assert json.loads(arguments(events)) == {"city": "Oslo", "days": 3}
    assert shown(events) == "Let me see. "


def test_ids_differ_between_calls_and_replies():
    ids = [event.id for _ in range(3) for event in events_of(CALL + NEXT) if isinstance(event, CallStarted)]
    assert len(set(ids)) == 6


def test_a_call_is_given_out_as_soon_as_it_is_closed():
    scanner = ToolScanner(TOOLS)
    assert any(isinstance(event, CallDone) for event in scanner.feed(CALL))
    assert not scanner.ended


def test_text_is_shown_at_once():
    scanner = ToolScanner(TOOLS)
    assert shown(scanner.feed("The weather ")) == "The weather "
    assert shown(scanner.feed("is fine <")) == "is fine "
    assert shown(scanner.feed("b>today</b>")) == "<b>today</b>"


def test_what_cannot_be_executed_is_said_at_the_end():
    events = events_of(CALL.replace("city", "town") + NEXT)
    assert kinds(events) == ["CallStarted", "CallArguments", "CallDone", "CallFailed"]
    assert events[-1].call.kind == "schema"
    assert "town" in events[-1].call.reason


@pytest.mark.parametrize(
    "tail",
    [
        "\n<tool_response>\n{}\n</tool_response>",
        "\nObservation: it rains",
        "<|im_start|>user\nmore",
        "\nUser: and Rome?",
        "\n### Instruction: go on",
        "\n[INST] next",
        "\nand so on" * 200,
    ],
)
@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_turn_that_is_not_the_models_ends_the_reply(tail, size):
    scanner = ToolScanner(TOOLS)
    text = CALL + tail + NEXT
    events = [event for piece in pieces(text, size) for event in scanner.feed(piece)]
    assert scanner.ended
    assert [event.call.name for event in events if isinstance(event, CallDone)] == ["get_forecast"]
    assert scanner.feed(NEXT) == []


def test_a_mentioned_result_before_any_call_ends_nothing():
    assert calls_of("Observation: none yet.\n" + CALL) != []


def test_without_parallel_calls_the_first_ends_the_turn():
    scanner = ToolScanner(TOOLS, parallel=False)
    events = scanner.feed(CALL + NEXT)
    assert [event.call.name for event in events if isinstance(event, CallDone)] == ["get_forecast"]
    assert scanner.ended
    assert len(read(CALL + NEXT, TOOLS, parallel=False).calls) == 1


def test_text_behind_a_call_is_not_shown():
    reading = read("Before. " + CALL + "\nThis asks for Oslo.", TOOLS)
    assert reading.text == "Before. "
    assert reading.trailing.strip() == "This asks for Oslo."


@pytest.mark.parametrize("size", CHUNKINGS)
def test_thinking_is_kept_apart(size):
    events = events_of(f"<think>a < b, so {CALL}</think>Fine. {NEXT}", size)
    thinking = "".join(event.text for event in events if isinstance(event, ThinkingPiece))
    assert thinking == f"a < b, so {CALL}"
    assert shown(events) == "Fine. "
    assert [event.call.name for event in events if isinstance(event, CallDone)] == ["math.add"]


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_span_that_only_closes_withdraws_what_came_before(size):
    events = events_of(f"Perhaps {CALL}</think>\nFine.", size)
    at = next(place for place, event in enumerate(events) if isinstance(event, Withdrawn))
    assert shown(events[at:]) == "\nFine."
    reading = read(f"Perhaps {CALL}</think>\nFine.", TOOLS)
    assert (reading.calls, reading.text, reading.thinking) == ((), "\nFine.", "Perhaps ")


def test_repairs_are_named():
    reading = read("[Get-Forecast(city='Oslo', days='3')]", TOOLS)
    assert reading.calls[0].arguments == {"city": "Oslo", "days": 3}
    assert {"name_spelling", "to_integer"} <= set(reading.repairs)
    assert read(NEXT, TOOLS).repairs == ()


def test_a_scanner_without_tools_shows_everything():
    assert read(CALL, []).calls == ()


LETTER = {
    "to": "a@example.org",
    "subject": 'Ünder "quotes" \\ and\nlines',
    "body": "x" * 300 + " 😀 \t" + "y" * 200,
    "copies": ["b", "c"],
}


@pytest.mark.parametrize("size", CHUNKINGS)
@pytest.mark.parametrize("escaped", [True, False])
def test_arguments_come_in_steps_where_that_is_wanted(size, escaped):
    text = '{"name": "send_mail", "arguments": ' + json.dumps(LETTER, ensure_ascii=escaped) + "}"
    events = events_of(f"<tool_call>\n{text}\n</tool_call>", size, argument_deltas=True)
    steps = [event.text for event in events if isinstance(event, CallArguments)]
    assert json.loads("".join(steps)) == LETTER
    assert all(len(step) >= 64 for step in steps[:-1])
    assert kinds(events)[0] == "CallStarted"
    assert kinds(events)[-1] == "CallDone"


def test_steps_arrive_before_the_call_is_complete():
    scanner = ToolScanner([MAIL], argument_deltas=True)
    first = scanner.feed('<tool_call>{"name": "send_mail", "arguments": {"to": "a", "body": "' + "long text " * 30)
    assert kinds(first) == ["CallStarted", "CallArguments"]
    rest = scanner.feed('the end"}}</tool_call>')
    assert kinds(rest)[-1] == "CallDone"
    assert json.loads(arguments(first + rest))["body"].endswith("the end")


def test_a_call_that_began_and_was_cut_off_fails_under_its_number():
    events = events_of('<tool_call>{"name": "send_mail", "arguments": {"to": "a', argument_deltas=True)
    assert kinds(events) == ["CallStarted", "CallFailed", "TextPiece"]
    assert events[1].index == 1
    assert events[1].call.kind == "truncated"


@pytest.mark.parametrize(
    "body", ['{"to": "a", "to": "b"}', '{"to": "a", "copies": "b"}', '{"to": "a", "options": null}']
)
def test_written_steps_are_always_the_beginning_of_the_final_arguments(body):
    text = '<tool_call>{"name": "send_mail", "arguments": ' + body + "}</tool_call>"
    events = events_of(text, 1, argument_deltas=True)
    assert json.loads(arguments(events)) == parse(text, TOOLS)[0].arguments


@given(st.dictionaries(st.sampled_from(["to", "subject", "body"]), st.text(max_size=200)), st.sampled_from(CHUNKINGS))
def test_steps_add_up_to_the_arguments_of_any_text(given_arguments, size):
    sent = {"to": "x", **given_arguments}
    text = '<tool_call>{"name": "send_mail", "arguments": ' + json.dumps(sent) + "}</tool_call>"
    events = events_of(text, size, argument_deltas=True)
    assert json.loads(arguments(events)) == sent


values = st.text() | st.lists(st.text(), max_size=3)


@given(st.text(), st.lists(st.text(), max_size=3), st.dictionaries(st.text(), values, max_size=3))
def test_a_canonical_block_gives_back_what_was_rendered(to, copies, options):
    sent = {"to": to, "copies": copies, "options": options}
    text = f"<tool_call>\n{json.dumps({'name': 'send_mail', 'arguments': sent}, ensure_ascii=False)}\n</tool_call>"
    for size in (3, "whole"):
        done = [event.call for event in events_of(text, size) if isinstance(event, CallDone)]
        assert [(call.arguments, call.repairs) for call in done] in (
            [(sent, ())],
            [(sent, ("double_escaped",))],
        )


def test_failed_calls_of_a_reply_are_reported_once():
    scanner = ToolScanner([FORECAST, ADD, NOTE])
    scanner.feed('<tool_call>{"name": "nothing", "arguments": {}}</tool_call>')
    assert [type(event) for event in scanner.finish()] == [CallFailed, TextPiece]
    assert scanner.finish() == []


FAILED = 'First <tool_call>\n{"name": "nothing", "arguments": {}}\n</tool_call>\nSo it is.'


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_reply_whose_only_call_fails_ends_as_it_was_written(size):
    events = events_of(FAILED, size)
    assert kinds(events)[-2:] == ["CallFailed", "TextPiece"]
    assert shown(events) == FAILED


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_failed_call_is_not_shown_beside_one_that_can_be_made(size):
    assert shown(events_of(FAILED + CALL, size)) == "First "


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_call_that_is_repeated_behind_prose_is_given_once_in_steps_too(size):
    events = events_of(f"{NEXT}\nThat will add the numbers.\n{NEXT}", size, argument_deltas=True)
    assert kinds(events).count("CallStarted") == 1
