"""What a style writes is read back as it was: whole, in pieces, and never wrongly where it is cut off."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools_kit import CHUNKINGS, pieces, tool

from freeproviders.tools import ToolScanner, parse_stream, read
from freeproviders.tools.events import CallArguments, CallDone
from freeproviders.tools.styles import STYLES
from freeproviders.wire import ToolCall

NAMES = ["add", "get-weather", "x" * 64, "wetter_für_köln", "天気", "помощь", "search/web", "name", "action", "print"]
BITS = st.sampled_from([
    "a", " ", "\n", '"', "'", "\\", "{", "}", "[", "]", "(", ")", ",", ":", "add(", "print('x')\n", "```json\n",
    "</tool_call>", "Action: add", "\nAction Input: {", '"arguments": {}', "# c", "é", "日本", "\u2028", "C:\\path",
])  # fmt: skip
STRINGS = st.lists(BITS, max_size=6).map("".join)
PLAIN = STRINGS | st.integers() | st.booleans() | st.none()
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(STRINGS, PLAIN, max_size=3)
KEYS = st.sampled_from(["a", "b", "class", "my-key", "ключ", "arguments", "name"])
CALLS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.dictionaries(KEYS, VALUES, max_size=3)),
    min_size=1,
    max_size=3,
    unique_by=lambda call: call[0],
)
every_style = pytest.mark.parametrize("style", STYLES)


def tools_of(calls):
    return [
        {
            "name": name,
            "description": "",
            "parameters": {
                "type": "object",
                "properties": {key: schema_of(value) for key, value in given.items()},
                "required": list(given),
            },
        }
        for name, given in calls
    ]


def schema_of(value):
    """A schema that changes nothing of a value, so that what is read is what was written."""
    kinds = {str: "string", bool: "boolean", int: "integer", type(None): "null", list: "array", dict: "object"}
    return {"type": kinds[type(value)], **({"additionalProperties": True} if isinstance(value, dict) else {})}


def found(calls):
    return [(call.name, dict(call.arguments)) for call in calls]


def written(calls, style):
    return STYLES[style].calls([ToolCall(name, arguments) for name, arguments in calls])


@every_style
@settings(max_examples=60)
@given(calls=CALLS)
def test_what_is_written_is_read(style, calls):
    reading = read(written(calls, style), tools_of(calls))
    assert (found(reading.calls), reading.text.strip()) == (calls, "")


@every_style
@settings(max_examples=30)
@given(calls=CALLS, size=st.sampled_from(CHUNKINGS))
def test_what_is_written_is_read_in_pieces(style, calls, size):
    text = "I will look.\n\n" + written(calls, style)
    made, said = parse_stream(pieces(text, size), tools_of(calls))
    assert (found(made), said.strip()) == (calls, "I will look.")


@every_style
@settings(max_examples=60)
@given(calls=CALLS, data=st.data())
def test_what_is_cut_off_is_no_other_call(style, calls, data):
    text = written(calls, style)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    assert all(call in calls for call in found(read(cut, tools_of(calls)).calls))


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "note", "arguments": {"meta": {"add]',
        '[{"name": "note", "arguments": {"meta": {"add}',
        '<tool_call>\n{"name": "note", "arguments": {"add}',
        '[note(meta={"add)]',
        '[note(tags=["", {"a": [], "b)]',
        'Action: note\nAction Input: {"meta": {"add}',
    ],
)
def test_brackets_in_a_key_that_is_cut_off_close_nothing(text):
    reading = read(text, [tool("note", meta={"type": "object"}, tags={"type": "array"})])
    assert reading.calls == ()
    assert [call.kind for call in reading.invalid] == ["truncated"]


@pytest.mark.parametrize(
    ("arguments", "code", "more"),
    [
        ('{"code": "print(", "more": "x",}', "print(", "x"),
        ("{'code': 'foo(', 'more': 'bar'}", "foo(", "bar"),
        ("{'code': 'f(', 'more': ')'}", "f(", ")"),
        ('{"code": "print(\'hi\')\nprint(1)", "more": "x"}', "print('hi')\nprint(1)", "x"),
        ('{"code": "f(1)", "more": "g(2) + h(\'x\')",}', "f(1)", "g(2) + h('x')"),
    ],
)
@pytest.mark.parametrize(
    "form", ['<tool_call>{{"name": "run", "arguments": {}}}</tool_call>', "Action: run\nAction Input: {}"]
)
def test_a_text_that_looks_like_a_call_is_a_text(form, arguments, code, more):
    text = {"type": "string"}
    (call,) = read(form.format(arguments), [tool("run", ["code"], code=text, more=text)]).calls
    assert dict(call.arguments) == {"code": code, "more": more}


@every_style
def test_arguments_that_come_at_once_are_given_at_once(style):
    arguments = {"text": 'line "one"\n' * 20_000}
    scanner = ToolScanner([tool("note", ["text"], text={"type": "string"})], argument_deltas=True)
    events = [*scanner.feed(written([("note", arguments)], style)), *scanner.finish()]
    parts = [event.text for event in events if isinstance(event, CallArguments)]
    assert len(parts) <= 2
    assert json.loads("".join(parts)) == arguments
    assert [event.call.arguments for event in events if isinstance(event, CallDone)] == [arguments]
