"""Orders that prescribe the answer's words: "reply with exactly: X", 'say exactly "X"', in user or system text."""

from __future__ import annotations

import re

from freeproviders.sandbox.rules.case import Case

_VERB = r"(?:reply|respond|answer|say|return|output|repeat|write|print)"
_ORDER = re.compile(
    rf"\b{_VERB}\b(?:\s+(?:back|me|always))*\s+(?:with\s+)?(?:exactly|only|just|verbatim)"
    r"(?:\s+(?:with|and only|these words|this|this text|the words?|the text|the following))*\s*(?::\s*)?"
    r"(?P<rest>\S[\s\S]*)",
    re.IGNORECASE,
)
_QUOTED_ORDER = re.compile(rf"\b{_VERB}\s+(?:back\s+|with\s+|the words?\s+)*(?=[\"“'`])", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”'`](?P<inner>[^\"“”`]+?)[\"“”'`](?=\W|$)")
# "only in English", "just the number": how to answer, not what
_MANNER = re.compile(r"(?:in|one|a|an|the|if|when|from|based|using|yes|json|numbers?)\b", re.IGNORECASE)


def exact(case: Case) -> str | None:
    """Obey an order of the newest text, else one of the system text."""
    return _ordered(case.text) or _ordered(case.system)


def _ordered(text: str) -> str | None:
    quoting = _QUOTED_ORDER.search(text)
    if quoting is not None:
        quoted = _QUOTED.match(text, quoting.end())
        return quoted["inner"] if quoted is not None else None
    found = _ORDER.search(text)
    if found is None:
        return None
    rest = found["rest"].strip()
    quoted = _QUOTED.match(rest)
    if quoted is not None:
        return quoted["inner"]
    said_exactly = "exactly" in found[0][: found.start("rest") - found.start()].lower()
    if not said_exactly and _MANNER.match(rest):
        return None
    return rest
