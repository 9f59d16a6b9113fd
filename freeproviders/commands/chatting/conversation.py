"""A conversation: who said what, and the thread of the service that keeps it. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from freeproviders.commands.services import Services
from freeproviders.wire import Image, Prompt, Turn

__all__ = ["Conversation", "Said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that was said.

    Attributes:
        role: Who said it.
        text: What.
        images: Images shown with it.
        by: The service that said it.
        model: Its model.
        seconds: How long it took.
        complete: Whether it came to its end.
    """

    role: Literal["user", "assistant"]
    text: str
    images: tuple[Image, ...] = ()
    by: str = ""
    model: str = ""
    seconds: float = 0.0
    complete: bool = True


class Conversation:
    """What was said so far; asked of one service after another, it goes on with all of it.

    Args:
        said: What was said before.
        system: What the model is told first.
        thread: The service's own thread, if the conversation goes on at the service that keeps it.
        keeper: Name of that service.

    Attributes:
        said: What was said so far; a question without an answer is not part of it.
        system: What the model is told first.
        unanswered: The last question, if it got no answer.
    """

    def __init__(
        self,
        said: Sequence[Said] = (),
        *,
        system: str = "",
        thread: Mapping[str, Any] | None = None,
        keeper: str = "",
    ) -> None:
        self.said: list[Said] = list(said)
        self.system: str = system
        self.unanswered: Said | None = None
        self._thread, self._keeper = thread, keeper

    @property
    def thread(self) -> Mapping[str, Any] | None:
        """The thread of the service that keeps the conversation, if one does."""
        return self._thread

    @property
    def keeper(self) -> str:
        """Name of the service that keeps it."""
        return self._keeper

    def prompt(self, question: Said, services: Services) -> Prompt:
        """What to ask. The service that keeps the conversation takes what is new of it; others get it whole."""
        system = [Turn(role="system", text=self.system)] if self.system else []
        turns = [Turn(role=one.role, text=one.text, images=one.images if services.sees else ()) for one in self.said]
        turns.append(Turn(role="user", text=question.text, images=question.images))
        thread: Mapping[str, Any] | None = None
        if services.keeps_threads:
            known = self._thread is not None and self._keeper == services.label
            thread = self._thread if known else {}
        return Prompt(turns=(*system, *turns), model=services.model, thread=thread)

    def hides(self, services: Services) -> bool:
        """Whether there are images in it which none of these services sees, so that they go without."""
        return not services.sees and any(one.images for one in self.said)

    def answered(self, question: Said, answer: Said, thread: Mapping[str, Any] | None, services: Services) -> None:
        """Takes over a question and its answer; an answer that broke off without any text leaves the question open."""
        if not answer.text:
            self.unanswered = question
            self.forget_thread()
            return
        self.said += [question, answer]
        self.unanswered = None
        # What a service keeps of an answer that broke off is not known: the next question tells it everything anew.
        self._thread, self._keeper = (thread, services.label) if answer.complete else (None, "")

    def forget_thread(self) -> None:
        """Begins a new thread with the next question, which tells the service everything."""
        self._thread, self._keeper = None, ""

    def again(self) -> Said | None:
        """The last question, to be asked once more; its answer is forgotten."""
        if self.unanswered is not None:
            return self.unanswered
        if not self.said:
            return None
        question = self.said[-2]
        del self.said[-2:]
        self.forget_thread()
        return question
