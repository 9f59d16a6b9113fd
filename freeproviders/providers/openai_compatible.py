"""Servers that speak OpenAI's chat completions: a hosted service by a preset, or any other by its ``base_url``.

Protocol and evidence: docs/wire/openai_compatible.md. What is known of hosted services: ``freeproviders.presets``.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from freeproviders._version import __version__
from freeproviders.decode import Mapped
from freeproviders.errors import InvalidSetting, LoginRequired, ProviderError, UnsupportedContent
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.providers.openai_chunks import Chunks
from freeproviders.providers.openai_errors import refusal, stream_error
from freeproviders.providers.openai_replies import Completion
from freeproviders.providers.openai_requests import messages, options, told
from freeproviders.providers.openai_values import model_names, wrong_setting
from freeproviders.settings import variable
from freeproviders.tools.wording import dumped
from freeproviders.wire import Exchange, Prompt, Reply, Request

__all__ = ["OpenAICompatible"]

_BRACES = re.compile(r"\{([A-Z0-9_]+)\}")

P = TypeVar("P", bound="OpenAICompatible")


@dataclass(frozen=True, kw_only=True)
class OpenAICompatible(Provider):
    """A server with OpenAI's chat completions; by default one on this machine.

    Attributes:
        path: Of the answer's request.
        models_path: Of the list of models; empty where there is none.
        api_key: Sent as ``Authorization: Bearer``; by default from the environment. Servers on this machine need none.
        models: Model names; the first is the default in place of the card's. Others are accepted too.
        tool_mode: How tools and schemas are asked for: ``"native"`` by fields of the protocol, ``"prompted"`` in
            words, ``"auto"`` natively where the card says that the model can.
        stream_usage: Whether the server is asked to count tokens; a few refuse the field for it.
    """

    card: ClassVar[Card] = catalogue.OPENAI_COMPATIBLE
    key_variables: ClassVar[tuple[str, ...]] = ()
    key_needed: ClassVar[bool] = False
    key_url: ClassVar[str] = ""

    base_url: str = "http://localhost:8000/v1"
    user_agent: str = f"freeproviders/{__version__}"
    path: str = "/chat/completions"
    models_path: str = "/models"
    api_key: str = field(default="", repr=False)
    tool_mode: str = "auto"
    stream_usage: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_line("api_key", self.api_key)
        if wrong := wrong_setting(self.path, self.models_path, self.tool_mode):
            raise InvalidSetting(wrong, provider=self.card.name)

    @classmethod
    def configure(cls: type[P], given: Mapping[str, Any]) -> P:
        """As in ``Provider``; names in braces in ``base_url`` and a missing key are filled in from the environment."""
        made = super().configure(given)
        base_url = _BRACES.sub(lambda found: os.environ.get(found[1]) or found[0], made.base_url)
        keys = (os.environ.get(name, "") for name in cls.key_variables if made.at_home)
        return replace(made, base_url=base_url, api_key=made.api_key or next(filter(None, keys), ""))

    @property
    def at_home(self) -> bool:
        """Whether ``base_url`` leads to the service's own host; no other is sent a key that was not given for it."""
        return urlsplit(self.base_url).hostname == urlsplit(type(self).base_url).hostname

    def model_name(self, prompt: Prompt) -> str:
        """The model a prompt asks for; by default the first of the setting ``models``, then the card's."""
        return super().model_name(prompt if prompt.model or not self.models else replace(prompt, model=self.models[0]))

    def native(self, prompt: Prompt) -> bool:
        """Whether tools, calls and schema travel as fields; both at once do not, as few servers take that."""
        if self.tool_mode == "prompted" or (prompt.tools and prompt.schema is not None):
            return False
        if prompt.schema is not None:
            return prompt.schema.get("type") == "object" and bool(self.card.native_json or self.tool_mode == "native")
        return self.card.native_tools or self.tool_mode == "native"

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request, whose answer streams."""
        json_mode = self.card.native_json or "schema"
        body = {
            "model": self.model_name(prompt),
            "messages": list(messages(told(prompt, json_mode=json_mode).turns)),
            **options(prompt, json_mode=json_mode, usage=self.stream_usage),
            **self.extra_body,
        }
        if not any(turn.images for turn in prompt.turns):
            self.checked("".join(turn.text for turn in prompt.turns))
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers=self._headers("text/event-stream, application/json"),
            body=body,
            decoder=Mapped(Chunks(self.max_line_bytes), Completion(prompt, self._reported).read),
        )
        return {}

    def served_models(self) -> Exchange:
        """A plain exchange for ``Client.run``: names of the models that the server has by now."""
        if not self.models_path:
            raise UnsupportedContent("the service has no list of its models", provider=self.card.name)
        reply = yield Request(path=self.models_path, method="GET", headers=self._headers("application/json"))
        return model_names(reply)

    def failure(self, reply: Reply) -> ProviderError | None:
        """The error a reply's status stands for, by the code in its body where there is one."""
        return refusal(self.card.name, self._without_key(reply), self._key_advice)

    def _reported(self, value: Mapping[str, Any]) -> ProviderError:
        reply = self._without_key(Reply(status=200, body=dumped(value).encode(errors="replace")))
        return stream_error(self.card.name, reply, self._key_advice)

    def _without_key(self, reply: Reply) -> Reply:
        # Some servers quote the key they refuse.
        return replace(reply, body=reply.body.replace(self.api_key.encode(), b"...")) if self.api_key else reply

    @property
    def _key_advice(self) -> str:
        names = " or ".join((*self.key_variables, variable(self.card.name, "api_key")))
        where = f" There is one at {self.key_url}." if self.key_url else ""
        return f"Its key comes from api_key= or the environment variable {names}.{where}"

    def _headers(self, accept: str) -> dict[str, str]:
        if self.key_needed and self.at_home and not self.api_key:
            raise LoginRequired(f"there is no key for this service. {self._key_advice}", provider=self.card.name)
        if missing := _BRACES.search(self.base_url):
            raise InvalidSetting(f"set the environment variable {missing[1]}, or base_url", provider=self.card.name)
        authorization = self.api_key and f"Bearer {self.api_key}"
        headers = {**self.headers(accept=accept, referer=""), "Authorization": authorization}
        return {name: value for name, value in headers.items() if value}
