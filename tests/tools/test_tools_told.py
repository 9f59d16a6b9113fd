"""What a model is told of a schema beyond types: limits, inner descriptions, forms that no signature has."""

import pytest

from freeproviders.errors import InvalidSetting
from freeproviders.tools.describe import described, described_schema
from freeproviders.tools.render import offered_tools
from freeproviders.wire import Prompt

NODE = {"properties": {"v": {"type": "integer"}, "next": {"$ref": "#/$defs/N"}}, "type": "object"}


def test_inner_descriptions_and_limits_have_a_line():
    item = {"type": "object", "description": "An item.", "properties": {"name": {"type": "string", "pattern": "^x"}}}
    schema = {
        "description": "A cart.",
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/$defs/I"}, "minItems": 1},
            "gift": {"anyOf": [{"$ref": "#/$defs/I"}, {"type": "null"}], "description": "Free."},
            "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
        },
        "$defs": {"I": item},
    }
    assert described_schema(schema).splitlines() == [
        "{items?: list[{name?: string}], gift?: {name?: string} | null, pair?: [integer, string]}  # A cart.",
        "    items: at least 1 items",
        "    items[]: An item.",
        "    items[].name: must match ^x",
        "    gift: Free.",
        "    gift.name: must match ^x",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/N", "$defs": {"N": NODE}},
        {"type": "array", "items": {"type": "integer"}},
        {"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
    ],
)
def test_arguments_that_are_no_list_of_parameters_are_told_as_a_schema(schema):
    assert described({"name": "f", "parameters": schema}).startswith("f\n    arguments: {")


def test_two_tools_of_one_name_are_refused():
    tool = {"name": "add", "parameters": {}}
    with pytest.raises(InvalidSetting, match="two tools are called 'add'"):
        offered_tools(Prompt(turns=(), tools=(tool, tool)))
