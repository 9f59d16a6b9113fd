"""The image listener's only service: serves the pictures AiChats has made, well or badly, on an origin of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from freeproviders.sandbox.answer import Answer, Frame, Refusal, bytes_answer, frames
from freeproviders.sandbox.media import JPEG, png
from freeproviders.sandbox.service import Exchange, Route, Service

KINDS = ("png", "jpeg", "oversized", "expired", "not_an_image", "redirect_private")
OVERSIZE = 64 * 1024 * 1024
_BLOCK = 64 * 1024
_PAGE = b"<!DOCTYPE html><html><head><title>Image</title></head><body>This image is gone.</body></html>"
_EXPIRED = (
    b'<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Signature not valid</Message></Error>'
)


class Pictures(Service):
    """Pictures by number; each keeps the prompt it was made from and how it shall behave."""

    name = "img"

    def __init__(self) -> None:
        self._made: list[tuple[str, str]] = []
        self.routes: tuple[Route, ...] = (
            Route(method="GET", path=r"/\d+\.(?:png|jpg)", endpoint="image", handler=self._serve),
        )

    def add(self, prompt: str, kind: str) -> str:
        """Make a picture.

        Args:
            prompt: What it shows.
            kind: One of `KINDS`.

        Returns:
            Its path on the image listener.
        """
        self._made.append((prompt, kind))
        return f"/{self.name}/{len(self._made)}.{'jpg' if kind == 'jpeg' else 'png'}"

    def reset(self) -> None:
        """Forget all pictures."""
        self._made.clear()

    def error_body(self, status: int, message: str) -> tuple[str, bytes]:
        """Write plain text."""
        return "text/plain; charset=utf-8", f"{status} {message}".encode()

    async def _serve(self, exchange: Exchange) -> Answer:
        number = int(exchange.received.path[1:].partition(".")[0])
        if not 1 <= number <= len(self._made):
            raise Refusal(404, "sandbox: no such picture")
        prompt, kind = self._made[number - 1]
        return _answer(prompt, kind)


def _answer(prompt: str, kind: str) -> Answer:
    if kind == "oversized":
        return Answer(frames=_flood(png(prompt)), content_type="image/png", length=OVERSIZE)
    if kind == "expired":
        return bytes_answer(_EXPIRED, "application/xml", status=403)
    if kind == "not_an_image":
        return bytes_answer(_PAGE, "text/html; charset=utf-8")
    if kind == "redirect_private":
        headers = {"Location": "http://10.0.0.1/x"}
        return Answer(frames=frames([]), content_type="text/plain", status=302, headers=headers)
    data, media = (JPEG, "image/jpeg") if kind == "jpeg" else (png(prompt), "image/png")
    return Answer(frames=frames([data]), content_type=media, length=len(data))


async def _flood(head: bytes) -> AsyncGenerator[Frame, None]:
    yield Frame(data=head)
    left = OVERSIZE - len(head)
    while left:
        part = bytes(min(_BLOCK, left))
        left -= len(part)
        yield Frame(data=part)
