"""What the user has said about themselves earlier in the conversation, and questions about it."""

from __future__ import annotations

import re

from freeproviders.sandbox.rules.case import Case

_UPTO = r"(?=[.,;!?\n]|\band\b|\bbut\b|$)"
_NAME = re.compile(
    rf"\b(?:my name is|my name's|i am called|i'm called|call me)\s+(?P<fact>[^\s.,;!?][^.,;!?\n]*?){_UPTO}",
    re.IGNORECASE,
)
_SHORT_NAME = re.compile(r"\b(?:I am|I'm)\s+(?P<fact>[A-Z]\w+)\b")
_LIKE = re.compile(r"\bi (?:really )?(?:like|love|enjoy)\s+(?P<fact>[^.;!?\n]+)", re.IGNORECASE)
_HOME = re.compile(rf"\bi (?:live|am based) in\s+(?P<fact>[^.,;!?\n]+?){_UPTO}", re.IGNORECASE)
_WORK = re.compile(rf"\bi (?:work as|am) an? (?P<fact>[^.,;!?\n]+?){_UPTO}", re.IGNORECASE)
_FAVOURITE = re.compile(rf"\bmy favou?rite (?P<kind>[\w ]{{1,40}}?) is\s+(?P<fact>[^.,;!?\n]+?){_UPTO}", re.IGNORECASE)
_REMEMBER = re.compile(r"\b(?:please )?(?:remember|note|keep in mind)(?: that)?:?\s+(?P<fact>[^\n]+)", re.IGNORECASE)

_ASKS_NAME = re.compile(
    r"\b(?:what(?:'s| is| was) my name|who am i|(?:know|remember|say|tell me) my name)\b", re.IGNORECASE
)
_ASKS_LIKE = re.compile(r"\bwhat do i (?:like|love|enjoy)\b", re.IGNORECASE)
_ASKS_HOME = re.compile(r"\bwhere do i live\b", re.IGNORECASE)
_ASKS_WORK = re.compile(r"\bwhat (?:do i do for a living|is my (?:job|profession))\b", re.IGNORECASE)
_ASKS_FAVOURITE = re.compile(r"\bwhat(?:'s| is) my favou?rite (?P<kind>[\w ]{1,40})", re.IGNORECASE)
_ASKS_ALL = re.compile(
    r"\bwhat (?:did|have) i (?:just )?(?:tell|told|say|said|ask|asked)\b|\bwhat (?:do|should) you remember\b"
    r"|\bdo you remember what i\b|\bwhat do you know about me\b",
    re.IGNORECASE,
)
_MINE = re.compile(r"\b(?P<whose>my|the) (?P<kind>[\w ]{1,40}?) is\s+(?P<fact>[^.;!?\n]+)", re.IGNORECASE)
_ASKS_MINE = re.compile(r"\bwhat(?:'s| is| was) (?P<whose>my|the) (?P<kind>[\w ]{1,40})", re.IGNORECASE)


def recall(case: Case) -> str | None:
    """Answer a question about what the user said earlier in the conversation."""
    if _ASKS_NAME.search(case.text):
        name = _last(_NAME, case) or _last(_SHORT_NAME, case)
        return f"Your name is {name}." if name else "You have not told me your name."
    for asks, facts, words in (
        (_ASKS_LIKE, _LIKE, "You like {}."),
        (_ASKS_HOME, _HOME, "You live in {}."),
        (_ASKS_WORK, _WORK, "You are a {}."),
    ):
        if asks.search(case.text):
            fact = _last(facts, case)
            return words.format(fact) if fact else "You have not told me that."
    return _kind(case) or _everything(case)


def acknowledge(case: Case) -> str | None:
    """Confirm something the user has just told."""
    if "?" in case.text:
        return None
    name = _NAME.search(case.text)
    if name is not None:
        return f"Nice to meet you, {name['fact'].strip()}."
    told = _REMEMBER.search(case.text)
    if told is not None:
        return f"I will remember that {_sentence(told)}."
    mine = _MINE.search(case.text)
    if (mine is not None and mine["whose"].lower() == "my") or any(
        pattern.search(case.text) for pattern in (_LIKE, _HOME, _FAVOURITE)
    ):
        return "Thank you for telling me; I will keep it in mind."
    return None


def _kind(case: Case) -> str | None:
    favourite = _ASKS_FAVOURITE.search(case.text)
    asked = favourite or _ASKS_MINE.search(case.text)
    if asked is None:
        return None
    pattern, label = (_FAVOURITE, "favourite ") if favourite else (_MINE, "")
    wanted = asked["kind"].strip().lower()
    for text in reversed(case.user_texts()):
        for found in reversed(list(pattern.finditer(text))):
            if found["kind"].strip().lower() == wanted:
                whose = "The" if not favourite and found["whose"].lower() == "the" else "Your"
                return f"{whose} {label}{wanted} is {found['fact'].strip()}."
    # "what is the …" may well be meant for another rule
    known_unknown = favourite or asked["whose"].lower() == "my"
    return f"You have not told me your {label}{wanted}." if known_unknown else None


def _everything(case: Case) -> str | None:
    if not _ASKS_ALL.search(case.text):
        return None
    told = [_sentence(found) for text in case.user_texts() for found in _REMEMBER.finditer(text)]
    if told:
        return "You asked me to remember: " + "; ".join(told) + "."
    said = case.user_texts()
    return f'You told me: "{said[-1].strip()}"' if said else "You have not told me anything yet."


def _sentence(found: re.Match[str]) -> str:
    fact = found["fact"].strip()
    return fact[:-1] if fact.endswith((".", "!")) else fact


def _last(pattern: re.Pattern[str], case: Case) -> str | None:
    for text in reversed(case.user_texts()):
        found = list(pattern.finditer(text))
        if found:
            return found[-1]["fact"].strip()
    return None
