"""Servers that speak OpenAI's chat completions: a hosted service by a preset, or any other by its ``base_url``.

Protocol and evidence: docs/wire/openai_compatible.md. What is known of hosted services: ``freeproviders.presets``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

from freeproviders._version import __version__
from freeproviders.decode import Mapped
from freeproviders.errors import InvalidSetting, LoginRequired, ProviderError, UnsupportedContent
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.providers.openai_chunks import Chunks
from freeproviders.providers.openai_errors import refusal, stream_error
from freeproviders.providers.openai_keys import Discreet, advice, filled, found, hidden, missing_name, place_of
from freeproviders.providers.openai_replies import Completion
from freeproviders.providers.openai_requests import messages, options, told
from freeproviders.providers.openai_tools import travels, wire_names
from freeproviders.providers.openai_values import model_names, wrong_setting
from freeproviders.settings import variable
from freeproviders.tools.wording import dumped
from freeproviders.wire import Exchange, Prompt, Reply, Request

__all__ = ["OpenAICompatible"]

P = TypeVar("P", bound="OpenAICompatible")


@dataclass(frozen=True, kw_only=True)
class OpenAICompatible(Provider):
    """A server with OpenAI's chat completions; by default one on this machine.

    Attributes:
        path: Of the answer's request.
        models_path: Of the list of models; empty where there is none.
        api_key: Sent as ``Authorization: Bearer``. Where it is empty, the service's own variables are looked at when
            something is asked, and sent to its own address alone. Servers on this machine need none.
        models: Model names; the first is the default in place of the card's. Others are accepted too.
        tool_mode: How tools and schemas are asked for: ``"native"`` by fields of the protocol, ``"prompted"`` in
            words, ``"auto"`` natively where the card says that the model can.
        images: Whether the model is shown images: ``"yes"``, ``"no"``, or ``"auto"`` where the card says that it sees.
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
    images: str = "auto"
    stream_usage: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_line("api_key", self.api_key)
        if wrong := wrong_setting(self):
            raise InvalidSetting(wrong, provider=self.card.name)

    @classmethod
    def configure(cls: type[P], given: Mapping[str, Any]) -> P:
        """As in ``Provider``; names in braces in ``base_url`` are filled in from the environment."""
        made = super().configure(given)
        return replace(made, base_url=filled(made.base_url))

    def with_settings(self: P, changes: Mapping[str, Any]) -> P:
        """As in ``Provider``; a key that was given for one address does not go along to another."""
        changed = super().with_settings(changes)
        stays = changes.get("api_key") is not None or place_of(changed.base_url) == place_of(self.base_url)
        return changed if stays else replace(changed, api_key="")

    @property
    def at_home(self) -> bool:
        """Whether ``base_url`` leads to the service's own address; no other is sent a key that was not given for it."""
        return place_of(self.base_url) == place_of(filled(type(self).base_url))

    @property
    def sees_images(self) -> bool:
        """Whether images are shown to the model, by the setting ``images``, else by the card."""
        return self.card.images_in if self.images == "auto" else self.images == "yes"

    @property
    def _key(self) -> str:
        # Looked up anew each time: what is kept would go along to another address, into copies and into pickles.
        return self.api_key or (found(self.key_variables) if self.at_home else "")

    def model_name(self, prompt: Prompt) -> str:
        """The model a prompt asks for; by default the first of the setting ``models``, then the card's."""
        return super().model_name(replace(prompt, model=prompt.model or next(filter(None, self.models), None)))

    def native(self, prompt: Prompt) -> bool:
        """Whether tools, calls and schema travel as fields; both at once do not, as few servers take that."""
        return travels(prompt, self.card, self.tool_mode)

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request, whose answer streams."""
        json_mode, names = self.card.native_json or "schema", wire_names(prompt.tools)
        body = {
            "model": self.model_name(prompt),
            "messages": list(messages(told(prompt, json_mode=json_mode).turns, names)),
            **options(prompt, names, json_mode=json_mode, usage=self.stream_usage),
            **self.extra_body,
        }
        if not any(turn.images for turn in prompt.turns):
            self.checked("".join(turn.text for turn in prompt.turns))
        replies = Completion(prompt, names, self._reported)
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers=self._headers("text/event-stream, application/json"),
            body=body,
            decoder=Discreet(Mapped(Chunks(self.max_line_bytes), replies.read), self._key),
        )
        return {}

    def served_models(self) -> Exchange:
        """A plain exchange for ``Client.run``: names of the models that the server has by now."""
        if not self.models_path:
            raise UnsupportedContent("the service has no list of its models", provider=self.card.name)
        reply = yield Request(path=self.models_path, method="GET", headers=self._headers("application/json"))
        return model_names(hidden(reply, self._key))

    def failure(self, reply: Reply) -> ProviderError | None:
        """The error a reply's status stands for, by the code in its body where there is one."""
        return refusal(self.card.name, hidden(reply, self._key), self._key_advice)

    def _reported(self, value: Mapping[str, Any]) -> ProviderError:
        reply = Reply(status=200, body=dumped(value).encode(errors="replace"))
        return stream_error(self.card.name, hidden(reply, self._key), self._key_advice)

    @property
    def _key_advice(self) -> str:
        return advice((*self.key_variables, variable(self.card.name, "api_key")), self.key_url)

    def _headers(self, accept: str) -> dict[str, str]:
        key = self._key
        if self.key_needed and self.at_home and not key:
            raise LoginRequired(f"there is no key for this service. {self._key_advice}", provider=self.card.name)
        if missing := missing_name(self.base_url):
            raise InvalidSetting(f"set the environment variable {missing}, or base_url", provider=self.card.name)
        headers = {**self.headers(accept=accept, referer=""), "Authorization": key and f"Bearer {key}"}
        return {name: value for name, value in headers.items() if value}
