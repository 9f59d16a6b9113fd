"""The chat itself: asks, shows, remembers. Its commands are in ``slash``."""

import contextlib
import time
from typing import TYPE_CHECKING

from freeproviders.commands import explained
from freeproviders.commands.asking import answerer, news
from freeproviders.commands.chatting.conversation import Conversation, Said
from freeproviders.commands.chatting.screens import Answering, Screen
from freeproviders.commands.services import Services
from freeproviders.errors import InvalidSetting, ProviderError
from freeproviders.reports import Report
from freeproviders.wire import Done, Image, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["Chat"]


class Chat:
    """A conversation with services, on a screen.

    Args:
        services: Who is asked.
        conversation: What was said before.
        screen: Where it is shown.
        timeout: As in ``Services.of``.
        file: The file it came from.

    Attributes:
        services: Who is asked next.
        conversation: What was said so far.
        screen: Where it is shown.
        timeout: As in ``Services.of``.
        file: The file it was last saved to, or came from.
        images: What is shown to the model with the next question.
        failures: How many questions and commands have failed.
    """

    def __init__(
        self,
        services: Services,
        conversation: Conversation,
        screen: Screen,
        *,
        timeout: float | None = None,
        file: str | None = None,
    ) -> None:
        self.services: Services = services
        self.conversation: Conversation = conversation
        self.screen: Screen = screen
        self.timeout: float | None = timeout
        self.file: str | None = file
        self.images: tuple[Image, ...] = ()
        self.failures: int = 0

    def ask(self, text: str) -> None:
        """Asks a question, and shows the answer."""
        images, self.images = self.images, ()
        self.put(Said(role="user", text=text, images=images))

    def put(self, question: Said) -> None:
        """Asks a question, and shows the answer.

        Raises:
            KeyboardInterrupt: If nobody is there to go on after Ctrl-C.
        """
        answer = _Answer()
        began, failure, stopped = time.monotonic(), "", False
        try:
            with self.screen.answering(self.services.label) as shown:
                self._stream(question, answer, shown)
        except ProviderError as error:
            failure = explained(error)
        except KeyboardInterrupt:
            if not self.screen.prompts:
                raise
            stopped = True
        said = self._said(answer, round(time.monotonic() - began, 3), complete=not (failure or stopped))
        self.conversation.answered(question, said, answer.metadata.get("thread"), self.services)
        if failure:
            self.fail(f"{failure.removesuffix('.')}. {_what_now(said)}")
        else:
            self.screen.footer(f"Stopped. {_what_now(said)}" if stopped else _signed(said, answer.metadata))

    def _said(self, answer: "_Answer", seconds: float, *, complete: bool) -> Said:
        by, model = answerer(answer.metadata) if answer.metadata else (self.services.label, "")
        return Said(role="assistant", text=answer.text, by=by, model=model, seconds=seconds, complete=complete)

    def _stream(self, question: Said, answer: "_Answer", shown: Answering) -> None:
        async def listen(report: Report) -> None:
            if told := news(report):
                shown.news(told)

        prompt = self.conversation.prompt(question, self.services)
        with contextlib.closing(self.services.face.stream(prompt, listen=listen)) as events:
            for event in events:
                if isinstance(event, Text):
                    answer.text += event.text
                    shown.text(event.text)
                elif isinstance(event, Image):
                    answer.text += f"\n\n{event.url or 'an image'}\n\n"
                    shown.text(f"\n\n{event.url or '(an image without an address: use /image -o FILE)'}\n\n")
                elif isinstance(event, Done):
                    answer.metadata = event.metadata

    def fail(self, text: str) -> None:
        """Shows what went wrong."""
        self.failures += 1
        self.screen.problem(text)

    def switch(self, names: list[str]) -> None:
        """Goes on with other services.

        Raises:
            InvalidSetting: If there is none of such a name.
        """
        if not names:
            raise InvalidSetting(f"now asked: {self.services.label}. To ask another: /switch yqcloud:gpt-4")
        self.services = Services.of(names, timeout=self.timeout)


class _Answer:
    def __init__(self) -> None:
        self.text: str = ""
        self.metadata: Mapping[str, Any] = {}


def _signed(said: Said, metadata: "Mapping[str, Any]") -> str:
    """Who answered, after whom, and by which sources."""
    tried = [f"{one['candidate']} ({one['error']})" for one in metadata.get("tried", ()) if "error" in one]
    parts = [*dict.fromkeys(filter(None, (said.by, said.model))), f"{said.seconds:.1f} s"]
    if tried:
        parts.append(f"after {', '.join(tried)}")
    return "\n".join([" · ".join(parts), *map(str, metadata.get("citations") or ())])


def _what_now(said: Said) -> str:
    return f"{'What there is of it counts as said. ' if said.text else ''}/retry asks again."
