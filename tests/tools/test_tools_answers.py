"""The value of an answer by a schema: found among prose, drafts and thoughts, or refused with words for the model."""

import pytest

from freeproviders.errors import BadReply
from freeproviders.tools.reader import JsonReader, json_value
from freeproviders.wire import Prompt, Text

PERSON = {
    "type": "object",
    "properties": {"full_name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["full_name", "age"],
}
ANN = {"full_name": "Ann", "age": 30}
SAID = '{"full_name": "Ann", "age": 30}'


@pytest.mark.parametrize(
    "reply",
    [
        f'<think>perhaps {{"full_name": 1}}</think>{SAID}',
        f"perhaps {{this}}\n</think>\n```json\n{SAID}\n```",
        f'The schema {{"type": "object"}} gives {SAID}',
        f'First:\n```json\n{{"full_name": "Bob"}}\n```\nNo, better:\n```json\n{SAID}\n```',
        f"With `x[0]` and {{y}} it is {SAID}",
        SAID + SAID,
        f'{{"Person": {SAID}}}',
        f"[{SAID}]",
        '{"FullName": "Ann", "Age": "30"}',
    ],
)
def test_the_first_value_that_fits_counts(reply):
    assert json_value(reply, PERSON) == ANN


@pytest.mark.parametrize(
    ("reply", "schema", "problem"),
    [
        ("[1, 2]", PERSON, "the value: expected object, got array"),
        ('{"age": 1}', PERSON, "`full_name` is missing"),
        ("1, 2, 3", {"type": "array", "items": {"type": "integer"}}, "there is more than one JSON value"),
        ("<think>" + SAID, PERSON, "the text holds no JSON value"),
        (SAID[:-2], PERSON, "it is cut off"),
        ('{"a": "b"}', {"properties": {"a": {"type": "string", "pattern": "^x"}}}, "`a`: must match ^x"),
        (
            '{"on": "tomorrow"}',
            {"properties": {"on": {"type": "string", "format": "date"}}},
            "`on`: must be a date such as 2024-01-31, got 'tomorrow'",
        ),
    ],
)
def test_what_is_wrong_is_said(reply, schema, problem):
    with pytest.raises(BadReply) as raised:
        json_value(reply, schema)
    assert raised.value.message == problem


@pytest.mark.parametrize("reply", ["```json\ntrue\n```", "true", "True"])
def test_a_value_without_brackets_may_stand_in_a_fence(reply):
    assert json_value(reply, {"type": "boolean"}) is True


@pytest.mark.parametrize("on", ["2024-01-31", "2024-01-31 12:00", "2024-01-31T12:00:00+02:00", "1700000000"])
def test_every_usual_spelling_of_a_time_passes(on):
    schema = {"properties": {"on": {"type": "string", "format": "date-time"}}}
    assert json_value(f'{{"on": "{on}"}}', schema) == {"on": on}


@pytest.mark.parametrize(
    ("schema", "said", "value"),
    [
        ({"properties": {"v": {"type": "integer"}, "c": {"$ref": "#"}}}, '{"c": {"v": "2"}}', {"c": {"v": 2}}),
        (
            {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {"type": "integer"}}}]},
            '{"a": "1", "b": "2"}',
            {"a": 1, "b": 2},
        ),
        (
            {"properties": {"b": {"type": "integer"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            '{"b": "3"}',
            {"b": 3},
        ),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
            '["1", 2]',
            [1, "2"],
        ),
        (
            {"type": "object", "patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False},
            '{"n_x": "3"}',
            {"n_x": 3},
        ),
        ({"properties": {"a": {"type": "string", "pattern": r"^\p{L}+$"}}}, '{"a": "b"}', {"a": "b"}),
        ({"allOf": [{"$ref": "#"}]}, '{"a": "b"}', {"a": "b"}),
    ],
)
def test_all_of_a_schema_is_followed(schema, said, value):
    assert json_value(said, schema) == value


def test_what_a_choice_requires_must_be_there():
    schema = {"properties": {"b": {"type": "integer"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    with pytest.raises(BadReply, match="`b` is missing"):
        json_value('{"c": 3}', schema)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_growing_value_begins_behind_the_thoughts(size):
    reply = f'<think>or {{"full_name": "Bob and his many, many friends of old, all of them together"}}?</think>{SAID}'
    reader = JsonReader(Prompt(turns=(), schema=PERSON, partial=True))
    events = [event for at in range(0, len(reply), size) for event in reader.feed(reply[at : at + size])]
    events += reader.finish()
    assert [type(event) for event in events] == [Text] * len(events)
    assert "".join(event.text for event in events) == SAID


def test_a_misspelt_key_does_not_grow_before_it_is_known():
    reply = '{"FullName": "' + "Ann " * 40 + '", "age": 1}'
    reader = JsonReader(Prompt(turns=(), schema=PERSON, partial=True))
    events = [event for char in reply for event in reader.feed(char)] + reader.finish()
    assert "".join(event.text for event in events).startswith('{"full_name": "Ann ')


def test_a_long_prologue_is_read_in_linear_time():
    reader = JsonReader(Prompt(turns=(), schema=PERSON, partial=True))
    fences = ["```json\n{x" if at % 2 else "```js\n" for at in range(4000)]
    assert [event for piece in fences for event in reader.feed("so " + piece)] == []
