"""What the LLMs are made of: the constructor's words that all of them share, copies and dumps. No calls live here."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from llama_index.core.base.llms.types import LLMMetadata
from llama_index.core.bridge.pydantic import BaseModel, ConfigDict, field_validator
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import LLM

from freeproviders.errors import InvalidSetting
from freeproviders.notices import warn_ignored
from freeproviders.settings import nearest

if TYPE_CHECKING:
    from llamaindex_freeproviders.service import FreeProviderLLM

__all__ = ["Configured", "renamed"]

C = TypeVar("C", bound="Configured")

# Settings of every service that must not be shown; a card names those of its own.
_SECRETS = ("cookies", "default_headers")
_SMALLEST_WINDOW = 512


def renamed(words: Mapping[str, Any], spellings: Mapping[str, str]) -> dict[str, Any]:
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

    After construction the attributes show what is in effect. An unknown word is an error. The words of core
    (``system_prompt``, ``callback_manager``, ``rate_limiter``, ``messages_to_prompt``, ``completion_to_prompt``,
    ``output_parser``, ``pydantic_program_mode``) mean what they mean on every LLM; core applies ``system_prompt`` in
    ``predict`` and ``stream``, not in ``chat`` and ``complete``. A ``rate_limiter`` is asked before each attempt.

    Connections are not held by the object: they close with the last call in progress on their event loop, as
    LlamaIndex runs one LLM on many loops. ``async with llm:`` keeps them open for a block.

    Args:
        model: A model name; see the class.
        temperature: Sampling temperature. FlowGPT and OpenAI-compatible servers have a field for it; elsewhere it is
            reported once (``IgnoredParameterWarning``) and has no effect.
        max_tokens: Longest answer that LlamaIndex plans for, in tokens. OpenAI-compatible servers have a field for it;
            elsewhere it is reported once and does not shorten the answer.
        context_window: Tokens of prompt and answer that LlamaIndex plans for, at least 512; a cautious estimate by
            default, as the services publish none.
        timeout: Seconds to wait for an answer to begin; see the class.
        max_retries: How often to try again where a call fails, before the first piece of an answer; 0 for never. See
            the class.
        stop: The answer ends before the first of these texts.
        is_chat_model: Whether core sends messages; if False, core flattens them into one prompt first.
        is_function_calling_model: Whether core calls tools through the model: by the service's own fields where it has
            any, else it is told of them in the prompt, and its calls are read back. If False, core uses ReAct and JSON
            texts of its own.
        image_format: ``"bytes"`` fetches generated images into image blocks of chat answers; ``"url"`` leaves them
            as links in the text and in ``additional_kwargs["image_urls"]``.
        stream_tool_args: Whether a stream gives the arguments of calls as they grow, in steps of at least 64
            characters; what has been given cannot be asked for again. By default only streamed objects grow.

    Raises:
        InvalidSetting: If a word is unknown or its value malformed.
        UnknownModel: If the service has no such model.
        pydantic.ValidationError: If a value is of the wrong type.
    """

    # An error of pydantic quotes what it was given, and that may be a secret.
    # What is forbidden is a wrong word among those of `limits` and `breaker`; one of this object is told better below.
    model_config: ClassVar[ConfigDict] = ConfigDict(hide_input_in_errors=True, extra="forbid")

    _spellings: ClassVar[Mapping[str, str]] = {}

    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    context_window: int | None = None
    timeout: float | None = None
    max_retries: int | None = None
    stop: list[str] | None = None
    is_chat_model: bool = True
    is_function_calling_model: bool = True
    image_format: Literal["bytes", "url"] = "bytes"
    stream_tool_args: bool | None = None

    def __init__(self, **words: Any) -> None:
        super().__init__(**self._known(renamed(words, self._spellings)))
        self._settle()
        self._warn_of({"max_tokens": self.max_tokens, "temperature": self.temperature})

    @field_validator("stop", mode="before")
    @classmethod
    def _stop_as_list(cls, stop: Any) -> Any:
        return [stop] if isinstance(stop, str) else stop

    @classmethod
    def _known(cls, words: dict[str, Any]) -> dict[str, Any]:
        for word in words:
            if word not in cls.model_fields and word not in cls._spellings:
                close = nearest(word, {*cls.model_fields, *cls._spellings})
                raise InvalidSetting(f"unknown argument {word!r} of {cls.__name__}.{close}")
        return words

    # Properties, as core reports every call of a method that implements an abstract one as a span.

    @property
    @abstractmethod
    def _members(self) -> "Mapping[str, FreeProviderLLM]":
        """The services that may answer, by name."""

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the settings that are never shown."""
        return frozenset({*_SECRETS, *(name for one in self._members.values() for name in one.card.secrets)})

    @property
    def metadata(self) -> LLMMetadata:
        """What core plans with: the window in tokens, the longest answer (-1: not known), the model's name."""
        return LLMMetadata(
            context_window=self.context_window or self._least_window,
            num_output=self.max_tokens or -1,
            is_chat_model=self.is_chat_model,
            is_function_calling_model=self.is_function_calling_model,
            model_name=self.model or ",".join(self._members),
        )

    @property
    def _least_window(self) -> int:
        return min(one.context_window or one.card.context_window for one in self._members.values())

    def _settle(self, **effective: Any) -> None:
        """Lets the fields show what is in effect, and checks them."""
        for name, value in effective.items():
            setattr(self, name, value)
        self.context_window = self._least_window if self.context_window is None else self.context_window
        if self.context_window < _SMALLEST_WINDOW:
            raise InvalidSetting(
                f"context_window is {self.context_window} tokens, LlamaIndex needs {_SMALLEST_WINDOW} to plan with"
            )
        if self.max_tokens is not None and self.max_tokens < 1:
            raise InvalidSetting(f"max_tokens must be at least 1, got {self.max_tokens}")

    def _warn_of(self, words: Mapping[str, Any]) -> None:
        """Reports those of the words that nobody has a field for."""
        if words["max_tokens"] is None and words["temperature"] is None:
            return
        cards = [one.card for one in self._members.values()]
        ignored = [word for word in ("max_tokens", "temperature") if not any(getattr(card, word) for card in cards)]
        given = [word for word in ignored if words[word] is not None]
        warn_ignored(" / ".join(card.title for card in cards), given)

    # Copies.

    def model_copy(self: C, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> C:
        """A copy, with some words changed.

        Raises:
            pydantic.ValidationError: If a value is of the wrong type.
        """
        twin, words = super().model_copy(deep=deep), self._known(renamed(update or {}, self._spellings))
        for name, value in words.items():
            twin.__pydantic_validator__.validate_assignment(twin, name, value)
        return twin

    def _shared(self) -> list[Any]:
        """What counts for all copies: handlers and limiters. They hold locks, which do not copy."""
        return [self.callback_manager, self.rate_limiter]

    def __deepcopy__(self: C, memo: dict[int, Any] | None = None) -> C:
        memo = {} if memo is None else memo
        memo.update({id(item): item for item in self._shared()})
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
