"""From what a reply says to a call that fits its tool: the name is resolved, arguments are matched to parameters.

The result is a ``ToolCall`` or an ``InvalidCall`` with a reason; the shapes in which replies say it are in ``shapes``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from freeproviders.tools.coercion import Mismatch, fitted
from freeproviders.tools.names import NameBook, respelled
from freeproviders.tools.nodes import Bare, Cut, Missing
from freeproviders.tools.result import InvalidCall, ToolCall
from freeproviders.tools.schema import nullable, resolved
from freeproviders.tools.strict import strict

__all__ = ["RawCall", "bound"]

_PAIR = re.compile(r"\s*([A-Za-z_]\w{0,80})\s*[=:]\s*")


@dataclass(slots=True)
class RawCall:
    """A call as a reply states it.

    Attributes:
        name: Name as written.
        named: Arguments with a key, or a single value where the reply gave no object.
        positional: Arguments without a key.
        complete: Whether the end of the text cut nothing of it off.
        text: Source text.
        notes: Repairs made so far.
        stated: Whether the reply surely means a call, even if the name is unknown.
        clash: Whether an argument is given twice.
    """

    name: str
    named: Any
    positional: list[Any] = field(default_factory=list)
    complete: bool = True
    text: str = ""
    notes: dict[str, None] = field(default_factory=dict)
    stated: bool = True
    clash: bool = False


def bound(raw: RawCall, book: NameBook, *, strict_types: bool = False) -> ToolCall | InvalidCall:
    """The call fitted to its tool, or why that cannot be."""
    if not raw.complete or isinstance(raw.name, Cut):
        return InvalidCall(str(raw.name), "the call is cut off", raw.text, "truncated")
    found = book.resolve(raw.name)
    if found is None:
        names = ", ".join(list(book.schemas)[:20])
        return InvalidCall(
            str(raw.name), f"there is no tool {str(raw.name)[:80]!r}; tools: {names}", raw.text, "unknown_tool"
        )
    name, repair = found
    notes = dict(raw.notes)
    if repair:
        notes[repair] = None
    if "\\_" in raw.name or "markdown" in notes:
        raw.named, raw.positional = _unescaped(raw.named), _unescaped(raw.positional)
    try:
        arguments = _arguments(raw, book.schemas[name], notes, strict_types=strict_types)
    except Mismatch as mismatch:
        kind = "truncated" if "cut off" in str(mismatch) else "schema"
        return InvalidCall(name, str(mismatch), raw.text, kind)
    return ToolCall(name, arguments, tuple(notes))


def _unescaped(value: Any) -> Any:
    """The value without Markdown's escapes; where a reply escapes names it escapes everything."""
    if isinstance(value, dict):
        return {key.replace("\\_", "_"): _unescaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unescaped(inner) for inner in value]
    if isinstance(value, str) and "\\" in value and not isinstance(value, Cut):
        return type(value)(value.replace("\\_", "_").replace("\\*", "*"))
    return value


def _arguments(
    raw: RawCall, schema: Mapping[str, Any], notes: dict[str, None], *, strict_types: bool
) -> dict[str, Any]:
    root = schema
    known = resolved(schema, root)
    properties: Mapping[str, Any] = known.get("properties") or {}
    if raw.clash:
        raise Mismatch("an argument is given twice")
    named = _unwrapped(_as_object(raw.named, properties, notes), properties, notes)
    given = dict(_placed(raw.positional, named, properties, notes))
    more = known.get("additionalProperties")
    arguments: dict[str, Any] = {}
    for key, value in given.items():
        parameter = _parameter(key, properties, given, notes)
        if parameter is None and not _open_ended(known):
            raise Mismatch(f"`{key}` is not a parameter; parameters: {', '.join(properties) or 'none'}")
        if parameter is None:
            inner: Any = more if isinstance(more, Mapping) else {}
        elif _droppable(parameter, value, known, root, notes):
            continue
        else:
            inner = properties[parameter]
        place = parameter or key
        arguments[place] = fitted(value, inner, root, notes, place, strict_types=strict_types)
    missing = [key for key in known.get("required", ()) if key not in arguments]
    if missing:
        raise Mismatch(f"`{missing[0]}` is missing")
    return arguments


def _unwrapped(named: dict[str, Any], properties: Mapping[str, Any], notes: dict[str, None]) -> dict[str, Any]:
    """The arguments out of the one unknown key that holds them all."""
    if len(named) == 1:
        key, inner = next(iter(named.items()))
        if key not in properties and isinstance(inner, dict) and _all_known(inner, properties):
            notes["arguments_wrapped"] = None
            return inner
    return named


def _open_ended(schema: Mapping[str, Any]) -> bool:
    more = schema.get("additionalProperties")
    return more is True or isinstance(more, Mapping) or (more is None and "properties" not in schema)


def _droppable(
    key: str, value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], notes: dict[str, None]
) -> bool:
    """Whether a null stands for an optional parameter that has no null: it is left out then."""
    if value is not None or key in schema.get("required", ()):
        return False
    if nullable(schema["properties"][key], root):
        return False
    notes["null_dropped"] = None
    return True


def _parameter(key: str, properties: Mapping[str, Any], given: Mapping[str, Any], notes: dict[str, None]) -> str | None:
    if key in properties:
        return key
    alike = respelled(key, properties, given)
    if alike is not None:
        notes["parameter_spelling"] = None
    return alike


def _as_object(named: Any, properties: Mapping[str, Any], notes: dict[str, None]) -> dict[str, Any]:
    """The arguments as an object: JSON text is decoded once, a bare value goes to the only parameter."""
    if isinstance(named, Cut):
        raise Mismatch("the arguments are cut off")
    if isinstance(named, str) and named.strip()[:1] == "{":
        found, value = strict(named, 64)
        if found and isinstance(value, dict):
            notes["arguments_text"] = None
            return value
    if isinstance(named, dict):
        return named
    if named is None or named is Missing or named == "":
        return {}
    if isinstance(named, list) and len(named) == 1 and isinstance(named[0], dict):
        notes["arguments_list"] = None
        return named[0]
    if len(properties) == 1 and not isinstance(named, list):
        notes["arguments_bare"] = None
        return {next(iter(properties)): named}
    raise Mismatch("the arguments must be a JSON object")


def _placed(
    positional: list[Any], named: dict[str, Any], properties: Mapping[str, Any], notes: dict[str, None]
) -> Mapping[str, Any]:
    """Arguments without a key, put under the parameters in their declared order, as Python would."""
    if not positional:
        return named
    if len(positional) == 1 and isinstance(positional[0], dict) and not named and _all_known(positional[0], properties):
        notes["arguments_object"] = None
        return positional[0]
    if pairs := _pairs(positional, properties):
        notes["quoted_pairs"] = None
        return {**pairs, **named}
    if len(positional) > len(properties):
        raise Mismatch("there are more arguments than parameters")
    notes["positional"] = None
    placed = dict(zip(properties, positional, strict=False))
    if clash := placed.keys() & named.keys():
        raise Mismatch(f"`{min(clash)}` is given twice")
    return {**placed, **named}


def _all_known(value: dict[str, Any], properties: Mapping[str, Any]) -> bool:
    return bool(value) and all(key in properties for key in value)


def _pairs(positional: list[Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """``"key=value"`` texts as arguments; empty unless all of them are."""
    pairs: dict[str, Any] = {}
    for value in positional:
        found = _PAIR.match(value) if isinstance(value, str) else None
        if found is None or found.group(1) not in properties:
            return {}
        written = value[found.end() :].strip()
        quoted = len(written) > 1 and written[0] == written[-1] and written[0] in "\"'"
        pairs[found.group(1)] = written[1:-1] if quoted else Bare(written)
    return pairs
