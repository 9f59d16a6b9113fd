"""What the LLMs are made of: the constructor's words, the client behind them, copies and dumps. No calls live here."""

from collections.abc import Mapping
from copy import deepcopy
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from llama_index.core.base.llms.types import LLMMetadata
from llama_index.core.bridge.pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_serializer,
    field_validator,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import LLM

from freeproviders import registry
from freeproviders.errors import InvalidSetting
from freeproviders.notices import warn_ignored
from freeproviders.policy import Retry, Timeouts
from freeproviders.provider import Card, Provider
from freeproviders.settings import nearest
from freeproviders.transport import Client
from freeproviders.wire import Prompt

__all__ = ["Configured", "renamed"]

C = TypeVar("C", bound="Configured")

# The core's names of settings, and LlamaIndex's; both are taken everywhere.
_SPELLINGS: Mapping[str, str] = {"base_url": "api_base", "extra_body": "additional_kwargs"}
# Settings of every service that must not be shown; a card names those of its own.
_SECRETS = ("cookies", "default_headers")
_SMALLEST_WINDOW = 512
_MAX_RETRIES = 3


def renamed(words: Mapping[str, Any], spellings: Mapping[str, str] = _SPELLINGS) -> dict[str, Any]:
    """The words under one spelling each.

    Raises:
        InvalidSetting: If one setting is given in both spellings.
    """
    for word, other in spellings.items():
        if word in words and other in words:
            raise InvalidSetting(f"{word!r} and {other!r} are the same setting: pass one of them")
    return {spellings.get(word, word): value for word, value in words.items()}


class Configured(FunctionCallingLLM):
    """The words that all LLMs here share.

    A word that is not given comes from the environment (``FREEPROVIDERS_<NAME>_<SETTING>``), then from the service's
    default; after construction the attributes show what is in effect. An unknown word is an error. The words of core
    (``system_prompt``, ``callback_manager``, ``rate_limiter``, ``messages_to_prompt``, ``completion_to_prompt``,
    ``output_parser``, ``pydantic_program_mode``) mean what they mean on every LLM; core applies ``system_prompt`` in
    ``predict`` and ``stream``, not in ``chat`` and ``complete``.

    Connections are not held by the object: they close with the last call in progress on their event loop, as
    LlamaIndex runs one LLM on many loops. ``async with llm:`` keeps them open for a block.

    Args:
        model: A model name of the service; by default the first of its card.
        temperature: Sampling temperature. Only FlowGPT has a field for it; elsewhere it is reported once
            (``IgnoredParameterWarning``) and has no effect.
        max_tokens: Longest answer that LlamaIndex plans for, in tokens. No service has a field for it: reported once.
        context_window: Tokens of prompt and answer that LlamaIndex plans for, at least 512; a cautious estimate by
            default, as the services publish none.
        timeout: Seconds to wait for the first byte of an answer.
        max_retries: Further attempts after a failed one, before the first piece of an answer; 0 for none.
        stop: The answer ends before the first of these texts.
        api_base: Scheme, host and optional path prefix of the service; ``base_url`` is the same word.
        api_key: Accepted and not used: the services have none.
        default_headers: Headers of every request, over all others.
        cookies: Cookies of every request: a mapping, the text of a ``Cookie`` header, a file of cookies (its path, or
            its name as text), or ``"stored"`` for what `freeproviders login` has stored.
        proxy: ``http://`` or ``https://`` proxy URL; its credentials are left out of dumps.
        additional_kwargs: Fields merged into the request's body; ``extra_body`` is the same word.
        is_chat_model: Whether core sends messages; if False, core flattens them into one prompt first.
        is_function_calling_model: Whether core calls tools through the model: it is told of them in the prompt, and
            its calls are read back. If False, core uses ReAct and JSON texts of its own.
        image_format: ``"bytes"`` fetches generated images into image blocks of chat answers; ``"url"`` leaves them
            as links in the text and in ``additional_kwargs["image_urls"]``.
        stream_tool_args: Whether a stream gives the arguments of calls as they grow, in steps of at least 64
            characters; what has been given cannot be asked for again. By default only streamed objects grow.
        origin: Sent as ``Origin``.
        user_agent: Sent as ``User-Agent``; must be the browser's the cookies were copied from.
        extra_query: Query parameters of the answer's request.
        models: Model names accepted besides the card's.
        prompt_cap: Most characters of the text sent; 0 for no check.
        tool_style: How the model is asked to write tool calls: ``"hermes"``, ``"json_fence"``, ``"pythonic"`` or
            ``"react"``; by default as the service's card says.
        max_line_bytes: Longest line of a framed answer.
        max_body_bytes: Largest answer, in bytes.

    Raises:
        InvalidSetting: If a word is unknown or its value malformed.
        UnknownModel: If the service has no such model.
        pydantic.ValidationError: If a value is of the wrong type.
    """

    # An error of pydantic quotes what it was given, and that may be a secret.
    model_config: ClassVar[ConfigDict] = ConfigDict(hide_input_in_errors=True)

    _name: ClassVar[str] = ""

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    context_window: int | None = None
    timeout: float | None = None
    max_retries: int | None = None
    stop: list[str] | None = None
    api_base: str | None = None
    api_key: str | None = Field(default=None, exclude=True, repr=False)
    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    cookies: dict[str, str] | str | Path | None = Field(default=None, exclude=True, repr=False)
    proxy: str | None = Field(default=None, repr=False)
    additional_kwargs: dict[str, Any] | None = None
    is_chat_model: bool = True
    is_function_calling_model: bool = True
    image_format: Literal["bytes", "url"] = "bytes"
    stream_tool_args: bool | None = None
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

    def __init__(self, **words: Any) -> None:
        super().__init__(**self._known(renamed(words)))
        self._settle()
        given = {"max_tokens": self.max_tokens, "temperature": None if self.card.temperature else self.temperature}
        warn_ignored(self.card.title, [word for word, value in given.items() if value is not None], stacklevel=2)

    @field_validator("stop", mode="before")
    @classmethod
    def _stop_as_list(cls, stop: Any) -> Any:
        return [stop] if isinstance(stop, str) else stop

    @field_serializer("proxy")
    def _proxy_without_credentials(self, proxy: str | None) -> str | None:
        parts = urlsplit(proxy or "")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() or None

    @classmethod
    def _known(cls, words: dict[str, Any]) -> dict[str, Any]:
        known = {*cls.model_fields, *_SPELLINGS}
        for word in words:
            if word not in known:
                raise InvalidSetting(f"unknown argument {word!r} of {cls.__name__}.{nearest(word, known)}")
        return words

    @classmethod
    def class_name(cls) -> str:
        """Key of this class in serialised data."""
        return f"freeproviders_{cls._name}"

    def _service(self) -> type[Provider]:
        # Not abstract: core reports every call of a method that implements an abstract one as a span.
        return registry.get(self._name)

    @property
    def card(self) -> Card:
        """What is known of the service."""
        return self._service().card

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the settings that are never shown."""
        return frozenset({*_SECRETS, *self.card.secrets})

    @property
    def metadata(self) -> LLMMetadata:
        """What core plans with: the window in tokens, the longest answer (-1: not known), the model's name."""
        return LLMMetadata(
            context_window=self.context_window or self.card.context_window,
            num_output=self.max_tokens or -1,
            is_chat_model=self.is_chat_model,
            is_function_calling_model=self.is_function_calling_model,
            model_name=self.model or self.card.models[0],
        )

    # The settings and the client.

    def _fields(self) -> dict[str, str]:
        """The core's names of the provider's settings that are fields here, and the fields' names."""
        names = {name: _SPELLINGS.get(name, name) for name in self._service().setting_names()}
        return {name: ours for name, ours in names.items() if ours in type(self).model_fields}

    def _settings(self) -> dict[str, Any]:
        """The provider's settings, by the core's names."""
        return {name: getattr(self, ours) for name, ours in self._fields().items()}

    def _settle(self) -> None:
        """Builds the client once, so that bad settings show here, and lets the fields show what it uses."""
        provider = self._client.provider
        for name, ours in self._fields().items():
            setattr(self, ours, getattr(provider, name))
        self.model = provider.model_name(Prompt(turns=(), model=self.model))
        self.timeout, self.max_retries = self._client.rules.timeouts.first_byte, self._client.rules.retry.attempts - 1
        self.context_window = self.card.context_window if self.context_window is None else self.context_window
        if self.context_window < _SMALLEST_WINDOW:
            raise InvalidSetting(
                f"context_window is {self.context_window} tokens, LlamaIndex needs {_SMALLEST_WINDOW} to plan with"
            )
        if self.max_tokens is not None and self.max_tokens < 1:
            raise InvalidSetting(f"max_tokens must be at least 1, got {self.max_tokens}")

    @property
    def _client(self) -> Client:
        """The client for the fields as they are now: assigning to one, or copying with changes, takes effect.

        It is kept between calls, as a signed-in session's cookies are renewed by the answers.
        """
        state = (self.max_retries, self.timeout, self.proxy, self._settings())
        if self._built is None or self._built[0] != state:
            retries = _MAX_RETRIES if self.max_retries is None else self.max_retries
            client = Client(
                self._service().configure(state[3]),
                retry=Retry(attempts=retries + 1),
                timeouts=Timeouts() if self.timeout is None else Timeouts(first_byte=self.timeout),
                proxy=self.proxy,
                hold=False,
            )
            # A copy, or a field changed in place (``llm.cookies[...] = ...``) would look the same.
            self._built = (deepcopy(state), client)
        return self._built[1]

    # Copies.

    def model_copy(self: C, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> C:
        """A copy, with some words changed."""
        return super().model_copy(update=self._known(renamed(update or {})), deep=deep)

    def __deepcopy__(self: C, memo: dict[int, Any] | None = None) -> C:
        # Shared: handlers and limiters hold locks, which do not copy, and a limit counts for all copies.
        memo = {} if memo is None else memo
        memo.update({id(item): item for item in (self.callback_manager, self.rate_limiter)})
        return super().__deepcopy__(memo)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Core would call the constructor: it would warn again, read the environment again and forget the cookies.
        missing = {
            name: field.get_default(call_default_factory=True)
            for name, field in type(self).model_fields.items()
            if name not in state["__dict__"]
        }
        BaseModel.__setstate__(self, {**state, "__dict__": {**missing, **state["__dict__"]}})
        # What was dropped as unpicklable (a lambda) gets the default that core's constructor gives.
        LLM.check_prompts(self)  # type: ignore[operator]  # pydantic types it as a proxy; it is the function
