"""What the chat models and the string model share: the constructor's words, and the client behind them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from langchain_core.language_models.base import BaseLanguageModel, LangSmithParams
from pydantic import AliasChoices, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from freeproviders import registry
from freeproviders._version import __version__
from freeproviders.errors import InvalidSetting
from freeproviders.images import fetch
from freeproviders.notices import warn_ignored
from freeproviders.policy import Retry, Timeouts
from freeproviders.provider import Card, Provider
from freeproviders.reports import AttemptStarted, Listen, Report
from freeproviders.settings import nearest
from freeproviders.transport import Client
from freeproviders.wire import Image, Prompt, Turn
from langchain_freeproviders.errors import translated

__all__ = ["AnyProviderModel", "FreeProviderModel"]

# Words that frameworks add to calls and that say nothing about the request.
_NOISE = frozenset({"stream", "ls_structured_output_format"})


class FreeProviderModel(BaseLanguageModel[Any]):
    """The constructor's words of every model here; the concrete classes document them."""

    model_config: ClassVar[ConfigDict] = ConfigDict(populate_by_name=True, protected_namespaces=())

    provider_name: ClassVar[str] = ""

    # Other spellings by validation_alias: an alias would replace the names in the eyes of type checkers.
    model: str | None = Field(default=None, validation_alias=AliasChoices("model", "model_name"))
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float | None = Field(default=None, validation_alias=AliasChoices("timeout", "request_timeout"))
    max_retries: int = 2
    stop: list[str] | None = Field(default=None, validation_alias=AliasChoices("stop", "stop_sequences"))
    streaming: bool = False
    base_url: str | None = None
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    cookies: Mapping[str, str] | str | Path | None = Field(default=None, exclude=True, repr=False)
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    image_format: Literal["url", "bytes"] = "url"
    origin: str | None = None
    user_agent: str | None = None
    extra_query: Mapping[str, str] | None = None
    models: tuple[str, ...] | None = None
    prompt_cap: int | None = None
    tool_style: str | None = None
    max_line_bytes: int | None = None
    max_body_bytes: int | None = None

    _built: tuple[tuple[Any, ...], Client] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _known_words(cls, words: Any) -> Any:
        """An unknown word is an error that names the nearest known one, never ignored."""
        known = {*cls.model_fields, "model_name", "request_timeout", "stop_sequences"}
        for word in words:
            if word not in known:
                with translated():
                    raise InvalidSetting(f"unknown argument {word!r} of {cls.__name__}.{nearest(word, known)}")
        return words

    @model_validator(mode="after")
    def _set_freeproviders_version(self) -> "FreeProviderModel":
        """Builds the client once, so that bad settings show here, and lets the fields show what it uses."""
        self._add_version("langchain-freeproviders", __version__)
        with translated():
            client = self._client
            # Into the instance's dictionary, past pydantic: what nobody set must not count as set.
            self.__dict__.update({name: getattr(client.provider, name) for name in self._setting_names()})
            self.__dict__["model"] = client.provider.model_name(Prompt(turns=(), model=self.model))
            self._built = (self._signature(), client)
        self._report_unused({"temperature": self.temperature, "max_tokens": self.max_tokens}, stacklevel=5)
        return self

    def _report_unused(self, words: Mapping[str, Any], stacklevel: int) -> None:
        card = self.card
        unused = {"max_tokens"} if card.temperature else {"max_tokens", "temperature"}
        warn_ignored(card.title, [word for word in unused if words.get(word) is not None], stacklevel)

    @property
    def card(self) -> Card:
        """What is known of the service."""
        return registry.get(self._provider_name()).card

    def _provider_name(self) -> str:
        return self.provider_name

    def _setting_names(self) -> tuple[str, ...]:
        """The provider's settings that are fields here; its ``extra_body`` is called ``model_kwargs``."""
        known = registry.get(self._provider_name()).setting_names()
        return tuple(name for name in known if name in type(self).model_fields)

    def _secret_names(self) -> frozenset[str]:
        return frozenset({"cookies", "default_headers", *self.card.secrets})

    def _settings(self) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in self._setting_names()}
        return {**settings, "extra_body": self.model_kwargs or None}

    def _signature(self) -> tuple[Any, ...]:
        return (self.max_retries, self.timeout, self.proxy, *self._settings().values())

    @property
    def _client(self) -> Client:
        """The client for the fields as they are now: assigning to one, or copying with changes, takes effect."""
        signature = self._signature()
        if self._built is None or self._built[0] != signature:
            client = Client(
                self._provider_name(),
                retry=Retry(attempts=self.max_retries + 1),
                timeouts=Timeouts() if self.timeout is None else Timeouts(first_byte=self.timeout),
                proxy=self.proxy,
                **self._settings(),
            )
            self._built = (signature, client)
        return self._built[1]

    def _prompt(self, turns: tuple[Turn, ...], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        """The prompt of one call; a call's own words win over the constructor's."""
        words = {name: value for name, value in words.items() if name not in _NOISE}
        if secret := self._secret_names().intersection(words):
            raise InvalidSetting(
                f"{', '.join(sorted(secret))} would show in callbacks and traces if given with a call: give it to the "
                f"constructor, of a model.model_copy(update={{...}}) if need be",
                provider=self._provider_name(),
            )
        model, thread = words.pop("model", None) or self.model, words.pop("thread", None)
        self._report_unused(words, stacklevel=6)  # past LangChain's own frames, to about the caller's line
        temperature = words.pop("temperature", self.temperature)
        words.pop("max_tokens", None)
        if "model_kwargs" in words:
            words["extra_body"] = {**self.model_kwargs, **words.pop("model_kwargs")}
        return Prompt(
            turns=turns,
            model=model,
            temperature=temperature,
            stop=tuple(self.stop or () if stop is None else stop),
            thread=thread,
            settings=words,
        )

    def _listener(self) -> Listen:
        """Takes the rate limiter before each further attempt of a call; LangChain takes it before the first."""
        limiter, further = getattr(self, "rate_limiter", None), False

        async def listen(report: Report) -> None:
            nonlocal further
            if isinstance(report, AttemptStarted):
                if limiter is not None and further:
                    await limiter.aacquire(blocking=True)
                further = True

        return listen

    async def _with_bytes(self, image: Image) -> Image:
        provider: Provider = self._client.provider
        # One that came with its bytes is not fetched, but checked.
        wanted = self.image_format == "bytes" or image.data is not None
        return await fetch(image, provider=provider, proxy=self.proxy) if wanted else image

    async def __aenter__(self) -> Any:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(*error)

    # What LangChain asks of a model beside answers.

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        """Everything that shapes the answer, for cache keys and traces; nothing secret."""
        secret = self._secret_names()
        shown = {name: value for name, value in self._settings().items() if name not in secret}
        return {
            "provider": self._provider_name(),
            "model": self.model,
            "temperature": self.temperature,
            "stop": self.stop,
            "image_format": self.image_format,
            **shown,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = self._provider_name()
        params["ls_model_name"] = kwargs.get("model") or self.model or ""
        return params

    def get_token_ids(self, text: str) -> list[int]:
        """Stand-ins for tokens: no service publishes its tokenizer, so only their number means something.

        Args:
            text: The text to count.
        """
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        return list(range(-(-len(text) // 4)))


class AnyProviderModel(FreeProviderModel):
    """A model whose provider is chosen by an argument, third parties' included."""

    provider: str
    settings: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _gather_settings(cls, words: Any) -> Any:
        """Moves the chosen provider's own settings into ``settings``, so that they need no field of their own."""
        with translated():
            if "provider" not in words:
                raise InvalidSetting(f"provider is missing. Known: {', '.join(registry.names())}.")
            known = registry.get(words["provider"]).setting_names()
            chosen = dict(words.get("settings", {}))
            for word in chosen:
                if word not in known:
                    raise InvalidSetting(f"unknown setting {word!r}.{nearest(word, known)}")
        own = {word: words[word] for word in words if word in known and word not in cls.model_fields}
        rest = {word: value for word, value in words.items() if word not in own}
        return {**rest, "settings": {**chosen, **own}}

    def _provider_name(self) -> str:
        return self.provider

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), **self.settings}
