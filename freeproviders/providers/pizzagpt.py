"""Pizzagpt (pizzagpt.it): one JSON object per answer, a fixed word in the ``x-secret`` header.

Protocol and evidence: docs/wire/pizzagpt.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from freeproviders import prompts
from freeproviders.decode import Json, Mapped
from freeproviders.errors import BadReply, InvalidSetting
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.screening import notice
from freeproviders.wire import Event, Exchange, Fact, Prompt, Request, Turn

__all__ = ["Pizzagpt"]

_GENERATIONS = ("2025-09", "2025-02", "2024-01")
# Sentences that come with HTTP 200 as the answer; their letter case varied between reports.
_NOTICES = {
    "misuse detected": "The service took the prompt for abuse, as it does long ones: wait, or use another.",
    "du musst das kästchen anklicken": "The service wants its checkbox ticked: open the site and pass its cookies.",
}


@dataclass(frozen=True, kw_only=True)
class Pizzagpt(Provider):
    """The service at pizzagpt.it.

    Attributes:
        path: Of the answer's request.
        secret: Word of the ``x-secret`` header. Known so far: Diavola (2025-09), Marinara (before).
        generation: Month since which the site has used that form of body: ``"2025-09"``, ``"2025-02"``, ``"2024-01"``.
        search_enabled: Lets the service search the web (not in generation 2024-01).
        study_mode: The site's study mode (generation 2025-09).
    """

    card: ClassVar[Card] = catalogue.PIZZAGPT

    base_url: str = "https://www.pizzagpt.it"
    origin: str = "https://www.pizzagpt.it"
    path: str = "/api/chatx-completion"
    secret: str = field(default="Diavola", repr=False)
    generation: str = _GENERATIONS[0]
    search_enabled: bool = False
    study_mode: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.generation not in _GENERATIONS:
            raise InvalidSetting(f"generation must be one of {_GENERATIONS}", provider="pizzagpt")

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request; the newest generation has a field for the history, the older ones get a transcript."""
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers={
                **self.headers(accept="application/json", referer=f"{self.origin}/en"),
                "x-secret": self.secret,
            },
            body={**self._body(prompt, self.model_name(prompt)), **self.extra_body},
            decoder=Mapped(Json(), self._read),
        )
        return {}

    def _body(self, prompt: Prompt, model: str) -> dict[str, Any]:
        if self.generation == "2025-09":
            turns = prompts.fold_system(prompt.turns)
            last = () if turns[-1].role == "user" else (Turn(role="user", text=prompts.GO_ON),)
            return self._body_with_history((*turns, *last))
        question = self.checked(prompts.transcript(prompt.turns))
        if self.generation == "2025-02":
            return {"question": question, "model": model, "searchEnabled": self.search_enabled}
        return {"question": question}

    def _body_with_history(self, turns: Sequence[Turn]) -> dict[str, Any]:
        chat = [{"text": turn.text, "sender": turn.role, "studyMode": self.study_mode} for turn in turns]
        self.checked("".join(turn.text for turn in turns))
        return {
            "question": turns[-1].text,
            "searchEnabled": self.search_enabled,
            "studyMode": self.study_mode,
            "chat": chat,
        }

    def _read(self, reply: Any) -> Iterator[str | Event]:
        # {"content": ...} since 2024-12, {"answer": {"content": ...}} before.
        holder = reply.get("answer") if isinstance(reply, dict) and "content" not in reply else reply
        content = holder.get("content") if isinstance(holder, dict) else None
        if not isinstance(content, str):
            raise BadReply(f"no text at content or answer.content in {str(reply)[:200]!r}", provider=self.card.name)
        for opening, advice in _NOTICES.items():
            if content.lstrip().casefold().startswith(opening):
                raise notice(self.card.name, content, advice)
        yield content
        if isinstance(holder, dict) and (citations := holder.get("citations")):
            yield Fact("citations", citations)
