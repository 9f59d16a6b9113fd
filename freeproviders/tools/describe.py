"""How a tool is shown to a model: a line like a function's signature, and a line for each parameter described.

Signatures are read by models at least as well as JSON Schema and cost 58 % of its characters (docs/tool_calling.md). A
schema that has no such form (unions of objects, recursion, pattern properties) is shown as compact JSON Schema. Every
string of the caller passes through ``neutral``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from freeproviders.tools.neutral import neutral
from freeproviders.tools.schema import branches, resolved, types_of

__all__ = ["described", "described_schema"]

_INDENT = "    "
_NAMED = ("properties", "$defs", "definitions", "patternProperties")
"""Keywords whose keys are names of the caller's, not keywords."""


_UNSIGNED = frozenset(("anyOf", "oneOf", "allOf", "patternProperties"))
"""Keywords that say of arguments what no list of parameters can."""
_LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "above {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "below {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("pattern", "must match {}"),
)


class _NoSignature(Exception):
    """The schema cannot be written as a signature."""


def described(tool: Mapping[str, Any]) -> str:
    """A tool as text.

    Args:
        tool: ``name``, ``description`` and ``parameters`` (a JSON Schema of an object), as in OpenAI's functions.
    """
    schema = resolved(tool.get("parameters") or {}, tool.get("parameters") or {})
    try:
        defs = _definitions(tool.get("parameters") or {})
        return "\n".join([_signature(tool, schema, defs), *_lines(schema, defs)])
    except _NoSignature:
        compact = json.dumps(_without_titles(tool["parameters"]), ensure_ascii=False, separators=(",", ":"))
        return f"{_headline(tool, neutral(str(tool['name'])))}\n{_INDENT}arguments: {neutral(compact)}"


def described_schema(schema: Mapping[str, Any]) -> str:
    """The form of a JSON value as text: a type, and a line for each field described.

    Args:
        schema: A JSON Schema.
    """
    defs = _definitions(schema)
    try:
        return "\n".join([_headline(schema, _type(schema, defs, ())), *_lines(schema, defs)])
    except _NoSignature:
        return neutral(json.dumps(_without_titles(schema), ensure_ascii=False, separators=(",", ":")))


def _definitions(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**schema.get("$defs", {}), **schema.get("definitions", {})}


def _signature(tool: Mapping[str, Any], schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    open_ended = isinstance(schema.get("additionalProperties"), Mapping)
    if open_ended or not _UNSIGNED.isdisjoint(schema) or schema.get("type", "object") != "object":
        raise _NoSignature
    required = schema.get("required", ())
    parameters = schema.get("properties", {}).items()
    inside = ", ".join(_parameter(name, part, defs, required=name in required) for name, part in parameters)
    return _headline(tool, f"{neutral(str(tool['name']))}({inside})")


def _headline(tool: Mapping[str, Any], head: str) -> str:
    description = _one_line(tool.get("description"))
    return f"{head}  # {description}" if description else head


def _one_line(text: Any) -> str:
    return neutral(" ".join(str(text or "").split()))


def _parameter(name: str, schema: Any, defs: Mapping[str, Any], *, required: bool) -> str:
    default = schema.get("default") if isinstance(schema, Mapping) else None
    shown = "" if default is None else f" = {neutral(json.dumps(default, ensure_ascii=False))}"
    return f"{neutral(name)}{'' if required else '?'}: {_type(schema, defs, ())}{shown}"


def _lines(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[str]:
    """A line for each parameter of which more is to be said than its type, those of inner objects too."""
    for name, part in schema.get("properties", {}).items():
        yield from _told(neutral(name), part, defs)


def _told(place: str, schema: Any, defs: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said of a place and of those in it; references end where a signature is possible."""
    if not isinstance(schema, Mapping):
        return
    known = _without_null(schema, defs)
    limits = [form.format(known[word]) for word, form in _LIMITS if word in known and "prefixItems" not in known]
    said = [_one_line(schema.get("description") or known.get("description")), *map(_one_line, limits)]
    if text := "; ".join(filter(None, said)):
        yield f"{_INDENT}{place}: {text}"
    for name, part in known.get("properties", {}).items():
        yield from _told(f"{place}.{neutral(name)}", part, defs)
    yield from _told(f"{place}[]", known.get("items"), defs)


def _without_null(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a value other than null has; where there is a choice, what holds for all."""
    known = resolved(schema, {"$defs": defs, "definitions": defs})
    choices = [resolved(choice, {"$defs": defs, "definitions": defs}) for choice in branches(known)]
    choices = [choice for choice in choices if types_of(choice) != ("null",)]
    return choices[0] if len(choices) == 1 else known


def _type(schema: Any, defs: Mapping[str, Any], seen: tuple[str, ...]) -> str:
    if not isinstance(schema, Mapping) or not schema:
        return "any"
    if "patternProperties" in schema:
        raise _NoSignature
    if "$ref" in schema:
        return _referred(str(schema["$ref"]).rpartition("/")[2], defs, seen)
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return "|".join(neutral(json.dumps(value, ensure_ascii=False)) for value in values)
    parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if parts is not None and "properties" in schema:
        raise _NoSignature
    return _plain(schema, defs, seen) if parts is None else _union(parts, schema, defs, seen)


def _referred(name: str, defs: Mapping[str, Any], seen: tuple[str, ...]) -> str:
    if name in seen or name not in defs:
        raise _NoSignature
    return _type(defs[name], defs, (*seen, name))


def _union(parts: Sequence[Any], schema: Mapping[str, Any], defs: Mapping[str, Any], seen: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(_type(part, defs, seen) for part in parts))
    objects = sum(name.startswith("{") for name in names)
    if objects > 1 or ("allOf" in schema and len(parts) > 1):
        raise _NoSignature
    return " | ".join(names)


def _plain(schema: Mapping[str, Any], defs: Mapping[str, Any], seen: tuple[str, ...]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "any")
    if not isinstance(kind, str):
        return " | ".join(_plain({**schema, "type": one}, defs, seen) for one in kind)
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(_type(part, defs, seen) for part in schema['prefixItems'])}]"
    if kind == "array":
        return f"list[{_type(schema.get('items', {}), defs, seen)}]"
    if kind == "object":
        return _object(schema, defs, seen)
    form = schema.get("format")
    return f"{kind}({neutral(str(form))})" if form else kind


def _object(schema: Mapping[str, Any], defs: Mapping[str, Any], seen: tuple[str, ...]) -> str:
    properties, required = schema.get("properties"), schema.get("required", ())
    if not properties:
        values = schema.get("additionalProperties")
        return f"{{any key: {_type(values, defs, seen)}}}" if isinstance(values, Mapping) else "object"
    fields = (
        f"{neutral(name)}{'' if name in required else '?'}: {_type(part, defs, seen)}"
        for name, part in properties.items()
    )
    return f"{{{', '.join(fields)}}}"


def _without_titles(value: Any) -> Any:
    """The schema without its titles, which repeat names; a property that is called title stays."""
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: {name: _without_titles(part) for name, part in item.items()} if key in _NAMED else _without_titles(item)
        for key, item in value.items()
        if key != "title" or not isinstance(item, str)
    }
