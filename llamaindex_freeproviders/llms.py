"""The LLMs users name: one class a service, and one for any service by its name. Calls live in ``base``."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_serializer

from freeproviders import registry
from freeproviders.blocking import portal
from freeproviders.errors import InvalidSetting
from freeproviders.provider import Provider
from freeproviders.settings import nearest
from llamaindex_freeproviders.service import FreeProviderLLM

if TYPE_CHECKING:
    from freeproviders.providers import pi

__all__ = ["AiChats", "FlowGpt", "FreeProvider", "OpenAICompatible", "Pi", "Pizzagpt", "Yqcloud"]


class AiChats(FreeProviderLLM):
    """AiChats (ai-chats.org). The model ``dalle`` answers with an image.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        path: Path of the answer's request.
    """

    _name: ClassVar[str] = "aichats"

    path: str | None = None


class FlowGpt(FreeProviderLLM):
    """FlowGPT (flowgpt.com), its anonymous route: fields for system prompt, history and temperature.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        path: Path of the answer's request.
        authorization: The whole ``Authorization`` header; ``Bearer null`` is the anonymous one.
        device_id: Sent as ``x-flow-device-id``; one is made for each instance and stays with its copies.
        prompt_id: A character's id; by default that of the plain model.
        greeting: The assistant's opening line that the site puts before the history; empty for none.
        default_system: The system prompt where the conversation has none.
        nsfw: The site's switch of that name.
    """

    _name: ClassVar[str] = "flowgpt"

    path: str | None = None
    authorization: str | None = Field(default=None, exclude=True, repr=False)
    device_id: str | None = Field(default=None, exclude=True, repr=False)
    prompt_id: str | None = None
    greeting: str | None = None
    default_system: str | None = None
    nsfw: bool | None = None


class Pizzagpt(FreeProviderLLM):
    """Pizzagpt (pizzagpt.it): whole answers, no streaming by the service.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        path: Path of the answer's request.
        secret: Word of the ``x-secret`` header.
        generation: Form of the body: ``"2025-09"``, ``"2025-02"`` or ``"2024-01"``.
        search_enabled: Lets the service search the web.
        study_mode: The site's study mode.
    """

    _name: ClassVar[str] = "pizzagpt"

    path: str | None = None
    secret: str | None = Field(default=None, exclude=True, repr=False)
    generation: str | None = None
    search_enabled: bool | None = None
    study_mode: bool | None = None


class Yqcloud(FreeProviderLLM):
    """Yqcloud (chat9.yqcloud.top): a field for the system prompt, conversations kept by the service on request.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        path: Path of the answer's request.
        network: Lets the service search the web.
    """

    _name: ClassVar[str] = "yqcloud"

    path: str | None = None
    network: bool | None = None


class Pi(FreeProviderLLM):
    """Pi (pi.ai): conversations kept by the service; signed-in cookies are said to be needed.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        route: ``"v1"``, ``"v2"``, or ``"auto"``: v1, and v2 where v1 is gone.
        start: How a conversation begins: ``"start"`` or ``"conversations"``.
        start_version: ``X-Api-Version`` of the ``"start"`` way.
        conversations_version: ``X-Api-Version`` of the ``"conversations"`` way.
        api_version: ``X-Api-Version`` of the v1 chat route.
        v2_api_version: ``X-Api-Version`` of the v2 chat route.
    """

    _name: ClassVar[str] = "pi"

    route: str | None = None
    start: str | None = None
    start_version: str | None = None
    conversations_version: str | None = None
    api_version: str | None = None
    v2_api_version: str | None = None

    async def ahistory(self, thread: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All messages of a conversation that Pi keeps.

        Args:
            thread: ``raw["thread"]`` of an answer.

        Returns:
            The messages as the service gives them: ``sid``, ``text``, ``sentAt``.

        Raises:
            LoginRequired: If the session is dead.
        """
        from freeproviders.providers import pi_archive  # as all of the services: loaded by who uses it

        messages: list[dict[str, Any]] = await self.client.arun(partial(pi_archive.history, self._pi(), thread))
        return messages

    def history(self, thread: Mapping[str, Any]) -> list[dict[str, Any]]:
        """As ``ahistory``, blocking."""
        return portal.call(partial(self.ahistory, thread))

    async def avoice(
        self, answer: ChatResponse | CompletionResponse | Mapping[str, Any], voice: str = "voice1"
    ) -> tuple[bytes, str]:
        """An answer of a conversation that Pi keeps, spoken.

        Args:
            answer: A response to a call with ``thread=``, or its ``raw``.
            voice: ``"voice1"`` to ``"voice8"``.

        Returns:
            The audio's bytes and its content type.

        Raises:
            InvalidSetting: If the answer was not part of a kept conversation.
            BadReply: If what comes is no audio.
        """
        from freeproviders.providers import pi_archive

        raw = answer if isinstance(answer, Mapping) else answer.raw or {}
        audio, kind = await self.client.arun(partial(pi_archive.spoken, self._pi(), raw, voice))
        return audio, kind

    def voice(
        self, answer: ChatResponse | CompletionResponse | Mapping[str, Any], voice: str = "voice1"
    ) -> tuple[bytes, str]:
        """As ``avoice``, blocking."""
        return portal.call(partial(self.avoice, answer, voice))

    def _pi(self) -> "pi.Pi":
        from freeproviders.providers import pi

        provider = self.client.provider
        assert isinstance(provider, pi.Pi), "the registry's built-in names cannot be taken"  # noqa: S101
        return provider


class OpenAICompatible(FreeProviderLLM):
    """A server that speaks OpenAI's protocol, by default one on this machine.

    ``OpenAICompatible(api_base="http://localhost:11434/v1", models=["llama3.2"])``: ``api_base`` is where its paths
    begin, the first of ``models`` is the default model, and others are taken too. It has fields for system prompt,
    history, temperature and ``max_tokens``, is shown images, takes tools and schemas as data, and counts tokens.
    Further fields of the protocol go into ``additional_kwargs``: ``{"reasoning_effort": "low"}``. Hosted services are
    known by name, with their address, key and limits: ``FreeProvider(provider="groq")``.

    Besides its own words it takes those of every LLM here: see ``FreeProviderLLM``.

    Args:
        path: Path of the answer's request.
        models_path: Path of the list of models; empty where there is none.
        tool_mode: How tools and schemas are asked for: ``"native"`` by fields of the protocol, ``"prompted"`` in words,
            ``"auto"`` natively where that is known to work.
        images: Whether the model is shown images: ``"yes"``, ``"no"``, or ``"auto"`` where it is known to see.
        stream_usage: Whether the server is asked to count tokens; a few refuse the field for it.
    """

    _name: ClassVar[str] = "openai_compatible"

    path: str | None = None
    models_path: str | None = None
    tool_mode: str | None = None
    images: str | None = None
    stream_usage: bool | None = None

    async def aserved_models(self) -> tuple[str, ...]:
        """Names of the models that the server has by now.

        Raises:
            UnsupportedContent: If it has no list of them.
        """
        from freeproviders.providers import openai_compatible

        provider = self.client.provider
        assert isinstance(provider, openai_compatible.OpenAICompatible), "so the registry has it"  # noqa: S101
        names: tuple[str, ...] = await self.client.arun(provider.served_models)
        return names

    def served_models(self) -> tuple[str, ...]:
        """As ``aserved_models``, blocking."""
        return portal.call(self.aserved_models)


class FreeProvider(FreeProviderLLM):
    """Any service by its name, those of other packages included (entry point ``freeproviders.providers``).

    So are the hosted and local servers that speak OpenAI's protocol, which ``freeproviders list`` names:
    ``FreeProvider(provider="groq", model="openai/gpt-oss-120b")``. Their keys come from ``api_key``, else from the
    environment (``GROQ_API_KEY``).

    Besides its own words it takes those of every LLM here (see ``FreeProviderLLM``) and all settings of the
    service: ``FreeProvider(provider="pi", route="v2")``.

    Args:
        provider: Name of the service, e.g. ``"yqcloud"``.
        settings: The service's own settings, where they are not given as words.
    """

    provider: str
    settings: dict[str, Any] = Field(default_factory=dict, repr=False)

    # Presets are read from a file, and every call asks for its service several times.
    _found: tuple[str, type[Provider]] | None = PrivateAttr(default=None)

    if TYPE_CHECKING:

        def __init__(self, *, provider: str, **words: Any) -> None: ...  # the words depend on the service

    @classmethod
    def class_name(cls) -> str:
        """Key of this class in serialised data."""
        return "freeproviders"

    @classmethod
    def _known(cls, words: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(words.get("provider"), str):
            known = ", ".join(registry.names())
            raise InvalidSetting(
                f"provider= must be the name of a service, e.g. {known}; `freeproviders list` has more"
            )
        own = set(registry.get(words["provider"]).setting_names()) - set(cls.model_fields)
        settings = words.pop("settings", None) or {}
        if not isinstance(settings, Mapping):
            raise InvalidSetting("settings must be a mapping, as in {'tool_mode': 'prompted'}")
        for word in set(settings) - own:
            raise InvalidSetting(f"settings hold {word!r}, which is a word of its own, or none.{nearest(word, own)}")
        settings = {**settings, **{word: words.pop(word) for word in own & set(words)}}
        return {**super()._known(words), "settings": settings}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> "FreeProvider":
        """A copy, with some words changed; ``settings`` that are not named stay."""
        kept = {"provider": self.provider, "settings": self.settings}
        return super().model_copy(update={**kept, **(update or {})}, deep=deep)

    @field_serializer("settings")
    def _settings_without_secrets(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in settings.items() if name not in self.secrets}

    @property
    def service(self) -> type[Provider]:
        """The service, as the core has it."""
        if self._found is None or self._found[0] != self.provider:
            self._found = (self.provider, registry.get(self.provider))
        return self._found[1]

    def _settings(self) -> dict[str, Any]:
        return {**self.settings, **super()._settings()}

    def _effective(self, provider: Provider) -> dict[str, Any]:
        own = set(provider.setting_names()) - set(self._fields())
        return {**super()._effective(provider), "settings": {name: getattr(provider, name) for name in sorted(own)}}
