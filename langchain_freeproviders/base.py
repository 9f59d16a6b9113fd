"""What all models here share, whoever answers: a client of one service or a router over several."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from inspect import Signature
from typing import Any, ClassVar, TypeVar, cast

from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.language_models.base import BaseLanguageModel, LangSmithParams
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from freeproviders._version import __version__
from freeproviders.errors import InvalidSetting
from freeproviders.face import Face
from freeproviders.notices import warn_ignored
from freeproviders.provider import Card
from freeproviders.reports import Listen
from freeproviders.settings import nearest
from freeproviders.wire import Image, Prompt, Turn
from langchain_freeproviders.callbacks import listener
from langchain_freeproviders.errors import translated
from langchain_freeproviders.kinds import check_kinds, stops_of

__all__ = ["FaceModel"]

F = TypeVar("F")

# Words that frameworks add to calls and that say nothing about the request.
_NOISE = frozenset({"stream", "ls_structured_output_format", "structured_output_format"})


class _Signature:
    """The signature of a class that is not built yet: who asks for it builds the class, and pydantic puts its own here.

    Else ``help`` would show that of a base class until the first model is made.
    """

    def __get__(self, _: object, cls: type[BaseModel]) -> Signature:
        cls.model_rebuild()
        return cls.__signature__


class FaceModel(BaseLanguageModel[Any]):
    """The words of every model here, and how a call of LangChain's becomes a prompt for whoever answers."""

    # An error of pydantic quotes what it was given, and that may be a secret. Pydantic takes several milliseconds for
    # each class: it builds those that are used.
    model_config: ClassVar[ConfigDict] = ConfigDict(
        populate_by_name=True, protected_namespaces=(), hide_input_in_errors=True, defer_build=True
    )

    # Other spellings by validation_alias: an alias would replace the names in the eyes of type checkers.
    model: str | None = Field(default=None, validation_alias=AliasChoices("model", "model_name"))
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float | None = Field(default=None, validation_alias=AliasChoices("timeout", "request_timeout"))
    stop: list[str] | None = Field(default=None, validation_alias=AliasChoices("stop", "stop_sequences"))
    streaming: bool = False
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)

    _built: tuple[Any, Any] | None = PrivateAttr(default=None)

    @classmethod
    def __pydantic_init_subclass__(cls, **words: Any) -> None:
        super().__pydantic_init_subclass__(**words)
        if not cls.__pydantic_complete__:
            setattr(cls, "__signature__", _Signature())  # noqa: B010  # to type checkers it is what pydantic puts there

    @model_validator(mode="before")
    @classmethod
    def _known_words(cls, words: Any) -> Any:
        """An unknown word is an error that names the nearest known one, never ignored."""
        known = _words(cls)
        for word in words:
            if word not in known:
                with translated():
                    raise InvalidSetting(f"unknown argument {word!r} of {cls.__name__}.{nearest(word, known)}")
        return words

    @model_validator(mode="after")
    def _set_freeproviders_version(self) -> "FaceModel":
        """Builds what answers, so that bad settings show here."""
        self._add_version("langchain-freeproviders", __version__)
        with translated():
            self._settle()
        self._report_unused({"temperature": self.temperature, "max_tokens": self.max_tokens})
        return self

    # What differs between one service and several.

    @property
    @abstractmethod
    def _face(self) -> Face:
        """What answers, for the fields as they are now: assigning to one, or copying with changes, takes effect."""

    @abstractmethod
    def _provider_name(self) -> str:
        """Name of the service; ``"router"`` for several."""

    @property
    @abstractmethod
    def _cards(self) -> Sequence[Card]:
        """What is known of each service that may answer."""

    @property
    @abstractmethod
    def _sees(self) -> bool:
        """Whether anybody who may answer is shown images."""

    @abstractmethod
    async def _with_bytes(self, image: Image) -> Image:
        """An image of an answer, with its bytes where they are wanted."""

    def _settle(self) -> None:
        """Builds what answers for the first time."""
        _ = self._face

    def _secret_names(self) -> frozenset[str]:
        return frozenset({"cookies", "default_headers"}.union(*(card.secrets for card in self._cards)))

    def _check_settings(self, words: Iterable[str]) -> None:
        """Refuses settings given with a call that nobody has; a client does so itself."""

    # How a call is made.

    def _kept(self, signature: Any, build: Callable[[], F]) -> F:
        """What was built for this signature, or is now."""
        built = self._built
        if built is None or built[0] != signature:
            self._built = built = (signature, build())
        return cast("F", built[1])

    def _report_unused(self, words: Mapping[str, Any]) -> None:
        given = [word for word in ("max_tokens", "temperature") if words.get(word) is not None]
        if given:
            cards = self._cards
            titles = ", ".join(dict.fromkeys(card.title for card in cards))
            unused = [word for word in given if not any(getattr(card, word) for card in cards)]
            warn_ignored(titles, unused)

    def _prompt(self, turns: tuple[Turn, ...], stop: list[str] | None, words: Mapping[str, Any], **more: Any) -> Prompt:
        """The prompt of one call, and ``more`` that is in it; a call's own words win over the constructor's."""
        words = {name: value for name, value in words.items() if name not in _NOISE}
        if words and (secret := self._secret_names().intersection(words)):
            raise InvalidSetting(
                f"{', '.join(sorted(secret))} would show in callbacks and traces if given with a call: give it to the "
                f"constructor, of a model.model_copy(update={{...}}) if need be",
                provider=self._provider_name(),
            )
        own = {name: getattr(self, name) for name in ("model", "temperature", "max_tokens")}
        check_kinds({**own, **words}, self._provider_name())
        model, thread = words.pop("model", None) or self.model, words.pop("thread", None)
        self._report_unused(words)
        temperature, max_tokens = (words.pop(name, own[name]) for name in ("temperature", "max_tokens"))
        if "model_kwargs" in words:
            words["extra_body"] = {**getattr(self, "model_kwargs", {}), **words.pop("model_kwargs")}
        self._check_settings(words)
        return Prompt(
            turns=turns,
            model=model,
            temperature=temperature,
            max_tokens=max_tokens,
            stop=stops_of(self.stop if stop is None else stop, self._provider_name()),
            thread=thread,
            settings=words,
            **more,
        )

    def _listener(self, run: BaseRunManager | None) -> Listen | None:
        """What hears of a call: the run's handlers, and the rate limiter that LangChain takes before it."""
        return listener(run, {"": getattr(self, "rate_limiter", None)})

    async def __aenter__(self) -> Any:
        await self._face.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._face.__aexit__(*error)

    # What LangChain asks of a model beside answers.

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


@cache
def _words(cls: type[FaceModel]) -> frozenset[str]:
    """What the constructor of a class takes."""
    return frozenset({*cls.model_fields, "model_name", "request_timeout", "stop_sequences"})
