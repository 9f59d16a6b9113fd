"""Arguments fitted to their schema: without loss, or refused; tools are never changed."""

import copy

import pytest
from tools_kit import CLOCK, FORECAST, MAIL, TOOLS, tool

from freeproviders.tools import parse, read
from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.nodes import Bare

WHOLE, NUMBER, TEXT, YES = ({"type": kind} for kind in ("integer", "number", "string", "boolean"))
TEXTS = {"type": "array", "items": TEXT}

FITS = [
    ("25", WHOLE, 25),
    (3.0, WHOLE, 3),
    ("-4", WHOLE, -4),
    ("2.5", NUMBER, 2.5),
    ("12,111", NUMBER, 12111),
    (7, NUMBER, 7),
    (Bare("1/5"), NUMBER, 0.2),
    (Bare("6*12+2"), WHOLE, 74),
    ("true", YES, True),
    ("False", YES, False),
    (25, TEXT, "25"),
    (2.5, TEXT, "2.5"),
    (True, TEXT, "true"),
    ("a", TEXTS, ["a"]),
    ('["a", "b"]', TEXTS, ["a", "b"]),
    ('{"a": 1}', {"type": "object"}, {"a": 1}),
    ("METRIC", {"enum": ["metric", "imperial"]}, "metric"),
    ("2", {"enum": [1, 2]}, 2),
    (None, {"type": ["string", "null"]}, None),
    ("x", {"anyOf": [WHOLE, TEXT]}, "x"),
    ("5", {"anyOf": [WHOLE, TEXT]}, "5"),
    ("5", {"oneOf": [WHOLE, {"type": "null"}]}, 5),
    ({"a": "1"}, {"type": "object", "properties": {"a": WHOLE}}, {"a": 1}),
    (["1", 2], {"type": "array", "items": WHOLE}, [1, 2]),
    ("any", {}, "any"),
]


@pytest.mark.parametrize(("value", "schema", "wanted"), FITS, ids=str)
def test_a_value_is_fitted_without_loss(value, schema, wanted):
    made = fitted(value, schema, schema, {})
    assert made == wanted
    assert type(made) is type(wanted)


REFUSED = [
    ("twelve", WHOLE),
    ("10-20", WHOLE),
    ("1e999", NUMBER),
    ("$1,234", NUMBER),
    ("1,23", NUMBER),
    (True, WHOLE),
    ("yes", YES),
    (1, YES),
    (None, TEXT),
    (["a"], TEXT),
    ({"a": 1}, TEXT),
    ("a, b", {"type": "array", "items": WHOLE}),
    ("kelvin", {"enum": ["metric", "imperial"]}),
    (11, {"type": "integer", "maximum": 10}),
    (0, {"type": "number", "exclusiveMinimum": 0}),
    ("", {"type": "string", "minLength": 1}),
    ([], {"type": "array", "minItems": 1}),
    ({}, {"type": "object", "properties": {"a": WHOLE}, "required": ["a"]}),
    ({"b": 1}, {"type": "object", "properties": {"a": WHOLE}, "additionalProperties": False}),
    ("x", {"anyOf": [WHOLE, NUMBER]}),
]


@pytest.mark.parametrize(("value", "schema"), REFUSED, ids=str)
def test_what_would_lose_something_is_refused(value, schema):
    with pytest.raises(Mismatch):
        fitted(value, schema, schema, {}, "place")


@pytest.mark.parametrize(("value", "schema"), [(2.5, WHOLE), ([["a"], 2], {"type": "array", "items": WHOLE})], ids=str)
def test_near_misses_pass_with_a_note_unless_types_are_strict(value, schema):
    notes = {}
    assert fitted(value, schema, schema, notes) == value
    assert notes
    with pytest.raises(Mismatch):
        fitted(value, schema, schema, {}, strict_types=True)


def test_references_are_followed():
    root = {"$defs": {"Day": {"type": "object", "properties": {"number": WHOLE, "next": {"$ref": "#/$defs/Day"}}}}}
    made = fitted({"number": "1", "next": {"number": "2"}}, {"$ref": "#/$defs/Day"}, root, {})
    assert made == {"number": 1, "next": {"number": 2}}


def test_a_reference_to_itself_allows_anything_and_ends():
    root = {"$defs": {"Loop": {"$ref": "#/$defs/Loop"}}}
    assert fitted("x", {"$ref": "#/$defs/Loop"}, root, {}) == "x"


def called(arguments, tools=TOOLS, name="get_forecast"):
    text = f"<tool_call>{{'name': '{name}', 'arguments': {arguments!r}}}</tool_call>"
    return read(text, tools)


def test_unknown_parameters_make_a_call_invalid_unless_the_schema_takes_them():
    assert called({"city": "Oslo", "mood": "x"}).invalid[0].kind == "schema"
    open_ended = copy.deepcopy(FORECAST)
    open_ended["parameters"]["additionalProperties"] = {"type": "integer"}
    assert called({"city": "Oslo", "mood": "1"}, [open_ended]).calls[0].arguments == {"city": "Oslo", "mood": 1}


def test_a_missing_parameter_is_named():
    assert "`city` is missing" in called({"days": 3}).invalid[0].reason


def test_a_parameter_in_another_spelling_is_known():
    assert called({"City": "Oslo"}).calls[0].arguments == {"city": "Oslo"}


def test_null_for_an_optional_parameter_leaves_it_out_unless_null_fits():
    assert called({"city": "Oslo", "days": None, "wind": None}).calls[0].arguments == {"city": "Oslo", "wind": None}


def test_defaults_are_not_filled_in():
    stamp = tool("stamp", (), size={"type": "integer", "default": 3})
    assert called({}, [stamp], "stamp").calls[0].arguments == {}


def test_a_tool_without_a_schema_takes_anything():
    assert called({"a": 1}, [{"name": "free"}], "free").calls[0].arguments == {"a": 1}
    assert called({}, [CLOCK], "read_clock").calls[0].arguments == {}


def test_tools_are_never_changed():
    tools = copy.deepcopy(TOOLS)
    parse("[Get_Forecast(City='Oslo', days='3'), send_mail(to=1, copies='x', options='{\"a\": 1}')]", tools)
    assert tools == TOOLS


@pytest.mark.parametrize(
    ("written", "name", "word"),
    [
        ("get_forecast", "get_forecast", None),
        ("get\\_forecast", "get_forecast", "name_spelling"),
        ("GET-FORECAST", "get_forecast", "name_spelling"),
        ("functions.get_forecast", "get_forecast", "name_prefix"),
        ("math_add", "math.add", "name_spelling"),
        ("add", "math.add", "name_part"),
        ("get_forcast", "get_forecast", "name_close"),
        ("get_weather", None, None),
    ],
)
def test_names_are_repaired_where_only_one_tool_can_be_meant(written, name, word):
    reading = read(f'<tool_call>{{"name": "{written}", "arguments": {{}}}}</tool_call>', [CLOCK, *NAMED])
    assert [call.name for call in reading.calls] == ([name] if name else [])
    assert word is None or word in reading.repairs


NAMED = [tool("get_forecast"), tool("math.add")]


def test_a_name_that_fits_two_tools_fits_none():
    tools = [tool("note_day_one"), tool("note_day_two"), tool("a.run"), tool("b.run")]
    for written in ("note_day_onw", "run"):
        assert read(f'<tool_call>{{"name": "{written}", "arguments": {{}}}}</tool_call>', tools).calls == () or (
            written == "note_day_onw"
        )


def test_mail_takes_its_arguments_as_text():
    text = '{"name": "send_mail", "arguments": "{\\"to\\": \\"a\\"}"}'
    assert parse(text, [MAIL])[0].arguments == {"to": "a"}
