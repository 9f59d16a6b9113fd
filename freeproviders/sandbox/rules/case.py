"""What a rule looks at: the `Case`, read out of a question, or out of the transcript inside its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from freeproviders.sandbox.brain import Question

_ROLES = {"system": "system", "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant"}
# One family per transcript: a prompt about a conversation holds labels of another family, which are plain text there.
_FOLDED = "System: "
_FAMILIES = (("System", "User", "Assistant"), ("System", "Human", "AI"), ("system", "user", "assistant"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, taken apart.

    Attributes:
        text: Newest user text.
        system: All system text.
        history: Earlier (role, text) pairs.
    """

    text: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()

    def user_texts(self) -> list[str]:
        """Give what the user said earlier, oldest first."""
        return [text for role, text in self.history if role == "user"]


def read(question: Question) -> Case:
    """Take a question apart.

    A text counts as a transcript if it begins with a role label, or has a user's label and ends with the cue
    "Assistant:". Text before the first label is system text, as clients that fold the system message write it.

    Args:
        question: The question.

    Returns:
        The case.
    """
    folded, history = _unfolded(question.history)
    turns = _turns(question.text)
    if turns is None:
        return Case(text=question.text, system=_joined([question.system, *folded]), history=history)
    system = [question.system, *folded, *(text for role, text in turns if role == "system")]
    spoken = [(role, text) for role, text in turns if role != "system"]
    if spoken and spoken[-1][0] == "assistant" and not spoken[-1][1].strip():
        spoken.pop()
    last = max((at for at, (role, _) in enumerate(spoken) if role == "user"), default=None)
    newest = spoken.pop(last)[1] if last is not None else ""
    return Case(
        text=newest,
        system=_joined(system),
        history=(*history, *spoken),
    )


def _joined(parts: list[str]) -> str:
    return "\n".join(filter(None, parts))


def _unfolded(history: tuple[tuple[str, str], ...]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Take apart earlier user turns that are transcripts; services with history but no system text get such a first."""
    system: list[str] = []
    spoken: list[tuple[str, str]] = []
    for role, text in history:
        turns = _turns(text) if role == "user" and text.startswith(_FOLDED) else None
        for part_role, part in turns or [(role, text)]:
            if part_role == "system":
                system.append(part)
            elif part or turns is None:
                spoken.append((part_role, part))
    return system, tuple(spoken)


def _turns(text: str) -> list[tuple[str, str]] | None:
    for family in _FAMILIES:
        labels = list(re.finditer(rf"^({'|'.join(family)}): ?", text, re.MULTILINE))
        begins = bool(labels) and not text[: labels[0].start()].strip()
        cued = text.rstrip().rpartition("\n")[2].strip() == f"{family[2]}:"
        if (begins or cued) and any(label[1] == family[1] for label in labels):
            return _split(text, labels)
    return None


def _split(text: str, labels: list[re.Match[str]]) -> list[tuple[str, str]]:
    turns = [("system", text[: labels[0].start()].strip())]
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=True):
        turns.append((_ROLES[label[1].lower()], text[label.end() : end].strip()))
    return turns
