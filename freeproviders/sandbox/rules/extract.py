"""Answers out of a given text: the sentences that match a query best, for the prompts of LlamaIndex and LangChain."""

from __future__ import annotations

import re

from freeproviders.sandbox.rules.case import Case
from freeproviders.sandbox.rules.text import content_words, overlap, sentences, stem, stems, weights

_MOST = 3
_NEAR = 0.6
_SUMMARY_WORDS = frozenset(
    {"summary", "summarize", "summarise", "summarized", "overview", "gist", "main", "point", "points"}
)
_UNKNOWN = "The given context does not say."

_QA = (
    # LlamaIndex: text-QA and tree-summarize, as one text or as a chat
    re.compile(
        r"Context information (?:from multiple sources )?is below\.\s*-{5,}\s*(?P<context>[\s\S]*?)\s*-{5,}\s*"
        r"Given the [\s\S]*?Query:\s*(?P<query>[\s\S]*?)\s*Answer:\s*\Z"
    ),
    # LangChain's hub prompts, and what people write by hand, in both orders
    re.compile(
        r"(?:^|\n)(?:Context|Documents?|Passage|Sources?|Text):\s*(?P<context>[\s\S]+?)\s*\n\s*"
        r"(?:Question|Query):\s*(?P<query>[\s\S]+?)\s*(?:\n\s*(?:Helpful )?Answer:)?\s*\Z"
    ),
    re.compile(
        r"(?:^|\n)(?:Question|Query):\s*(?P<query>[^\n]+)\s*\n\s*(?:Context|Documents?|Passage|Sources?):\s*"
        r"(?P<context>[\s\S]+?)\s*(?:\n\s*(?:Helpful )?Answer:)?\s*\Z"
    ),
    re.compile(r"<context>\s*(?P<context>[\s\S]+?)\s*</context>\s*(?:Question:)?\s*(?P<query>\S[\s\S]*?)\s*\Z"),
)
_REFINE = (
    re.compile(
        r"The original query is as follows:\s*(?P<query>[\s\S]*?)\s*We have provided an existing answer:\s*"
        r"(?P<existing>[\s\S]*?)\s*We have the opportunity to refine[\s\S]*?-{5,}\s*(?P<context>[\s\S]*?)\s*-{5,}"
    ),
    re.compile(
        r"New Context:\s*(?:-{5,}\s*)?(?P<context>[\s\S]*?)\s*(?:-{5,}\s*)?Query:\s*(?P<query>[\s\S]*?)\s*"
        r"Original Answer:\s*(?P<existing>[\s\S]*?)\s*New Answer:"
    ),
)
_SUMMARY = re.compile(
    r"Write a (?:concise )?summary of the following[^\n]*\n\s*(?P<context>[\s\S]*?)\s*(?:CONCISE )?SUMMARY:"
)
_SYSTEM_REFINE = re.compile(
    r"(?:relevant documents for the context:|refine the following existing answer[^-]*-{5,})\s*"
    r"(?P<context>[\s\S]*?)\s*(?:-{5,}\s*)?Existing Answer:\s*(?P<existing>[\s\S]*?)\s*(?:Instruction:|-{5,})"
)
_SYSTEM = (
    re.compile(r"relevant documents for the context:\s*(?P<context>[\s\S]*?)\s*Instruction:"),
    re.compile(r"[Cc]ontext information below[^\n]*\s*-{5,}\s*(?P<context>[\s\S]*?)\s*-{5,}"),
    re.compile(r"(?i)\bcontext\b[^\n:]*:\s*\n*(?P<context>\S[\s\S]*)"),
)


def best(context: str, query: str) -> str | None:
    """Pick the one to three sentences that match a query best, in their order.

    Args:
        context: Where to look.
        query: What is asked.

    Returns:
        The sentences; the first ones for a summary; None if nothing matches.
    """
    parts = sentences(context)
    if not parts:
        return None
    wanted = stems(query)
    if not wanted or set(content_words(query)) & _SUMMARY_WORDS:
        return " ".join(parts[:_MOST])
    weight = weights(parts)
    scores = [overlap(wanted, part, weight) for part in parts]
    top = max(scores)
    if top == 0:
        return None
    order = sorted(range(len(parts)), key=lambda at: (-scores[at], at))[:_MOST]
    return " ".join(parts[at] for at in sorted(order) if scores[at] >= top * _NEAR)


def refine(case: Case) -> str | None:
    """Answer a refine prompt: the existing answer, unless the new context matches the query better."""
    for pattern in _REFINE:
        found = pattern.search(case.text)
        if found is not None:
            return _better(found["existing"], found["context"], found["query"])
    found = _SYSTEM_REFINE.search(case.system)
    if found is not None:
        return _better(found["existing"], found["context"], case.text)
    return None


def answer(case: Case) -> str | None:
    """Answer a prompt that holds its context and its query."""
    if not any(mark in case.text for mark in ("Question:", "Query:", "</context>")):
        # without them no pattern fits, and finding that out takes long in a text full of other marks
        return None
    for pattern in _QA:
        found = pattern.search(case.text)
        if found is not None:
            return best(found["context"], found["query"]) or _UNKNOWN
    return None


def summary(case: Case) -> str | None:
    """Answer a summary prompt with the first sentences."""
    found = _SUMMARY.search(case.text)
    return None if found is None else " ".join(sentences(found["context"])[:_MOST])


def from_system(case: Case) -> str | None:
    """Answer from a context in the system text, as chat engines place it; pass if nothing there matches."""
    for pattern in _SYSTEM:
        found = pattern.search(case.system)
        if found is not None:
            return best(found["context"], case.text)
    return None


def _better(existing: str, context: str, query: str) -> str:
    candidate = best(context, query)
    if candidate is None:
        return existing
    parts = [existing, *sentences(context)]
    weight = weights(parts)
    wanted = {stem(item) for item in stems(query)} | stems(query)
    return candidate if overlap(wanted, candidate, weight) > overlap(wanted, existing, weight) else existing
