"""An LLM of one service: its settings, and the client made of them. The calls live in ``base``."""

import functools
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_serializer

from freeproviders import registry
from freeproviders.limits import Limiter, Limits
from freeproviders.policy import Retry, Timeouts
from freeproviders.provider import Card, Provider
from freeproviders.transport import Client
from freeproviders.wire import Prompt
from llamaindex_freeproviders.base import FreeLLM

__all__ = ["FreeProviderLLM"]

_MAX_RETRIES = 3


class FreeProviderLLM(FreeLLM):
    """The words of all LLMs of one service, besides those of every LLM here (``configured.Configured``).

    A word that is not given comes from the environment (``FREEPROVIDERS_<NAME>_<SETTING>``), then from the service's
    default. ``model`` is by default the first of the service's card, ``timeout`` (60) is for each attempt and up to its
    first byte, ``max_retries`` (3) counts further attempts.

    Args:
        limits: How many requests at once and in a time (``freeproviders.Limits``), by default what is polite; or a
            ``freeproviders.Limiter``, which several LLMs may share. A dump holds the numbers alone.
        api_base: Scheme, host and optional path prefix of the service; ``base_url`` is the same word.
        api_key: The key of an OpenAI-compatible server; never shown. Accepted and not used elsewhere: no other service
            has one.
        default_headers: Headers of every request, over all others.
        cookies: Cookies of every request: a mapping, the text of a ``Cookie`` header, a file of cookies (its path, or
            its name as text), or ``"stored"`` for what `freeproviders login` has stored.
        proxy: ``http://`` or ``https://`` proxy URL; its credentials are left out of dumps.
        additional_kwargs: Fields merged into the request's body; ``extra_body`` is the same word.
        origin: Sent as ``Origin``.
        user_agent: Sent as ``User-Agent``; must be the browser's the cookies were copied from.
        extra_query: Query parameters of the answer's request.
        models: Model names accepted besides the card's.
        prompt_cap: Most characters of the text sent; 0 for no check.
        tool_style: How the model is asked to write tool calls: ``"hermes"``, ``"json_fence"``, ``"pythonic"`` or
            ``"react"``; by default as the service's card says.
        max_line_bytes: Longest line of a framed answer.
        max_body_bytes: Largest answer, in bytes.
    """

    _name: ClassVar[str] = ""
    # The core's names of settings, and LlamaIndex's; both are taken everywhere.
    _spellings: ClassVar[Mapping[str, str]] = {"base_url": "api_base", "extra_body": "additional_kwargs"}

    limits: Limits | Limiter | None = Field(default=None, repr=False)
    api_base: str | None = None
    api_key: str | None = Field(default=None, exclude=True, repr=False)
    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    cookies: dict[str, str] | str | Path | None = Field(default=None, exclude=True, repr=False)
    proxy: str | None = Field(default=None, repr=False)
    additional_kwargs: dict[str, Any] | None = None
    origin: str | None = None
    user_agent: str | None = None
    extra_query: dict[str, str] | None = None
    models: tuple[str, ...] | None = None
    prompt_cap: int | None = None
    tool_style: str | None = None
    max_line_bytes: int | None = None
    max_body_bytes: int | None = None

    if TYPE_CHECKING:  # the other spellings, as words of the constructor
        base_url: str | None = None
        extra_body: dict[str, Any] | None = None
    else:
        base_url = property(attrgetter("api_base"))
        extra_body = property(attrgetter("additional_kwargs"))

    # Values alone, so it copies and pickles with the rest; connections belong to event loops.
    _built: tuple[tuple[Any, ...], Client] | None = PrivateAttr(default=None)

    @field_serializer("proxy")
    def _proxy_without_credentials(self, proxy: str | None) -> str | None:
        parts = urlsplit(proxy or "")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() or None

    @field_serializer("limits")
    def _limits_as_numbers(self, limits: Limits | Limiter | None) -> dict[str, int] | None:
        limits = limits.limits if isinstance(limits, Limiter) else limits
        return None if limits is None else asdict(limits)

    @classmethod
    def class_name(cls) -> str:
        """Key of this class in serialised data."""
        return f"freeproviders_{cls._name}"

    @property
    def service(self) -> type[Provider]:
        """The service, as the core has it."""
        return _service(self._name)

    @property
    def card(self) -> Card:
        """What is known of the service."""
        return self.service.card

    @property
    def _face(self) -> Client:
        return self.client

    @property
    def _source(self) -> str:
        return self.card.name

    @property
    def _members(self) -> "Mapping[str, FreeProviderLLM]":
        return {self.card.name: self}

    # The settings and the client.

    def _fields(self) -> Mapping[str, str]:
        """The core's names of the provider's settings that are fields here, and the fields' names."""
        return _fields_of(type(self), self.service)

    def _settings(self) -> dict[str, Any]:
        """The provider's settings, by the core's names."""
        return {name: getattr(self, ours) for name, ours in self._fields().items()}

    def _call_settings(self, words: dict[str, Any]) -> dict[str, Any]:
        if "extra_body" in words:
            words["extra_body"] = {**(self.additional_kwargs or {}), **words["extra_body"]}
        return words

    def _settle(self, **effective: Any) -> None:
        """Builds the client, so that bad settings show here, and keeps it: what is in effect makes the same."""
        client = self._new_client(self._settings())
        rules = client.rules
        super()._settle(
            model=client.provider.model_name(Prompt(turns=(), model=self.model)),
            timeout=rules.timeouts.first_byte,
            max_retries=rules.retry.attempts - 1,
            **self._effective(client.provider),
            **effective,
        )
        self._keep(self._state(), client)

    def _effective(self, provider: Provider) -> dict[str, Any]:
        """The fields that a provider shows in effect."""
        return {ours: getattr(provider, name) for name, ours in self._fields().items()}

    @property
    def client(self) -> Client:
        """The client for the fields as they are now: assigning to one, or copying with changes, takes effect.

        It is kept between calls, as a signed-in session's cookies are renewed by the answers.
        """
        state, built = self._state(), self._built
        if built is None or built[0] != state:
            return self._keep(state, self._new_client(state[-1]))
        return built[1]

    def _state(self) -> tuple[Any, ...]:
        """All that the client is made of."""
        return (self.max_retries, self.timeout, self.proxy, self.limits, self._settings())

    def _keep(self, state: tuple[Any, ...], client: Client) -> Client:
        # A copy, or a field changed in place (``llm.cookies[...] = ...``) would look the same.
        *rest, settings = state
        self._built = ((*rest, {name: _own(value) for name, value in settings.items()}), client)
        return client

    def _new_client(self, settings: Mapping[str, Any]) -> Client:
        retries = _MAX_RETRIES if self.max_retries is None else self.max_retries
        return Client(
            self.service.configure(settings),
            retry=Retry(attempts=retries + 1),
            timeouts=Timeouts() if self.timeout is None else Timeouts(first_byte=self.timeout),
            proxy=self.proxy,
            limits=self.limits,
            hold=False,
        )

    def _shared(self) -> list[Any]:
        return [*super()._shared(), self.client.rules.limiter]


# A call asks for these several times.


@functools.cache
def _service(name: str) -> type[Provider]:
    return registry.get(name)


@functools.lru_cache(maxsize=256)  # services of other packages, and subclasses, may be made by the thousand
def _fields_of(kind: type[FreeProviderLLM], service: type[Provider]) -> Mapping[str, str]:
    names = {name: kind._spellings.get(name, name) for name in service.setting_names()}  # noqa: SLF001
    return {name: ours for name, ours in names.items() if ours in kind.model_fields}


def _own(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else deepcopy(value)
