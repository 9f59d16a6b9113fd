"""Answers as JSON, where a prompt asks for one JSON value of a form that it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from freeproviders.sandbox.agent.shapes import Schema, shape
from freeproviders.sandbox.rules.case import Case

_OURS = "When you give your answer, give it as one JSON value in a ```json fence and nothing else."
_THEIRS = "Here's a JSON schema to follow:"
_THEIRS_END = "do not repeat the schema."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The JSON that a prompt asks for.

    Attributes:
        schema: Its JSON Schema.
        fenced: It is to stand in a fence.
    """

    schema: Schema
    fenced: bool

    def written(self, value: object) -> str:
        """Write a value in the form that is asked for."""
        text = json.dumps(value, ensure_ascii=False)
        return f"```json\n{text}\n```" if self.fenced else text


def wanted_json(case: Case) -> tuple[Wanted, Case] | None:
    """Find what JSON a prompt asks for.

    Args:
        case: The prompt.

    Returns:
        The form, and the prompt without it; None if it asks for none.
    """
    found = _found(case.text)
    if found is not None:
        return found[0], replace(case, text=found[1])
    found = _found(case.system)
    if found is not None:
        return found[0], replace(case, system=found[1])
    for at, (role, text) in enumerate(case.history):
        found = _found(text) if role == "user" else None
        if found is not None:
            history = (*case.history[:at], (role, found[1]), *case.history[at + 1 :])
            return found[0], replace(case, history=history)
    return None


def _found(text: str) -> tuple[Wanted, str] | None:
    start = text.rfind(_OURS)
    if start >= 0:
        end = text.find("\n", start)
        below, _, rest = text[end + 1 :].partition("\n") if end >= 0 else ("", "", "")
        schema = _schema(below.removeprefix("> "))
        return None if schema is None else (Wanted(schema=schema, fenced=True), text[:start] + _unindented(rest))
    start = text.rfind(_THEIRS)
    if start < 0:
        return None
    end = text.find(_THEIRS_END, start)
    between = text[start + len(_THEIRS) : end if end >= 0 else len(text)].strip()
    schema = _schema(between)
    rest = text[end + len(_THEIRS_END) :] if end >= 0 else ""
    return None if schema is None else (Wanted(schema=schema, fenced=False), (text[:start] + rest).strip())


def _schema(text: str) -> Schema | None:
    # LlamaIndex doubles the braces of the schema for its templates, and does not always make them single again
    return _shape(text) or _shape(text.replace("{{", "{").replace("}}", "}"))


def _shape(text: str) -> Schema | None:
    try:
        return shape(text)
    except (ValueError, RecursionError):
        return None


def _unindented(text: str) -> str:
    """Leave out the lines at the head that describe fields."""
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if not line.removeprefix("> ").startswith("    ")), len(lines))
    return "\n".join(lines[at:])
