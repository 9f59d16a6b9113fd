"""Plain text work the rules share: words, sentences, stop words, weights. No rule lives here."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[\u4e00-\u9fff]")
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|(?<=[。！？])|\n+")
_METADATA = re.compile(r"\s*[a-z]+(?:_[a-z]+)+:\s.*|\s*-{3,}\s*|\s*```\w*\s*")
_ENDINGS = ("ational", "ations", "ation", "ingly", "edly", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "e")
_STEM_LENGTH = 3

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a about above after all also am an and any are as at be because been before being below between both but
        by can could did do does doing down during each few for from further give had has have having he her here hers
        him his how i if in into is it its just know let like may me might more most must my no nor not now of off on
        once one only or other our out over own please question same say she should so some such tell than that the
        their them then there these they this those through to too under until up us very was we were what when where
        which while who whom whose why will with would you your answer query explain describe based using use""",
    )
)


def words(text: str) -> list[str]:
    """Split a text into lower-case words; characters of scripts without blanks count one by one."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        found.extend(word if _CJK.search(word) else [word.removesuffix("'s").removesuffix("’s")])
    return found


def stem(word: str) -> str:
    """Cut a usual English ending, so that "writes" and "writing" meet."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_LENGTH:
            return word.removesuffix(ending)
    return word


def content_words(text: str) -> list[str]:
    """Give the words that carry meaning, in order, each once."""
    return list(dict.fromkeys(word for word in words(text) if word not in STOP_WORDS))


def stems(text: str) -> set[str]:
    """Give the stems of the words that carry meaning."""
    return {stem(word) for word in content_words(text)}


def sentences(text: str) -> list[str]:
    """Split a text into sentences; lines of metadata (`file_path: …`) and rules are left out."""
    kept = "\n".join(line for line in text.splitlines() if not _METADATA.fullmatch(line))
    return [part.strip() for part in _SENTENCE_END.split(kept) if part and part.strip()]


def weights(parts: Sequence[str]) -> dict[str, float]:
    """Weigh stems: the fewer parts have one, the more it says."""
    counts: dict[str, int] = {}
    for part in parts:
        for item in stems(part):
            counts[item] = counts.get(item, 0) + 1
    return {item: math.log(1 + len(parts) / count) for item, count in counts.items()}


def overlap(query: set[str], part: str, weight: dict[str, float]) -> float:
    """Score a part by the weight of the query's stems in it; longer parts of equal weight come later."""
    found = stems(part)
    score = math.fsum(weight.get(item, 0.0) for item in found & query)
    return score / (1 + len(found) / 200)
