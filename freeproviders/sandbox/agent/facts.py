"""What a text offers to fill arguments with: numbers, quoted texts, names, lists; each is handed out once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_WORDS = re.findall(
    r"\w+",
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty""",
)
_SPELLED = {word: at for at, word in enumerate(_WORDS)}
_NUMBER = re.compile(
    r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3}){1,9}(?!\d)|\d{1,30}(?!\d))(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2}\b)?"
    rf"|(?<!which )(?<!this )(?<!that )(?<!the )(?<!no )\b(?:{'|'.join(_WORDS)})\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)|«([^»\n]+)»")
_UPPER = "[A-ZÀ-ÖØ-ÞА-Я]"
NAME = rf"(?<![\w'’]){_UPPER}[\w'’-]*(?:[ \t]+(?:(?:of|de|van|von|la|le|del)[ \t]+)?{_UPPER}[\w'’-]*)*"
"""Pattern of a capitalised name, several words long if need be."""

_NAME = re.compile(NAME)
_BEGIN = re.compile(r"(?:^|[.!?:\n]\s*)$")
_STATES = re.compile(r"\s+(?:is|was|has|had|lives|lived|likes|loves|works|wants|and [A-Z])\b|,")
_PLAIN = frozenset(
    re.findall(
        r"\S+",
        """what when where who whom why how which is are was were do does did can could will would should shall may
        might tell give the a an i i'm it he she they we you in on at and but or if hello hi hey yes no not
        please explain describe list my your this that these those there then also use call get find search
        show translate add multiply divide subtract calculate compute send write read book create make set
        convert extract look fetch check compare plan let let's thanks thank good ok okay answer question
        error result now first next finally after for from with of to return generate say help as""",
    )
)
_STOP = r"\s+(?:and|with|in|for|to|now|today|tomorrow)\b|[.,;:!?\n]|$"
_SPLIT = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+")
_LINK = r"(?:\s+(?:is|are|was|as|to be|called|named|equals|include|includes|including)\b|\s*[:=]|\s+of\b)"


_LONGEST = 10_000
"""No arguments are looked for beyond: nobody asks so much, and the patterns stay quick."""


class Facts:
    """What can be taken from a text.

    Args:
        text: The text.
        whole: What a string is filled with if nothing else fits; the text itself if not given.
        known: Values that are known by name already, e.g. out of a result that is JSON.
    """

    def __init__(self, text: str, *, whole: str | None = None, known: dict[str, Any] | None = None) -> None:
        self.told: bool = whole is not None
        self.whole: str = text if whole is None else whole
        self.text: str = text[:_LONGEST]
        self.known: dict[str, Any] = known or {}
        self.quoted: list[str] = [next(filter(None, found)) for found in _QUOTED.findall(self.text)]
        unquoted = _QUOTED.sub(" ", self.text)
        self.numbers: list[float] = list(numbers(unquoted))
        self.names: list[str] = list(names(unquoted))

    def number(self, label: str) -> float | None:
        """Take the number that stands with a label."""
        word = re.escape(label)
        link = rf"(?:{_LINK}|\s)\s*(?:is\s+|of\s+|=\s*)?" if len(label) > 2 else r"\s*(?:=|:|\s+is\s+)\s*"
        for pattern in (rf"\b{word}s?{link}({_NUMBER.pattern})", rf"({_NUMBER.pattern})[ -]+{word}s?\b"):
            if len(label) > 2 or pattern.startswith(r"\b"):
                found = re.search(pattern, self.text, re.IGNORECASE)
                if found is not None:
                    return self.take(_value(found[1]))
        return None

    def take(self, value: float) -> float:
        """Mark a number as used."""
        if value in self.numbers:
            self.numbers.remove(value)
        return value

    def words(self, label: str) -> str | None:
        """Take the words that stand with a label: quoted ones, a name, or what follows "is", ":" and the like."""
        word = re.escape(label)
        plain = rf"\b{word}\s+(?:of\s+)?(?P<name>(?-i:{NAME}))|" if len(label) > 1 else ""
        quoted = rf"\b{word}(?:{_LINK})?\s*(?:{_QUOTED.pattern})|"
        linked = rf"\b{word}{_LINK}\s+(?P<rest>[^\s.,;!?\n][^.,;!?\n]*?)(?=\s+(?:and|with|but|to|for)\b|[.,;!?\n]|$)"
        found = re.search(quoted + plain + linked, self.text, re.IGNORECASE)
        if found is None:
            return None
        value: str = next(filter(None, found.groups())).strip()
        self.forget(value)
        return value

    def forget(self, value: str) -> None:
        """Mark words as used."""
        for kept in (self.quoted, self.names):
            kept[:] = [one for one in kept if one != value]

    def after(self, *leads: str) -> str | None:
        """Give the name that follows one of some words, e.g. "in"; else its plain words."""
        lead = "|".join(leads)
        found = re.search(rf"\b(?i:{lead})\s+(?:the\s+)?({NAME})", self.text)
        if found is None:
            found = re.search(rf"\b(?:{lead})\s+([^\W\d_][^.,;:!?\n]*?)(?={_STOP})", self.text)
        if found is None:
            return None
        self.forget(found[1])
        return found[1].strip().removeprefix("the ") or None

    def topic(self) -> str | None:
        """Give what is searched for: the words that follow "for", "about" and the like."""
        for lead in ("for", "about", "find", "look up", "search"):
            found = re.search(rf"\b{lead}\s+(?!for\b|tool\b|the web\b)([^.;!?\n]+)", self.text, re.IGNORECASE)
            if found is not None:
                return found[1].strip()
        return None

    def listed(self, labels: Iterable[str]) -> list[str]:
        """Give the items of the list that stands with a label, else the quoted texts or the names."""
        for label in labels:
            found = re.search(rf"\b{re.escape(label)}s?(?:{_LINK})?\s+([^.;!?\n]+)", self.text, re.IGNORECASE)
            if found is not None:
                return _items(found[1])
        taken = self.quoted or self.names
        if taken:
            items, taken[:] = list(taken), []
            return items
        return []


def numbers(text: str) -> Iterator[float]:
    """Find the numbers of a text in order, spelled ones up to twenty too."""
    return (_value(found[0]) for found in _NUMBER.finditer(text))


def names(text: str) -> Iterator[str]:
    """Find the capitalised names of a text; single words that merely begin a sentence come last."""
    late: list[str] = []
    for found in _NAME.finditer(text):
        parts = found[0].removesuffix("'s").removesuffix("’s").split()
        while parts and parts[0].lower() in _PLAIN:
            parts.pop(0)
        begins = _BEGIN.search(text[max(0, found.start() - 3) : found.start()]) is not None
        whole = len(parts) == len(found[0].split())
        if parts and begins and whole and len(parts) == 1 and not _STATES.match(text, found.end()):
            late.append(parts[0])
        elif parts:
            yield " ".join(parts)
    yield from late


def known(results: Iterable[str]) -> dict[str, Any]:
    """Collect the members of results that are JSON objects, by name."""
    found: dict[str, Any] = {}
    for result in results:
        try:
            value = json.loads(result)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.update(value)
    return found


def _items(text: str) -> list[str]:
    items = (item.strip().strip("\"'“”`") for item in _SPLIT.split(text))
    return [item for item in items if item]


def _value(text: str) -> float:
    low = text.lower()
    if low in _SPELLED:
        return _SPELLED[low]
    plain = low.replace(",", "")
    return int(plain) if plain.lstrip("-").isdigit() else float(plain)
