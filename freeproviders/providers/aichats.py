"""AiChats (ai-chats.org): server-sent events whose data is plain text; images as an OpenAI-like JSON object.

Protocol and evidence: docs/wire/aichats.md.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from freeproviders import prompts
from freeproviders.decode import Json, Mapped, ServerSentEvent, Sse, checked_text
from freeproviders.errors import BadReply
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.wire import Event, Exchange, Image, Prompt, Request, Text

__all__ = ["AiChats"]

# Blank, JSON, a page, or the fields of an event stream.
_NO_TEXT = re.compile(r"\s*($|[{\[<:]|(data|event|id|retry):)")


@dataclass(frozen=True, kw_only=True)
class AiChats(Provider):
    """The service at ai-chats.org. The model ``dalle`` answers with an image.

    Attributes:
        path: Of the answer's request.
    """

    card: ClassVar[Card] = catalogue.AICHATS

    base_url: str = "https://ai-chats.org"
    origin: str = "https://ai-chats.org"
    path: str = "/chat/send2/"

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request. The wire knows no earlier turns: a transcript for text, the newest words for an image."""
        image = self.model_name(prompt) in self.card.image_models
        if image:
            text = "\n".join(turn.text for turn in prompts.newest(prompts.without_system(prompt.turns)))
        else:
            text = prompts.transcript(prompt.turns)
        kind = "image" if image else "chat"
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers=self.headers(
                accept="application/json, text/event-stream",
                referer=f"{self.origin}/{kind}/",
            ),
            body={"type": kind, "messagesHistory": [{"from": "you", "content": self.checked(text)}], **self.extra_body},
            decoder=Mapped(Json(), self._read_image) if image else TextEvents(self.max_line_bytes),
        )
        return {}

    def _read_image(self, reply: Any) -> Iterator[Event]:
        try:
            first = reply["data"][0]
            if data := first.get("b64_json"):
                yield _from_base64(data)
            else:
                yield _from_url(first["url"])
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise BadReply(f"no image at data[0].url in {str(reply)[:200]!r}", provider=self.card.name) from error


def _from_url(url: str) -> Image:
    if url.startswith(("http://", "https://")):
        return Image(url=url)
    head, _, data = url.partition(",")
    if not head.startswith("data:"):
        raise ValueError("neither an address nor a data URI")
    return _from_base64(data, head.removeprefix("data:").partition(";")[0] or None)


def _from_base64(data: str, mime_type: str | None = None) -> Image:
    content = base64.b64decode(data, validate=True)
    if not content:
        raise ValueError("no bytes")
    return Image(data=content, mime_type=mime_type)


class TextEvents(Mapped[ServerSentEvent]):
    """Server-sent events whose data is text. A body without any ``data:`` line is itself the text.

    One public client falls back so; a body that is JSON or a page is still no answer.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(Sse(limit), lambda event: (event.data,))
        self._unframed: list[bytes] | None = []

    def feed(self, data: bytes) -> list[Event]:
        """Events completed by these bytes."""
        events = super().feed(data)
        if events:
            self._unframed = None
        elif self._unframed is not None:
            self._unframed.append(data)
        return events

    def finish(self) -> list[Event]:
        """The last event, or the unframed text."""
        events = super().finish()
        unframed, self._unframed = self._unframed, None
        if events or unframed is None:
            return events
        text = b"".join(unframed).decode("utf-8-sig", errors="replace")
        return [] if _NO_TEXT.match(text) else [Text(checked_text(text))]
