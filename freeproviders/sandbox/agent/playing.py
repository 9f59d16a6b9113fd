"""The agent's turn: calls written as the prompt asks for them, or an answer made of their results."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from freeproviders.sandbox.agent.facts import Facts
from freeproviders.sandbox.agent.filling import filled
from freeproviders.sandbox.agent.forms import written
from freeproviders.sandbox.agent.offer import given
from freeproviders.sandbox.agent.planning import answer_facts, next_calls, results
from freeproviders.sandbox.agent.scene import Scene, scene
from freeproviders.sandbox.agent.step import Step
from freeproviders.sandbox.agent.wanted_json import Wanted, wanted_json
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.rules.case import Case
from freeproviders.sandbox.rules.orders import exact

_READY = "Thought: I can answer without using any more tools. I'll use the user's language to answer"
_QUOTED_KEY = re.compile(r"['\"`](\w{1,40})['\"`]")
_MENDABLE = re.compile(
    r"argument|parameter|field|invalid|valid|must|expected|required|missing|unknown|not found|should|between",
    re.IGNORECASE,
)


def play(case: Case, ordinary: Callable[[Case], str], question: Question) -> str | None:
    """Answer a prompt that offers tools or asks for JSON.

    Args:
        case: The prompt.
        ordinary: Answers a prompt that does neither.
        question: What the prompt was read from: it may hold tools and a form of the answer as data.

    Returns:
        The reply; None if the prompt does neither.
    """
    wanted = wanted_json(case)
    plain = wanted[1] if wanted is not None else case
    form = wanted[0] if wanted is not None else None
    if question.schema is not None:
        form = Wanted(schema=dict(question.schema), fenced=False)
    found = scene(plain, given(question))
    if found is not None:
        return _act(found, form, ordinary)
    return None if form is None else _json(form, Facts(plain.text), plain.text)


def _act(now: Scene, wanted: Wanted | None, ordinary: Callable[[Case], str]) -> str:
    free = not now.offer.forced
    obeyed = free and exact(replace(now.case, system="")) is not None and not now.steps
    calls = [] if obeyed else next_calls(now)
    if calls:
        return written(now.offer.form, calls)
    if wanted is not None:
        return _json(wanted, answer_facts(now), now.question)
    answer = _told(results(now)) or ordinary(now.case)
    return f"{_READY}\nAnswer: {answer}" if now.offer.form == "thoughts" else answer


def _told(steps: list[Step]) -> str:
    return " ".join(map(_sentence, steps))


def _sentence(step: Step) -> str:
    result = (step.result or "").strip()
    stop = "" if result.endswith((".", "!", "?")) else "."
    if not step.failed:
        return f"The result of {step.name} is {result or 'empty'}{stop}"
    mend = " The arguments could be corrected: please say which to use." if _MENDABLE.search(result) else ""
    return f"The tool {step.name} failed: {result}{stop}{mend}"


def _json(wanted: Wanted, facts: Facts, question: str) -> str:
    schema = wanted.schema
    if not schema.get("properties") and (keys := _QUOTED_KEY.findall(question)):
        # any object will do: the question itself says which keys, as "with 'name' and 'age' keys"
        schema = {"type": "object", "properties": {key: {"type": "string"} for key in keys}, "required": keys}
    value = filled(schema, facts)
    # a form without fields takes any object, but an empty one says nothing
    return wanted.written(value if value != {} or schema.get("properties") else {"answer": question})
