"""The built-in responder writes calls in whichever form a prompt shows, and reads that form in what was said before."""

from __future__ import annotations

import pytest
from test_sandbox_agent import ADD, FORM, MULTIPLY, ONE, WEATHER, told

from freeproviders.sandbox import Question, RuleBrain

NOTE = "To call a tool, write a block of this form; "
FORMS = {
    "tags": FORM,
    "fence": (
        f"{NOTE}arguments is a JSON object:\n"
        '```json\n[{"name": "name_of_the_tool", "arguments": {"parameter": "value"}}]\n```'
    ),
    "list": f'{NOTE}texts stand in quotes:\n[name_of_the_tool(parameter="value")]',
    "actions": (
        f'{NOTE}Action Input is a JSON object:\nAction: name_of_the_tool\nAction Input: {{"parameter": "value"}}'
    ),
}
TWO = {
    "tags": (
        '<tool_call>\n{"name": "add", "arguments": {"a": 2, "b": 3}}\n</tool_call>\n'
        '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>'
    ),
    "fence": (
        '```json\n[{"name": "add", "arguments": {"a": 2, "b": 3}}, '
        '{"name": "get_weather", "arguments": {"city": "Rome"}}]\n```'
    ),
    "list": "[add(a=2, b=3), get_weather(city='Rome')]",
    "actions": 'Action: add\nAction Input: {"a": 2, "b": 3}\nAction: get_weather\nAction Input: {"city": "Rome"}',
}
TAGGED = '<tool_response name="add">\n5\n</tool_response>\n<tool_response name="get_weather">\nsunny\n</tool_response>'
OBSERVED = "Observation: add returned:\n5\nObservation: get_weather returned:\nsunny"
LOST = {
    "tags": '<tool_response name="get_weather" status="error">\nunknown city\n</tool_response>',
    "actions": "Observation: get_weather failed:\nunknown city",
}
ASKED = "add 2 and 3 and tell the weather in Rome"
every_form = pytest.mark.parametrize("form", FORMS)


def say(text, form, *, rule="", history=()):
    system = told(ADD, MULTIPLY, WEATHER, rule=rule, form=FORMS[form])
    return RuleBrain()(Question(provider="flowgpt", text=text, system=system, history=tuple(history)))


def results(form):
    return OBSERVED if form == "actions" else TAGGED


@every_form
def test_calls_are_written_in_the_form_that_is_shown(form):
    assert say(ASKED, form) == TWO[form]


@every_form
def test_one_call_at_a_time_is_kept_to(form):
    assert "get_weather" not in say(ASKED, form, rule=ONE)


@every_form
def test_results_are_answered_from(form):
    answer = say(results(form), form, history=[("user", ASKED), ("assistant", f"Let me see.\n{TWO[form]}")])
    assert answer == "The result of add is 5. The result of get_weather is sunny."


@every_form
def test_results_are_answered_from_where_no_tool_is_offered_any_more(form):
    history = (("user", ASKED), ("assistant", TWO[form]))
    answer = RuleBrain()(Question(provider="flowgpt", text=results(form), history=history))
    assert answer == "The result of add is 5. The result of get_weather is sunny."


@every_form
def test_only_the_call_that_was_not_made_yet_is_made(form):
    question = "add 2 and 3, then multiply the result by 4"
    first = say(question, form)
    result = results(form).partition("\n<" if "<" in results(form) else "\nObs")[0]
    second = say(result, form, history=[("user", question), ("assistant", first)])
    assert ("multiply" in second, "add" in second, "5" in second) == (True, False, True)


@pytest.mark.parametrize("form", LOST)
def test_a_failure_is_told(form):
    history = [("user", "weather in Atlantis"), ("assistant", say("weather in Atlantis", form))]
    assert "The tool get_weather failed: unknown city." in say(LOST[form], form, history=history)


@every_form
def test_an_offer_is_found_in_a_transcript(form):
    text = f"System: {told(ADD, WEATHER, form=FORMS[form])}\nUser: {ASKED}\nAssistant:"
    assert RuleBrain()(Question(provider="pizzagpt", text=text)) == TWO[form]


@every_form
def test_a_reminder_is_no_question(form):
    assert say(f"{ASKED}\n\nReminder. {FORMS[form]}\nWrite nothing after the last block.", form) == TWO[form]


@pytest.mark.parametrize("said", ["[1, 2]", "[add(a=oops)]", "[add(", "```json\n[{oops\n```", "Action: add"])
def test_what_is_no_call_in_an_answer_does_no_harm(said):
    assert say("add 2 and 3", "list", history=[("user", "hi"), ("assistant", said)]) == "[add(a=2, b=3)]"


@pytest.mark.parametrize(
    "piece", ["```json\n[{", "\n[a(", "\nAction: a\nAction Input: {", "\nObservation: a returned:\n", "[[["]
)
def test_long_texts_are_answered(piece):
    assert say(piece * 10_000, "list", history=[("user", "hi"), ("assistant", piece * 10_000)])
