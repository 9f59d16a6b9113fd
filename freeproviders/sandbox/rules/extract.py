"""Answers out of a given text: the sentences that match a query best, for the prompts of LlamaIndex and LangChain."""

from __future__ import annotations

import re

from freeproviders.sandbox.rules.case import Case
from freeproviders.sandbox.rules.marked import marked
from freeproviders.sandbox.rules.text import content_words, overlap, sentences, stem, stems, weights

_MOST = 3
_NEAR = 0.6
_SUMMARY_WORDS = frozenset(
    {"summary", "summarize", "summarise", "summarized", "overview", "gist", "main", "point", "points"}
)
_UNKNOWN = "The given context does not say."

_SOURCE = "Context|Documents?|Passage|Sources?"
_ASKED = r"^[ \t]*(?:Question|Query):"
_END = r"^[ \t]*(?:Helpful )?Answer:\s*\Z|\Z"
_RULE = "-{5,}"

_QA = (
    # LlamaIndex: text-QA and tree-summarize, as one text or as a chat
    marked(
        r"Context information (?:from multiple sources )?is below\.\s*-{5,}",
        "context",
        r"(?<!-)-{5,}\s*Given the ",
        "",
        "Query:",
        "query",
        r"Answer:\s*\Z",
    ),
    # LangChain's hub prompts, and what people write by hand, in both orders
    marked(f"^(?:{_SOURCE}|Text):", "context", _ASKED, "query", _END),
    marked(_ASKED, "query", rf"^[ \t]*(?:{_SOURCE}):", "context", _END),
    marked("<context>", "context", r"</context>\s*(?:Question:\s*)?(?=\S)", "query", r"\Z"),
)
_REFINE = (
    marked(
        "The original query is as follows:",
        "query",
        "We have provided an existing answer:",
        "existing",
        "We have the opportunity to refine",
        "",
        _RULE,
        "context",
        _RULE,
    ),
    # rules around this context are no sentences
    marked("New Context:", "context", "Query:", "query", "Original Answer:", "existing", "New Answer:"),
)
_SUMMARY = marked("Write a (?:concise )?summary of the following", "", r"\n", "context", "(?:CONCISE )?SUMMARY:")
_SYSTEM_REFINE = (
    marked("relevant documents for the context:", "context", "Existing Answer:", "existing", f"Instruction:|{_RULE}"),
    marked(
        "refine the following existing answer",
        "",
        _RULE,
        "context",
        "Existing Answer:",
        "existing",
        f"Instruction:|{_RULE}",
    ),
)
_SYSTEM = (
    marked("relevant documents for the context:", "context", "Instruction:"),
    marked("[Cc]ontext information below", "", _RULE, "context", _RULE),
)
_CONTEXT = re.compile(r"\bcontext\b", re.IGNORECASE)


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
    for form in _REFINE:
        parts = form.read(case.text)
        if parts is not None:
            return _better(parts["existing"], parts["context"], parts["query"])
    for form in _SYSTEM_REFINE:
        parts = form.read(case.system)
        if parts is not None:
            return _better(parts["existing"], parts["context"], case.text)
    return None


def answer(case: Case) -> str | None:
    """Answer a prompt that holds its context and its query."""
    for form in _QA:
        parts = form.read(case.text)
        if parts is not None:
            return best(parts["context"], parts["query"]) or _UNKNOWN
    return None


def summary(case: Case) -> str | None:
    """Answer a summary prompt with the first sentences."""
    parts = _SUMMARY.read(case.text)
    return None if parts is None else " ".join(sentences(parts["context"])[:_MOST])


def from_system(case: Case) -> str | None:
    """Answer from a context in the system text, as chat engines place it; pass if nothing there matches."""
    for form in _SYSTEM:
        parts = form.read(case.system)
        if parts is not None:
            return best(parts["context"], case.text)
    labelled = _labelled(case.system)
    return None if labelled is None else best(labelled, case.text)


def _labelled(text: str) -> str | None:
    """What stands behind the first colon that follows the word "context" in a line."""
    end = 0
    for line in text.split("\n"):
        word = _CONTEXT.search(line)
        colon = -1 if word is None else line.find(":", word.end())
        if colon >= 0:
            return text[end + colon + 1 :]
        end += len(line) + 1
    return None


def _better(existing: str, context: str, query: str) -> str:
    candidate = best(context, query)
    if candidate is None:
        return existing
    parts = [existing, *sentences(context)]
    weight = weights(parts)
    wanted = {stem(item) for item in stems(query)} | stems(query)
    return candidate if overlap(wanted, candidate, weight) > overlap(wanted, existing, weight) else existing
