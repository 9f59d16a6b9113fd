"""A value by a schema while it grows: what is given is always the beginning of what it will be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools_kit import CHUNKINGS, pieces

from freeproviders.tools.reader import JsonReader
from freeproviders.wire import CallFailed, Prompt, Text

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "nick": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["name"],
}
CREW = {
    "type": "object",
    "properties": {
        "ship": {"type": "string"},
        "kind": {"enum": ["brig", "Sloop"]},
        "captain": {"$ref": "#/$defs/person"},
        "sailors": {"type": "array", "items": {"$ref": "#/$defs/person"}},
        "ports": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
    },
    "required": ["ship"],
    "$defs": {"person": PERSON},
}
ANY = {"type": "object", "additionalProperties": True}

texts = st.text(max_size=90)
persons = st.fixed_dictionaries({"name": texts}, optional={"age": st.integers(), "nick": texts | st.none()})
loose = st.recursive(texts | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3))
crews = st.fixed_dictionaries(
    {"ship": texts},
    optional={
        "kind": st.sampled_from(["brig", "sloop"]),
        "captain": persons,
        "sailors": st.lists(persons, max_size=4),
        "ports": st.none() | st.lists(texts, max_size=3),
        "more": loose,
    },
)


def given_by(reply, schema, size, *, partial=True):
    reader = JsonReader(Prompt(turns=(), schema=schema, partial=partial))
    steps = [event.text for piece in pieces(reply, size) for event in reader.feed(piece)]
    end = reader.finish()
    return steps, end


@given(crews, st.sampled_from([CREW, ANY]), st.sampled_from(CHUNKINGS), st.booleans(), st.sampled_from([None, 2]))
def test_the_steps_of_any_value_add_up_to_it(value, schema, size, fenced, indent):
    reply = json.dumps(value, ensure_ascii=fenced, indent=indent)
    reply = f"Here it is:\n```json\n{reply}\n```" if fenced else reply
    steps, end = given_by(reply, schema, size)
    _, [whole] = given_by(reply, schema, "whole", partial=False)
    assert [type(event) for event in end] == [Text]
    assert "".join([*steps, end[0].text]) == whole.text
    assert all(len(step) >= 64 for step in steps)


@pytest.mark.parametrize("size", CHUNKINGS)
def test_a_value_that_takes_back_what_was_given_fails(size):
    reply = f'{{"captain": {{"name": "{"Zo " * 30}", "name": "Bo"}}, "ship": "{"Argo " * 20}"}}'
    _, end = given_by(reply, CREW, size)
    assert isinstance(end[0], CallFailed)
    assert end[0].call.reason == "it is not what it began as"


SHIP = {"ship": "Argo", "captain": {"name": "Zora", "age": 7}, "sailors": [{"name": f"S{n}"} for n in range(9)]}


def test_items_are_given_before_the_list_is_whole():
    reply = json.dumps(SHIP)
    steps, _ = given_by(reply[: reply.index("S6")], CREW, 7)
    assert json.dumps(SHIP).startswith("".join(steps))
    assert "S3" in "".join(steps)


DAMAGE = [
    ("a comma too many", '{"name": "Zo"},}'),
    ("a single quote", "{'name': \"Zo\"}"),
    ("a bare word", '{"name": Zo}'),
    ("a number as text", '{"name": "Zo", "age": "7"}'),
    ("a null that is dropped", '{"name": "Zo", "age": null}'),
    ("an inner quote", '{"name": "Zo "the" great"}'),
    ("half a character", '{"name": "Zo \\ud83d"}'),
    ("a comment", '{"name": "Zo" /* her */}'),
]


@pytest.mark.parametrize("size", CHUNKINGS)
@pytest.mark.parametrize("captain", [text for _, text in DAMAGE], ids=[name for name, _ in DAMAGE])
def test_what_is_mended_is_never_contradicted(captain, size):
    reply = f'{{"ship": "{"Argo " * 20}", "captain": {captain}, "ports": ["{"Ia " * 30}"]}}'
    steps, end = given_by(reply, CREW, size)
    _, [whole] = given_by(reply, CREW, "whole", partial=False)
    assert "".join([*steps, *(event.text for event in end)]) == whole.text


@pytest.mark.parametrize("size", CHUNKINGS)
@pytest.mark.parametrize("cut", range(20, len(json.dumps(SHIP)), 7))
def test_a_reply_that_ends_early_fails_and_is_given_as_it_was_written(cut, size):
    reply = json.dumps(SHIP)[:cut]
    steps, end = given_by(reply, CREW, size)
    assert json.dumps(SHIP).startswith("".join(steps))
    assert [type(event) for event in end] == [CallFailed, Text]
    assert end[1].text == reply
