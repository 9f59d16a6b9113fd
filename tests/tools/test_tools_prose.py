"""Answers that call nothing: no call is found in them, and every character is shown at once or nearly so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools_kit import CHUNKINGS, TOOLS, calls_of, pieces

from freeproviders.tools import ToolScanner, parse_stream, read
from freeproviders.tools.events import TextPiece

PROSE = [
    "I cannot look that up, as get_forecast needs a city.",
    "The function `get_forecast` takes a city. Which one do you mean?",
    "get_forecast is not what you need here.",
    "get_forecast() returns the weather; write_note() keeps a text.",
    'A reply could be {"temperature": 3, "unit": "C"} in JSON.',
    '{"answer": "There is no tool for that.", "sure": true}',
    "[Please note] that [links](https://example.org/get_forecast) are no calls, nor is [1].",
    "Use <b>bold</b> and <tool> with care; x < y, a <- b, and 3 <= 4.",
    "```python\ndef forecast(city):\n    return {'city': city}\n```\nThat is how I would write it.",
    '```json\n{"city": "Oslo"}\n```',
    "```\nls -la\n```",
    "Action: I will think about it.",
    "Action plan:\n1. ask\n2. wait",
    "The <tool_call> tag is what some models write.",
    "Thought: nothing to do.\nFinal Answer: 42",
    "Ten tools: to, too, tool; functions, function, fun.",
    "read_clock() is a tool that I could use.",
    "math: 3 + 4 = 7, math.pi is 3.14",
    "- get a coat\n- write a note\n- send mail",
    "'get' is a word, \"write\" too.",
    "x = [1, 2, 3]\ny = {'name': 'x'}",
    "",
    "\n\n",
    "…",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_gives_no_call_and_is_shown_as_it_is(text):
    assert calls_of(text) == []
    reading = read(text, TOOLS)
    assert reading.text == text
    assert reading.invalid == ()


@given(st.text(alphabet=st.characters(exclude_characters="<[{`(", exclude_categories=["Cs"]), max_size=200))
def test_a_text_without_any_opener_streams_through_unchanged(text):
    spelled = [{"name": "zzqj", "parameters": {}}]
    for size in (1, 3, "whole"):
        assert parse_stream(pieces(text, size), spelled) == ([], text)


@given(st.text(alphabet="<tol_ca>/[]{}()`\"'\n :get_frs,=jsn|", max_size=80))
def test_near_misses_give_the_same_in_every_chunking(text):
    calls_of(text)


@given(st.lists(st.sampled_from([
    "<tool_call>", "</tool_call>", '{"name": "read_clock", "arguments": {}}', '{"name": "get_forecast",',
    ' "arguments": {"city": "Oslo"}}', "\n", "```json\n", "```", "[", "]", "read_clock()", "get_forecast(city='Oslo')",
    ", ", "Action: write_note\n", "Action Input: x", "\nObservation: ", "<think>", "</think>", "<function=read_clock>",
    "</function>", "text ", "<|im_start|>", "user", '"', "'", "\\", "[TOOL_CALLS]", "<tool_response>", "{", "}",
]), max_size=12))  # fmt: skip
def test_any_mixture_of_markers_gives_the_same_in_every_chunking(parts):
    calls_of("".join(parts))


ARTICLE = (
    "Weather is the state of the air. The city matters, and so does the season: what holds in May (say) need not hold "
    "in July. A forecast, by contrast, is a statement about tomorrow.\n\nThree things help:\n- a thermometer\n- a "
    "barometer\n- patience\n\nNone of them is `magic`. I would look at the sky first, then at the numbers [1]. "
)


def test_hardly_a_character_of_prose_is_held_back():
    text = ARTICLE * 20
    scanner, held, shown = ToolScanner(TOOLS), 0, 0
    for count, char in enumerate(text, 1):
        shown += sum(len(event.text) for event in scanner.feed(char) if isinstance(event, TextPiece))
        held += shown < count
    assert held / len(text) < 0.02  # of steps at which anything waits, at the worst chunking there is
    assert shown == len(text)


def test_chunkings_cover_what_services_send():
    assert set(CHUNKINGS) >= {1, 2, 3, 7, 50, "whole", "random"}
