"""LlamaIndex's tasks beside answering: condense a question, name keywords, choose among texts, rate documents."""

from __future__ import annotations

import re
from itertools import dropwhile

from freeproviders.sandbox.rules.case import Case
from freeproviders.sandbox.rules.marked import marked
from freeproviders.sandbox.rules.text import content_words, overlap, sentences, stems, weights

_CONDENSE = (
    marked("<Chat History>", "history", "<Follow Up Message>", "follow", "<Standalone question>"),
    marked("Chat History:", "history", "Follow Up (?:Input|question):", "follow", "Standalone question:"),
)
_PRONOUN = re.compile(r"\b(?:(its|his|her|their)|(it|he|him|she|they|them))\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][\w-]*(?:\s+(?:of\s+(?:the\s+)?)?[A-Z][\w-]*)*")
_NOT_NAMES = frozenset(
    re.findall(
        r"\w+",
        """What When Where Who Why How Which Is Are Was Were Do Does Did Can Could Tell Give The A An I It He She They
        In On And But Hello Hi Yes No Please
        Explain Describe List My We You This That""",
    )
)
_RULE = "-{5,}"
_KEYWORDS = marked(r"extract up to (?P<most>\d{1,6}) keywords", "", _RULE, "text", _RULE, "", "KEYWORDS: <keywords>")
_CHOICES = marked(
    "Some choices are given below",
    "",
    _RULE,
    "list",
    _RULE,
    "",
    "relevant to the question: '",
    "query",
    "'",
    "format",
    r"\Z",
)
_DOCUMENTS = marked("Let's try this now:", "list", "Question:", "query", r"Answer:\s*\Z")
_NUMBERED = re.compile(r"^[ \t]*(?:\((\d{1,9})\)|(\d{1,9})[.)])", re.MULTILINE)
_DOCUMENT = re.compile(r"^[ \t]*Document (\d{1,9}):", re.MULTILINE)


def condense(case: Case) -> str | None:
    """Give the follow-up as the standalone question; a pronoun becomes the name the conversation last spoke of."""
    for form in _CONDENSE:
        found = form.read(case.text)
        if found is not None:
            return _resolved(found["follow"], found["history"])
    return None


def keywords(case: Case) -> str | None:
    """Name the keywords of a text in the order of their first use."""
    found = _KEYWORDS.read(case.text)
    if found is None:
        return None
    return "KEYWORDS: " + ", ".join(content_words("\n".join(sentences(found["text"])))[: int(found["most"])])


def choose(case: Case) -> str | None:
    """Choose the numbered text that fits a question, as JSON where the prompt asks for JSON."""
    found = _CHOICES.read(case.text)
    if found is None:
        return None
    number = _ranked(_NUMBERED, found["list"], found["query"])[0][0]
    if "JSON" in found["format"]:
        return f'[{{"choice": {number}, "reason": "It shares the most words with the question."}}]'
    return f"ANSWER: {number}\nIt shares the most words with the question."


def rate(case: Case) -> str | None:
    """Rate numbered documents from 1 to 10; those which share no word with the question are left out."""
    found = _DOCUMENTS.read(case.text)
    if found is None or "Relevance" not in case.text:
        return None
    ranked = [(number, score) for number, score in _ranked(_DOCUMENT, found["list"], found["query"]) if score]
    top = ranked[0][1] if ranked else 1.0
    return "\n".join(f"Doc: {number}, Relevance: {max(1, round(10 * score / top))}" for number, score in ranked)


def _ranked(mark: re.Pattern[str], listed: str, query: str) -> list[tuple[int, float]]:
    marks = list(mark.finditer(listed))
    ends = [item.start() for item in marks[1:]] + [len(listed)]
    numbers = [int(next(filter(None, item.groups()))) for item in marks] or [1]
    parts = [listed[item.end() : end] for item, end in zip(marks, ends, strict=False)] or [listed]
    weight = weights(parts)
    wanted = stems(query)
    scored = [(number, overlap(wanted, part, weight)) for number, part in zip(numbers, parts, strict=True)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))


def _resolved(follow_up: str, history: str) -> str:
    names = [name for name in map(_without_lead, _NAME.findall(_spoken(history))) if name]
    if not names or any(map(_without_lead, _NAME.findall(follow_up))):
        return follow_up
    return _PRONOUN.sub(lambda found: names[-1] + ("'s" if found[1] else ""), follow_up, count=1)


def _spoken(history: str) -> str:
    """Prefer the user's lines, which name what the talk is about; answers name much else."""
    lines = re.findall(r"(?im)^(?:> )?(?:user|human): ?(.*)$", history)
    return "\n".join(lines) or history


def _without_lead(name: str) -> str:
    return " ".join(dropwhile(_NOT_NAMES.__contains__, name.split()))
