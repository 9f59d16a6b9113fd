"""Hostile text: work grows in line with its length, nesting is bounded, and nothing but typed errors comes out.

Work is counted in calls of Python functions, which does not depend on the machine.
"""

import sys

import pytest
from tools_kit import TOOLS, pieces

from freeproviders.tools import UnreadableValue, parse, parse_stream, parse_value

JUNK = [
    "[", "{", "<", "<tool", "<tool_call>", "<tool_call>\n", '{"a":', '{"name":', '{"name":{', '"', "'", "`", "```\n",
    "}", "]", ")", "get_forecast(", "[get_forecast(", "get_forecast ", "get_forecast\n{", "read_clock(), ", "\n- ",
    "<think>", "</think>", "</", "<|", "<|im_start|>", "<function=get_forecast>", "<parameter=city>", "<a>", "\\",
    '\\"', "\\n", "//", "/*", "# ", ":", "=", "Action: ", "Action: get_forecast\n", "[TOOL_CALLS]", '","', '" + "',
    "1", "...", "é", "\ud83d", "“", "f('", "x = ", "call:", "<arg_key>", "$1,", "+", "; ",
]  # fmt: skip
HEADS = [
    "",
    '<tool_call>\n{"name": "write_note", "arguments": {"text": "',
    "[get_forecast(city='a', x=",
    '{"name": "get_forecast", "arguments": {"x": [',
    "<function=get_forecast>",
    "```json\n",
]
SIZE = 3_000


def work(function, *arguments):
    """How many Python calls it takes."""
    count = 0

    def counted(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function(*arguments)
    except UnreadableValue:
        pass
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("junk", JUNK)
def test_twice_the_junk_is_about_twice_the_work(junk, head):
    texts = [head + junk * (size // len(junk)) for size in (SIZE, 2 * SIZE)]
    for function in (lambda text: parse(text, TOOLS), parse_value):
        less, more = (work(function, text) for text in texts)
        assert more < 2.6 * less + 500


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_single_characters_is_linear_too(junk):
    texts = [junk * (size // len(junk)) for size in (SIZE // 3, 2 * SIZE // 3)]
    less, more = (work(parse_stream, pieces(text, 1), TOOLS) for text in texts)
    assert more < 2.6 * less + 500


@pytest.mark.parametrize("text", ["[" * 5000, '{"a":' * 5000, "(" * 5000, '{"name":' * 3000])
def test_nesting_ends_in_a_refusal_never_in_a_recursion_error(text):
    assert parse(text, TOOLS) == []
    with pytest.raises(UnreadableValue):
        parse_value(text)


def test_thousands_of_calls_are_a_bounded_number():
    assert len(parse("read_clock(), " * 5000, TOOLS)) <= 256


def test_the_form_asked_for_is_found_behind_any_amount_of_junk():
    text = "<b>x</b> [y] {z}\n" * 3000 + '<tool_call>\n{"name": "read_clock", "arguments": {}}\n</tool_call>'
    for size in (7, "whole"):
        assert [call.name for call in parse_stream(pieces(text, size), TOOLS)[0]] == ["read_clock"]
