"""LangChain's words for tools and schemas, and the core's. Prompting and reading are the core's work."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool

from freeproviders.errors import InvalidSetting

__all__ = ["form_of", "function_of", "schema_of", "tool_choice_of"]

# What stands at the root of a JSON Schema of another value than an object.
_ROOTS = frozenset({"type", "anyOf", "oneOf", "allOf", "enum"})


def function_of(tool: Any) -> dict[str, Any]:
    """A tool, in any form LangChain takes, as the core takes it: name, description, parameters.

    Raises:
        InvalidSetting: If it is a tool that a vendor's own servers run, or has no name.
    """
    function = convert_to_openai_tool(tool).get("function", {})
    if not function.get("name"):
        raise InvalidSetting(f"a tool needs a name, and parameters or a function to run; this is none: {tool!r}")
    return {"name": function["name"], "description": function.get("description", ""), **_parameters(function)}


def _parameters(function: Mapping[str, Any]) -> dict[str, Any]:
    return {"parameters": function.get("parameters") or {"type": "object", "properties": {}}}


def tool_choice_of(choice: Any, names: Sequence[str]) -> str:
    """A choice, in any form LangChain takes, as the core takes it: auto, any, none, or a tool's name.

    Raises:
        InvalidSetting: If it names a tool that is not there.
    """
    if choice is None or choice is False:
        return "auto"
    if choice is True or choice == "required":
        return "any"
    if isinstance(choice, Mapping):
        choice = choice.get("function", choice).get("name") or choice.get("type")
    if choice in ("auto", "any", "none") or choice in names:
        return str(choice)
    raise InvalidSetting(f"tool_choice {choice!r} is none of auto, any, none and the tools {', '.join(names)}")


def form_of(schema: Any) -> dict[str, Any]:
    """The JSON Schema of a value, in any form LangChain takes.

    LangChain's own reading is for objects with properties: of a list, a choice or a class that holds itself it keeps no
    more than the title.
    """
    if isinstance(schema, Mapping):
        bare = not {"properties", "parameters"} & schema.keys()
        if "$ref" in schema or (bare and _ROOTS & schema.keys()):
            return dict(schema)
    return convert_to_json_schema(schema)


def schema_of(response_format: Any) -> Mapping[str, Any] | None:
    """The JSON Schema that a ``response_format`` asks for, or None where it asks for text.

    Raises:
        InvalidSetting: If its type is unknown, or its schema missing.
    """
    if response_format is None or not isinstance(response_format, Mapping):
        return None if response_format is None else form_of(response_format)
    kind = response_format.get("type")
    if kind == "json_schema":
        match response_format:
            case {"json_schema": {"schema": Mapping() as schema}}:
                return schema
        raise InvalidSetting('a response_format of type json_schema needs {"json_schema": {"name", "schema"}}')
    if kind == "json_object":
        return {"type": "object", "additionalProperties": True}
    if kind == "text":
        return None
    if "properties" in response_format or "title" in response_format:
        return form_of(response_format)
    raise InvalidSetting(f"response_format of type {kind!r} is none of json_schema, json_object and text")
