"""Fills a tool's arguments, or any JSON Schema, with what a text says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from freeproviders.sandbox.agent.facts import Facts
from freeproviders.sandbox.agent.shapes import Schema

_DEEPEST = 6
_MOST_OBJECTS = 2000
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-\s.]+")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_URL = re.compile(r"https?://[^\s\"'<>)]+")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?\b")
_SUM = re.compile(r"[\d(][\d.()+\-*/^% ]*[+\-*/^%][\d.()+\-*/^% ]*[\d)]")
_TIMES = ((re.compile(r"\bplus\b"), "+"), (re.compile(r"\bminus\b"), "-"), (re.compile(r"\btimes\b"), "*"))
_PLACES = frozenset({"city", "location", "place", "town", "country", "region", "area", "destination", "where"})
_TOPICS = frozenset({"query", "q", "search", "topic", "keyword", "keywords", "term", "subject"})
_WHOLES = frozenset(
    {"text", "input", "prompt", "message", "content", "body", "reason", "request", "question", "task"}
    | {"description", "summary"}
)
_SUMS = frozenset({"expression", "formula", "equation", "calculation"})
_PLEASURES = ("like", "love", "enjoy")
_LEADS = {"origin": "from", "source": "from", "start": "from", "destination": "to", "target": "to", "end": "to"}
_NO = re.compile(r"\b(?:false|no|not|off|without|never|don't)\b", re.IGNORECASE)
_MISSING: Any = object()
# What is given for a form that no text of the prompt has.
_SAMPLES = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00",
    "time": "12:00:00",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "email": "name@example.org",
}


class Filler:
    """Fills schemas from one text; what one field takes is not given to the next.

    Args:
        facts: What the text offers.
        root: The schema that references are looked up in.
    """

    def __init__(self, facts: Facts, root: Schema) -> None:
        self._facts = facts
        self._used: set[int] = set()
        self._budget = _MOST_OBJECTS
        self._defs: dict[str, Any] = {**root.get("$defs", {}), **root.get("definitions", {})}
        self._kinds: dict[str, Callable[[str, Schema, bool, int], Any]] = {
            "boolean": self._boolean,
            "integer": self._number,
            "number": self._number,
            "array": self._array,
            "object": self._object,
            "null": lambda *_: None,
        }

    def value(self, name: str, schema: Any, required: bool, depth: int = 0) -> Any:
        """Find a value that fits a schema.

        Args:
            name: Name of the field; empty if it has none.
            schema: Its schema.
            required: Something must be given; else only what the text clearly gives.
            depth: How deep the field lies.

        Returns:
            The value, or a mark if the text gives none and none is required.
        """
        schema = self._resolved(schema)
        if name in self._facts.known and _fits(self._facts.known[name], schema):
            return self._facts.known[name]
        if "const" in schema or "enum" in schema:
            return self._member(name, schema.get("enum", [schema.get("const")]), required or "const" in schema)
        for parts in (schema.get("anyOf"), schema.get("oneOf")):
            if parts:
                return self._any_of(name, parts, required, depth)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if not isinstance(kind, str):
            return self._any_of(name, [{**schema, "type": one} for one in kind], required, depth)
        return self._kinds.get(kind, self._string)(name, schema, required, depth)

    def _resolved(self, schema: Any) -> Schema:
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                return {}
            if "$ref" in schema:
                schema = self._defs.get(str(schema["$ref"]).rpartition("/")[2], {})
            elif len(schema.get("allOf", ())) == 1:
                schema = schema["allOf"][0]
            else:
                return schema
        return {}

    def _member(self, name: str, members: list[Any], required: bool) -> Any:
        leads = [_LEADS.get(part, part) for part in parts_of(name) if part in (*_LEADS, "from", "to")]
        for lead in (*leads, ""):
            places = [(at, member) for member in members for at in self._places(lead, str(member))]
            fresh = sorted(((at, member) for at, member in places if at not in self._used), key=lambda pair: pair[0])
            if fresh:
                self._used.add(fresh[0][0])
                return fresh[0][1]
        return members[0] if required and members else _MISSING

    def _places(self, lead: str, member: str) -> list[int]:
        """Where a member ends in the text, behind its lead if there is one."""
        word = re.escape(member).replace("_", "[ _-]")
        pattern = rf"(?<!\w){lead}\s+{word}(?!\w)" if lead else rf"(?<!\w){word}(?!\w)"
        return [found.end() for found in re.finditer(pattern, self._facts.text, re.IGNORECASE)]

    def _any_of(self, name: str, parts: list[Any], required: bool, depth: int) -> Any:
        for part in parts:
            if self._resolved(part).get("type") != "null":
                value = self.value(name, part, False, depth)
                if value is not _MISSING:
                    return value
        if not required:
            return _MISSING
        if any(self._resolved(part).get("type") == "null" for part in parts):
            return None
        return self.value(name, parts[0], True, depth)

    def _boolean(self, name: str, _schema: Schema, required: bool, _depth: int) -> Any:
        word = max(parts_of(name) or [""], key=len)
        pattern = rf"(?:\b(\w+)\s+)?\b{re.escape(word)}\w*(?:\s+(?:is|to|=|:)?\s*(\w+))?"
        found = re.search(pattern, self._facts.text, re.IGNORECASE) if word else None
        if found is None:
            return (not _NO.search(self._facts.text)) if required else _MISSING
        return not any(_NO.fullmatch(part) for part in found.groups() if part)

    def _number(self, name: str, schema: Schema, required: bool, _depth: int) -> Any:
        found = next((hit for label in labels_of(name) if (hit := self._facts.number(label)) is not None), None)
        if found is None and name == "age":
            found = self._facts.number("year")
        if found is None:
            if not required:
                return _MISSING
            found = self._facts.numbers.pop(0) if self._facts.numbers else 1
        low, high = schema.get("minimum", found), schema.get("maximum", found)
        found = min(max(found, low), high)
        return int(found) if schema.get("type") == "integer" else found

    def _array(self, name: str, schema: Schema, required: bool, depth: int) -> Any:
        if "prefixItems" in schema and required:
            return [self.value("", part, True, depth + 1) for part in schema["prefixItems"]]
        items = self._resolved(schema.get("items", {}))
        labels = [*labels_of(name), *(_PLEASURES if name.startswith(("hobb", "interest")) else ())]
        if items.get("type") in ("integer", "number") and (required or _mentions(self._facts.text, labels)):
            taken, self._facts.numbers[:] = list(self._facts.numbers), []
            return [int(one) if items["type"] == "integer" else one for one in taken]
        if "enum" in items:
            found = [one for one in items["enum"] if _mentions(self._facts.text, [str(one)])]
            return found if found or required else _MISSING
        if "properties" in items:
            return self._objects(items, required, depth)
        if not required and not _mentions(self._facts.text, labels):
            return _MISSING
        return self._facts.listed(labels)

    def _objects(self, items: Schema, required: bool, depth: int) -> Any:
        if depth >= _DEEPEST or not required:
            return [] if required else _MISSING
        most = max(1, min(len(self._facts.names), 20)) if self._facts.names else 1
        return [self._object("", items, True, depth + 1) for _ in range(most) if _ == 0 or self._facts.names]

    def _object(self, _name: str, schema: Schema, required: bool, depth: int) -> Any:
        self._budget -= 1
        if depth >= _DEEPEST or self._budget < 0:
            return {} if required else _MISSING
        wanted, fields = schema.get("required", ()), schema.get("properties", {})
        # what the text clearly gives to a field must not fill another one
        first = [field for field in fields if field in wanted or not required]
        found = {field: self.value(field, fields[field], False, depth + 1) for field in first}
        if not required and all(value is _MISSING for value in found.values()):
            return _MISSING
        for field, part in fields.items():
            if found.get(field, _MISSING) is _MISSING:
                found[field] = self.value(field, part, field in wanted, depth + 1)
        return {field: found[field] for field in fields if found[field] is not _MISSING}

    def _string(self, name: str, schema: Schema, required: bool, _depth: int) -> Any:
        parts = parts_of(name)
        found = self._formatted(parts, str(schema.get("format", "")))
        for label in labels_of(name):
            found = found or self._facts.words(label)
        if found is None and _PLACES & set(parts):
            found = self._place(parts, required)
        if found is None and required:
            found = _SAMPLES.get(str(schema.get("format"))) or self._some(parts)
        return _MISSING if found is None else found

    def _formatted(self, parts: list[str], form: str) -> str | None:
        for pattern, words in ((_EMAIL, ("email", "mail")), (_URL, ("url", "uri", "link")), (_DATE, ("date", "day"))):
            if form.startswith(words) or set(words) & set(parts) or (pattern is _EMAIL and parts[:1] == ["to"]):
                found = pattern.search(self._facts.text)
                if found is not None:
                    return found[0]
        return None

    def _place(self, parts: list[str], required: bool) -> str | None:
        leads = [_LEADS[part] for part in parts if part in _LEADS] or ["in", "at", "near"]
        found = self._facts.after(*leads)
        return found or (self._facts.after("for", "of", "from", "to") if required else None)

    def _some(self, parts: list[str]) -> str:
        facts, kinds = self._facts, set(parts)
        if kinds & _SUMS:
            return _sum(facts.text) or facts.whole
        if facts.quoted:
            return facts.quoted.pop(0)
        if kinds & _WHOLES:
            return facts.whole
        if kinds & _TOPICS:
            return facts.topic() or facts.whole
        return self._named(parts) or facts.whole

    def _named(self, parts: list[str]) -> str | None:
        leads = [_LEADS.get(part, part) for part in parts if part in (*_LEADS, "from", "to")]
        found = self._facts.after(*leads) if leads else None
        if found is None and self._facts.names:
            found = self._facts.names.pop(0)
        # where results are told, what stands behind an "in" there is seldom what a field is about
        return found if found is not None or self._facts.told else self._facts.after("for", "in", "of")


def filled(schema: Schema, facts: Facts) -> Any:
    """Fill a schema from a text.

    Args:
        schema: A JSON Schema.
        facts: What the text offers.

    Returns:
        A value of the schema.
    """
    return Filler(facts, schema).value("", schema, True)


def parts_of(name: str) -> list[str]:
    """Split a name into lower-case words: `toAgent`, `to_agent`."""
    return [part.lower() for part in _CAMEL.split(name) if part]


def labels_of(name: str) -> list[str]:
    """Say what a text may call a parameter: its name, its words, its last word."""
    parts = parts_of(name)
    spaced = " ".join(parts)
    long = [part for part in parts[-1:] if len(part) > 2]
    return list(dict.fromkeys(filter(None, [name, spaced, *long])))


def _mentions(text: str, labels: list[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(label)}s?(?!\w)", text, re.IGNORECASE) for label in labels)


def _sum(text: str) -> str | None:
    for pattern, sign in _TIMES:
        text = pattern.sub(sign, text)
    found = _SUM.search(text)
    return found[0].strip() if found is not None else None


def _fits(value: Any, schema: Schema) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
        "object": (dict,),
    }  # fmt: skip
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema.get("type")
    return not isinstance(kind, str) or isinstance(value, kinds.get(kind, (object,)))
