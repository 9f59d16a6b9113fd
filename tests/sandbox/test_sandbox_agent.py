"""The built-in responder plays an agent's model, from the prompt's text alone."""

from __future__ import annotations

import json
import re

import pytest

from freeproviders.sandbox import Question, RuleBrain

ADD = "add(a: integer, b: integer)  # Add two numbers."
MULTIPLY = "multiply(a: integer, b: integer)  # Multiply two numbers."
WEATHER = (
    'get_weather(city: string, unit?: "celsius"|"fahrenheit" = "celsius")  # The weather in a city.\n    city: a city'
)
NOW = "now()  # The current time."
REPORT = "WeatherReport(city: string, temperature: number)"
NODE = (
    'tree  # A tree.\n    arguments: {"type":"object","properties":{"value":{"type":"integer"}},"required":["value"]}'
)
HANDOFF = (
    "handoff(to_agent: string, reason: string)  # Useful for handing off to another agent. Currently available agents: "
    "{'WriterAgent': 'Writes reports.', 'ReviewAgent': \"Reviews a report's text.\"}"
)
ANY = "Reply now with at least one such block and no other text."
ONE = "Write exactly one call at a time."


FORM = (
    "To call a tool, write a block of this form; arguments is a JSON object:\n"
    '<tool_call>\n{"name": "name_of_the_tool", "arguments": {"parameter": "value"}}\n</tool_call>'
)


def told(*tools, rule="", form=FORM):
    listed = "\n".join(tools)
    return (
        f"You can use tools. Use them where they help; otherwise simply answer.\n\nTools:\n{listed}\n\n{form}\n"
        "Use only the names listed; parameters marked ? may be left out. "
        f"Write nothing after the last block, and never write a tool's result yourself: it will be given to you. {rule}"
    ).rstrip()


def call(name, /, **arguments):
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments}, ensure_ascii=False)}\n</tool_call>"


def result(name, text, status=""):
    return f'<tool_response name="{name}"{status}>\n{text}\n</tool_response>'


def say(text, *tools, rule="", history=()):
    system = told(*tools, rule=rule) if tools else ""
    return RuleBrain()(Question(provider="flowgpt", text=text, system=system, history=tuple(history)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is 2 + 3?", [call("add", a=2, b=3)]),
        ("Multiply seven by six.", [call("multiply", a=7, b=6)]),
        ("add 1 and 2 and multiply 3 by 4", [call("add", a=1, b=2), call("multiply", a=3, b=4)]),
        ("How is the weather in Zürich?", [call("get_weather", city="Zürich")]),
        ("weather in Paris and in Rome?", [call("get_weather", city="Paris"), call("get_weather", city="Rome")]),
        ("weather in Oslo in fahrenheit", [call("get_weather", city="Oslo", unit="fahrenheit")]),
        ("What time is it?", [call("now")]),
    ],
)
def test_a_fitting_tool_is_called(text, expected):
    assert say(text, ADD, MULTIPLY, WEATHER, NOW) == "\n".join(expected)


@pytest.mark.parametrize("text", ["Hello!", "tell me a joke", "Reply with exactly: pong"])
def test_without_a_fitting_tool_the_answer_is_ordinary(text):
    assert say(text, ADD, WEATHER) == say(text)


def test_one_call_at_a_time_is_kept_to():
    assert say("weather in Paris and in Rome?", WEATHER, rule=ONE) == call("get_weather", city="Paris")


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (ADD, call("add", a=1, b=1)),
        (NOW, call("now")),
        (NODE, call("tree", value=1)),
        (WEATHER, call("get_weather", city="Hello!")),
        ('pick(mood: "sad"|"glad", sure: boolean, tags: list[string])', call("pick", mood="sad", sure=True, tags=[])),
    ],
)
def test_a_forced_call_is_made_whatever_is_said(tool, expected):
    assert say("Hello!", tool, rule=ANY) == expected


def test_a_named_tool_is_called():
    rule = "Reply now with a block that calls add, and no other text."
    assert say("Hello!", WEATHER, ADD, rule=rule) == call("add", a=1, b=1)


def test_nested_arguments_are_filled():
    tool = (
        "Person(name: string, age: integer, hobbies?: list[string], address?: {street?: string, city: string} | null)"
    )
    text = "Ada Lovelace is 36 years old and lives in London. She likes chess, tea and long walks."
    person = {
        "name": "Ada Lovelace",
        "age": 36,
        "hobbies": ["chess", "tea", "long walks"],
        "address": {"city": "London"},
    }
    assert say(text, tool, rule=ANY) == call("Person", **person)


def test_results_are_answered_from():
    history = [
        ("user", "add 1 and 2 and multiply 3 by 4"),
        ("assistant", f"{call('add', a=1, b=2)}\n{call('multiply', a=3, b=4)}"),
    ]
    text = f"{result('add', 3)}\n{result('multiply', 12)}"
    assert say(text, ADD, MULTIPLY, history=history) == "The result of add is 3. The result of multiply is 12."


def test_a_further_step_uses_the_result():
    history = [("user", "add 2 and 3, then multiply the result by 4"), ("assistant", call("add", a=2, b=3))]
    assert say(result("add", 5), ADD, MULTIPLY, history=history) == call("multiply", a=5, b=4)


def test_an_error_is_told_and_not_tried_again():
    history = [("user", "weather in Atlantis"), ("assistant", call("get_weather", city="Atlantis"))]
    answer = say(result("get_weather", "invalid city", ' status="error"'), WEATHER, history=history)
    assert ("invalid city" in answer, "could be corrected" in answer, "<tool_call>" in answer) == (True, True, False)


def test_results_are_answered_from_where_no_tool_is_offered_any_more():
    history = [("user", "add 1 and 2"), ("assistant", call("add", a=1, b=2))]
    assert say(result("add", 3), history=history) == "The result of add is 3."


def test_a_correction_brings_the_call():
    history = [("user", "add 2 and 3"), ("assistant", "<tool_call>\n{oops\n</tool_call>")]
    text = "That call cannot be made: it is no JSON. Write the corrected block and nothing else."
    assert say(text, ADD, history=history) == call("add", a=2, b=3)


def test_the_answer_tool_follows_the_real_one():
    history = [("user", "weather in Paris?"), ("assistant", call("get_weather", city="Paris"))]
    assert say("weather in Paris?", WEATHER, REPORT, rule=ANY) == call("get_weather", city="Paris")
    answer = say(result("get_weather", "21.5 degrees"), WEATHER, REPORT, rule=ANY, history=history)
    assert answer == call("WeatherReport", city="Paris", temperature=21.5)


def test_another_agent_is_handed_to():
    text = "Please write a report about cats"
    assert say(text, HANDOFF, ADD) == call("handoff", to_agent="WriterAgent", reason=text)
    assert say("add 2 and 3", HANDOFF, ADD) == call("add", a=2, b=3)


@pytest.mark.parametrize(
    "lead", ["System: {told}\n\nUser: {text}", "System: Be kind.\nSystem: {told}\nUser: {text}\nAssistant:"]
)
def test_an_offer_is_found_in_a_transcript(lead):
    assert say(lead.format(told=told(ADD), text="add 2 and 3")) == call("add", a=2, b=3)


def test_an_offer_is_found_in_the_first_turn():
    history = [("user", f"System: {told(ADD, MULTIPLY)}\n\nUser: add 2 and 3"), ("assistant", call("add", a=2, b=3))]
    assert say(result("add", 5), history=history) == "The result of add is 5."


def test_a_reminder_is_no_question():
    assert say(f"add 2 and 3\n\nReminder. {FORM}\nWrite nothing after the last block.", ADD) == call("add", a=2, b=3)


REACT = (
    "You have access to the following tools:\n> Tool Name: add\nTool Description: Add two numbers.\n"
    'Tool Args: {"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}\n\n'
    "Action: tool name\nAction Input: the input to the tool\n"
)


def test_react_is_written_and_read():
    asked = RuleBrain()(Question(provider="pi", text="add 2 and 3", system=REACT))
    assert asked.endswith('\nAction: add\nAction Input: {"a": 2, "b": 3}')
    history = (("user", "add 2 and 3"), ("assistant", "Thought: t\nAction: add\nAction Input: {'a': 2, 'b': 3}"))
    answer = RuleBrain()(Question(provider="pi", text="Observation: 5", system=REACT, history=history))
    assert re.fullmatch(r"Thought: I can answer .*\nAnswer: The result of add is 5\.", answer)


OURS = (
    "When you give your answer, give it as one JSON value in a ```json fence and nothing else. "
    "It must have this form:\n{name: string, age: integer}\n    name: who it is"
)


def test_json_is_answered_in_a_fence():
    answer = RuleBrain()(Question(provider="flowgpt", text="Ada is 36 years old.", system=OURS))
    assert answer == '```json\n{"name": "Ada", "age": 36}\n```'


@pytest.mark.parametrize("double", [False, True])
def test_llama_index_gets_bare_json(double):
    schema = json.dumps({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]})
    schema = schema.replace("{", "{{").replace("}", "}}") if double else schema
    ask = "Ada is 36.\n\n\nHere's a JSON schema to follow"
    text = f"{ask}:\n{schema}\n\nOutput a valid JSON object but do not repeat the schema.\n"
    assert json.loads(say(text)) == {"age": 36}


async def test_an_agent_is_played_over_the_wire(calls):
    first = await calls.flowgpt(system=told(ADD), question="add 2 and 3", history=[])
    assert "tool_call" in first.text
    plain = await calls.yqcloud(system=told(ADD), prompt="add 2 and 3")
    assert plain.text == call("add", a=2, b=3)


@pytest.mark.parametrize(
    "text", ["<tool_call>", '<tool_response name="', "Paris, and ", "add 1 and ", '"a ', " then", "1"]
)
def test_long_texts_are_answered(text):
    assert say(text * 30_000, ADD, WEATHER)
