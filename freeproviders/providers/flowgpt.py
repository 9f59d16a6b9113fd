"""FlowGpt (flowgpt.com): NDJSON, a signed request, fields for system prompt, history and temperature.

Protocol and evidence: docs/wire/flowgpt.md.
"""

import hashlib
import secrets
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from freeproviders import prompts
from freeproviders.decode import Mapped, Ndjson
from freeproviders.errors import BadReply, LoginRequired, RequestRejected
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.status import message_in
from freeproviders.wire import Event, Exchange, Prompt, Reply, Request

__all__ = ["FlowGpt", "signature"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"


def signature(timestamp: str, nonce: str, authorization: str) -> str:
    """Value of ``x-signature``: the MD5, as lower-case hex, of the three joined by hyphens.

    Args:
        timestamp: Unix time in whole seconds.
        nonce: 32 lower-case hex digits.
        authorization: The whole ``Authorization`` header, ``Bearer`` included.
    """
    return hashlib.md5(f"{timestamp}-{nonce}-{authorization}".encode(), usedforsecurity=False).hexdigest()


def new_device_id() -> str:
    """A device id in the form browsers have: 21 letters, digits, ``_`` or ``-``."""
    return "".join(_ALPHABET[byte % 64] for byte in secrets.token_bytes(21))


@dataclass(frozen=True, kw_only=True)
class FlowGpt(Provider):
    """The anonymous route of flowgpt.com.

    Attributes:
        path: Of the answer's request.
        authorization: The whole ``Authorization`` header; ``Bearer null`` is the anonymous one.
        device_id: Sent as ``x-flow-device-id``. One is made for each instance and stays: a new device with every
            call looks like abuse.
        prompt_id: A character's id; by default ``model-<model>``, the plain model.
        greeting: The assistant's opening line that the site puts before the history; empty for none.
        default_system: The system prompt where the conversation has none, as the site sends one.
        nsfw: The site's switch of that name.
    """

    card: ClassVar[Card] = catalogue.FLOWGPT

    base_url: str = "https://prod-backend-k8s.flowgpt.com"
    origin: str = "https://flowgpt.com"
    path: str = "/v3/chat-anonymous"
    authorization: str = field(default="Bearer null", repr=False)
    device_id: str = field(default_factory=new_device_id, repr=False)
    prompt_id: str = ""
    greeting: str = "Hello, how can I help you today?"
    default_system: str = "You are a helpful assistant."
    nsfw: bool = False

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request; once more with a fresh signature where the first is refused (401 or 403)."""
        body = self._body(prompt)
        try:
            yield self._request(body)
        except RequestRejected as error:
            if error.status not in (401, 403):
                raise
            yield from self._last_try(body)
        return {}

    def _last_try(self, body: dict[str, Any]) -> Generator[Request, Reply, None]:
        try:
            yield self._request(body)
        except RequestRejected as error:
            raise LoginRequired(error.message, provider=self.card.name, status=error.status) from error

    def _request(self, body: dict[str, Any]) -> Request:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        return Request(
            path=self.path,
            query=self.extra_query,
            headers={
                **self.headers(accept="*/*", referer=f"{self.origin}/"),
                "Authorization": self.authorization,
                "x-flow-device-id": self.device_id,
                "x-timestamp": timestamp,
                "x-nonce": nonce,
                "x-signature": signature(timestamp, nonce, self.authorization),
            },
            body=body,
            decoder=Mapped(Ndjson(self.max_line_bytes), self._read),
        )

    def _body(self, prompt: Prompt) -> dict[str, Any]:
        model = self.model_name(prompt)
        turns = list(prompts.without_system(prompt.turns))
        # The newest words are the question; after an assistant's turn there are none, and it is asked to go on.
        question = turns.pop().text if turns and turns[-1].role == "user" else prompts.GO_ON
        history = [{"role": "assistant", "content": self.greeting}] if self.greeting else []
        history += [{"role": turn.role, "content": turn.text} for turn in turns]
        system = prompts.system_text(prompt.turns)
        self.checked(question + system + "".join(turn.text for turn in turns))
        return {
            "model": model,
            "nsfw": self.nsfw,
            "question": question,
            "history": history,
            "system": system or self.default_system,
            "temperature": 0.7 if prompt.temperature is None else prompt.temperature,
            "promptId": self.prompt_id or f"model-{model}",
            "documentIds": [],
            "chatFileDocumentIds": [],
            "generateImage": False,
            "generateAudio": False,
            **self.extra_body,
        }

    def _read(self, line: Any) -> Iterator[str | Event]:
        if not isinstance(line, dict):
            raise BadReply(f"expected an object on each line, got {str(line)[:120]!r}", provider=self.card.name)
        kind, data = line.get("event"), line.get("data")
        if kind == "text" and isinstance(data, str):
            yield data
        elif kind == "error" or (kind is None and ("error" in line or "message" in line)):
            raise BadReply(f"the service reported: {message_in(line)[:200]!r}", provider=self.card.name)
