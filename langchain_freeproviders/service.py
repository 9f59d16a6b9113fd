"""Models of one service: its settings as the constructor's words, and the client behind them."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, InstanceOf, SecretStr, model_validator

from freeproviders import registry
from freeproviders.errors import InvalidSetting
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Retry, Timeouts
from freeproviders.provider import Card
from freeproviders.settings import nearest
from freeproviders.transport import Client
from freeproviders.wire import Image, Prompt
from langchain_freeproviders.base import FaceModel
from langchain_freeproviders.errors import translated
from langchain_freeproviders.kinds import check_kinds

__all__ = ["AnyProviderModel", "FreeProviderModel"]


class FreeProviderModel(FaceModel):
    """The constructor's words of every model of one service; the concrete classes document them."""

    provider_name: ClassVar[str] = ""

    max_retries: int = 2
    limits: InstanceOf[Limits] | InstanceOf[Limiter] | None = Field(default=None, exclude=True, repr=False)
    base_url: str | None = None
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

    def _settle(self) -> None:
        """Builds the client once, and lets the fields show what it uses."""
        client = self._face
        # Into the instance's dictionary, past pydantic: what nobody set must not count as set. The key stays as it was
        # given: one of the environment must not go along to another base_url.
        shown = (name for name in self._setting_names() if name != "api_key")
        self.__dict__.update({name: getattr(client.provider, name) for name in shown})
        self.__dict__["model"] = client.provider.model_name(Prompt(turns=(), model=self.model))
        self._built = (self._signature(), client)

    @property
    def card(self) -> Card:
        """What is known of the service."""
        return registry.get(self._provider_name()).card

    @property
    def _cards(self) -> Sequence[Card]:
        return (self.card,)

    @property
    def _sees(self) -> bool:
        return self._face.provider.sees_images

    def _provider_name(self) -> str:
        return self.provider_name

    def _setting_names(self) -> tuple[str, ...]:
        return _setting_names(type(self), self._provider_name())

    def _settings(self) -> dict[str, Any]:
        settings = {name: _revealed(getattr(self, name)) for name in self._setting_names()}
        return {**settings, "extra_body": self.model_kwargs or None}

    def _signature(self) -> tuple[Any, ...]:
        """What the client is made of. Asked for several times in a call, so it takes the fields as they are."""
        return tuple(map(self.__dict__.get, _signed(type(self), self._provider_name())))

    @property
    def _face(self) -> Client:
        return self._kept(self._signature(), self._new_client)

    def _new_client(self) -> Client:
        words = {name: getattr(self, name) for name in ("max_retries", "timeout", "proxy", "model_kwargs")}
        check_kinds({**words, "model": self.model}, self._provider_name())
        return Client(
            self._provider_name(),
            retry=Retry(attempts=self.max_retries + 1),
            timeouts=Timeouts() if self.timeout is None else Timeouts(first_byte=self.timeout),
            proxy=self.proxy,
            limits=self.limits,
            **self._settings(),
        )

    async def _with_bytes(self, image: Image, image_format: str | None = None) -> Image:
        # One that came with its bytes is not fetched, but checked.
        if (image_format or self.image_format) != "bytes" and image.data is None:
            return image
        from freeproviders.images import fetch  # loaded with the first image

        return await fetch(image, provider=self._face.provider, proxy=self.proxy)

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        """Everything that shapes the answer, for cache keys and traces; nothing secret."""
        secret = self._secret_names()
        shown = {name: value for name, value in self._settings().items() if name not in secret}
        return {
            "provider": self._provider_name(),
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "stop": self.stop,
            "image_format": self.image_format,
            **shown,
        }


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@functools.cache
def _signed(cls: type[FreeProviderModel], provider: str) -> tuple[str, ...]:
    """The fields that the client is made of."""
    return ("max_retries", "timeout", "proxy", "limits", "model_kwargs", *_setting_names(cls, provider))


@functools.cache  # asked for with every call
def _setting_names(cls: type[FreeProviderModel], provider: str) -> tuple[str, ...]:
    """The provider's settings that are fields of the class; its ``extra_body`` is called ``model_kwargs``."""
    return tuple(name for name in registry.get(provider).setting_names() if name in cls.model_fields)


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
            check_kinds({"settings": words.get("settings"), "provider": words["provider"]}, "")
            known = registry.get(words["provider"] or "").setting_names()
            chosen = dict(words.get("settings") or {})
            for word in chosen:
                if word not in known:
                    raise InvalidSetting(f"unknown setting {word!r}.{nearest(word, known)}")
        own = {word: words[word] for word in words if word in known and word not in cls.model_fields}
        rest = {word: value for word, value in words.items() if word not in own}
        return {**rest, "settings": {**chosen, **own}}

    def _provider_name(self) -> str:
        return self.provider

    def _signature(self) -> tuple[Any, ...]:
        return (*super()._signature(), *self.settings.values())

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), **{name: _revealed(value) for name, value in self.settings.items()}}
