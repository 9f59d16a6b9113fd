"""A call that was cut off is never executed, wherever the cut is."""

import json

import pytest
from tools_kit import FORECAST, MAIL, TOOLS

from freeproviders.tools import parse, read

ARGUMENTS = [
    {"city": "Oslo", "days": 12, "exact": True},
    {"city": 'He said "go, {now}" and [left]', "days": 3},
    {"city": "line one\nline two \\ back", "units": "metric"},
    {"city": "Ålesund 😀", "wind": 12.75},
]
LETTER = {
    "to": "a@example.org",
    "subject": "x",
    "body": "1, 2",
    "copies": ["b", "c d"],
    "options": {"k": {"m": [1, 2]}},
}


def every_cut(text):
    return [text[:end] for end in range(len(text))]


@pytest.mark.parametrize("arguments", [*ARGUMENTS, LETTER], ids=str)
@pytest.mark.parametrize("style", ["tag", "bare", "fence", "late name", "python", "list", "text arguments"])
def test_every_cut_gives_no_call_or_the_whole_one(arguments, style):
    name = "send_mail" if "to" in arguments else "get_forecast"
    text = written(name, arguments, style)
    assert [call.arguments for call in parse(text, TOOLS)] == [arguments]
    for cut in every_cut(text):
        assert [call.arguments for call in parse(cut, TOOLS)] in ([], [arguments]), cut


def written(name, arguments, style):
    body = json.dumps(arguments)
    if style in ("python", "list"):
        call = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
        return call if style == "python" else f"[{call}]"
    given = json.dumps(body) if style == "text arguments" else body
    call = (
        f'{{"arguments": {body}, "name": "{name}"}}'
        if style == "late name"
        else f'{{"name": "{name}", "arguments": {given}}}'
    )
    return {"bare": call, "fence": f"```json\n{call}\n```"}.get(style, f"<tool_call>\n{call}\n</tool_call>")


def test_cut_elements_give_no_call():
    text = (
        "<function=get_forecast>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n12\n</parameter>\n</function>"
    )
    for cut in every_cut(text):
        assert parse(cut, TOOLS) in ([], parse(text, TOOLS)), cut


def test_cut_react_objects_give_no_call():
    text = 'Action: get_forecast\nAction Input: {"city": "Oslo", "days": 12}'
    for cut in every_cut(text):
        assert parse(cut, TOOLS) in ([], parse(text, TOOLS)), cut


def test_a_cut_call_is_reported_as_such():
    reading = read('<tool_call>\n{"name": "get_forecast", "arguments": {"city": "Os', TOOLS)
    assert reading.calls == ()
    assert [(call.name, call.kind) for call in reading.invalid] == [("get_forecast", "truncated")]


def test_calls_before_the_cut_are_kept():
    text = "[get_forecast(city='Oslo'), send_mail(to='b', body='unfin"
    assert [call.name for call in parse(text, [FORECAST, MAIL])] == ["get_forecast"]
