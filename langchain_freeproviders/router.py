"""A router over several services as a chat model. Its rules are the core's: ``freeproviders.router``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.language_models import ModelProfile
from langchain_core.language_models.base import LangSmithParams
from pydantic import InstanceOf, SerializeAsAny, field_validator

from freeproviders.breaker import BreakerPolicy, BreakerState
from freeproviders.candidates import Candidate
from freeproviders.errors import InvalidSetting
from freeproviders.policy import Retry
from freeproviders.provider import Card
from freeproviders.reports import Listen
from freeproviders.router import Router
from freeproviders.settings import nearest
from freeproviders.wire import Image
from langchain_freeproviders.callbacks import listener
from langchain_freeproviders.chat import FaceChatModel, FreeChatModel
from langchain_freeproviders.chat_models import init_free_chat_model
from langchain_freeproviders.errors import translated
from langchain_freeproviders.kinds import check_kinds

__all__ = ["ChatFreeRouter"]

# The fields that a router is made of, beside its candidates.
_RULES = (
    "weights",
    "max_retries",
    "timeout",
    "breaker",
    "hedge_after",
    "on_interrupt",
    "wait_for_cooldown",
    "checked",
    "state",
)
# And those of a candidate that say what it is asked for, beside its client.
_ASKED = ("name", "model", "temperature", "max_tokens")
_SEEING = ("image_inputs", "image_url_inputs", "image_tool_message")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    router: Router
    chats: Mapping[str, FreeChatModel]


class ChatFreeRouter(FaceChatModel):
    """Several services as one chat model: where one cannot answer, the next is asked.

    Before the first piece of an answer it moves on from any failure that another service may not have. After it, it
    never joins the halves of two answers. Who has failed is left alone for a while.

    Setup:
        ``pip install "freeproviders[langchain]"``. No API key.

    Key init args — candidates:
        candidates: Chat models of this package, with words of their own (model, temperature, stop, settings, proxy,
            limits, rate limiter), or their names (``"pi"``, ``"yqcloud:gpt-4"``), in order of preference. ``name=``
            calls one something else than its service. Their own ``max_retries``, caches and callbacks do not count.
        weights: How often each comes first, relative to the others; by default the order given holds.
        checked: File written by ``freeproviders check --save``: who answered there comes first, the fastest ahead.

    Key init args — completion:
        model, temperature, max_tokens, stop: As in a call: where set, they hold for all candidates. A candidate without
            that model is not asked; one without a field for the others is.
        stream_tool_args: Whether streams give the arguments of tool calls as they grow (default: whole).
        image_format: ``"url"`` or ``"bytes"``; by default what each candidate says.
        api_key: Accepted, unused: each candidate has its own.

    Key init args — routing:
        max_retries: Further rounds over all candidates (default 1).
        timeout: Seconds to the first byte, over all candidates and waits (default 120).
        breaker: When a candidate that fails is left alone, and for how long (``freeproviders.breaker.BreakerPolicy``).
        state: File (SQLite) that keeps who is left alone, for several processes; by default this object does.
        hedge_after: Seconds after which the next one is asked too, and whoever speaks first answers; by default one is
            asked at a time.
        wait_for_cooldown: Where all are being left alone, wait for the first of them, within ``timeout``.
        on_interrupt: ``"raise"``: an answer that breaks off after its first piece is a ``StreamInterrupted``.
            ``"restart"``: the next candidate begins anew; see below.

    Candidates that differ:
        Each is given tools and schemas in its own way, as data or in words. Images are shown to those that see them;
        the others are not asked then, and where none sees them it is ``UnsupportedContent``. A setting given with a
        call (``tool_mode="native"``) likewise leaves those that have it.

    Instantiate and invoke:
        .. code-block:: python

            from langchain_freeproviders import ChatFlowGpt, ChatFreeRouter

            chat = ChatFreeRouter(candidates=["yqcloud", ChatFlowGpt(model="claude-v2", temperature=0.2), "pi"])
            chat.invoke("Hello!").response_metadata["candidate"]

    Answers that begin anew:
        With ``on_interrupt="restart"`` a chunk with ``"restarted"`` among its ``additional_kwargs`` voids all chunks
        before it, which LangChain's sum of chunks does not know:

        .. code-block:: python

            answer = None
            for chunk in chat.stream("Tell me a story."):
                answer = chunk if answer is None or "restarted" in chunk.additional_kwargs else answer + chunk

        Whole answers, an agent's among them, hold what is valid alone. LangChain's events v3 have no word for it and
        raise ``StreamInterrupted``.

    Response metadata:
        ``model_name``, ``model_provider``, ``finish_reason``, ``attempts``; ``candidate``: who answered; ``tried``:
        what the others said; ``thread`` where asked for, which goes back to the same candidate. Usage and reasoning as
        from the candidate alone.

    Raises:
        AllProvidersFailed: From calls, if nobody could answer; ``attempts`` says why, one by one.
    """

    candidates: SerializeAsAny[Sequence[InstanceOf[FreeChatModel] | str]]
    weights: Sequence[float] | None = None
    checked: str | Path | None = None
    image_format: Literal["url", "bytes"] | None = None
    max_retries: int = 1
    breaker: InstanceOf[BreakerPolicy] | None = None
    state: str | Path | None = None
    hedge_after: float | None = None
    wait_for_cooldown: bool = False
    on_interrupt: Literal["raise", "restart"] = "raise"

    @field_validator("candidates", mode="before")
    @classmethod
    def _check_candidates(cls, given: Any) -> Any:
        """Tells what a candidate is; pydantic would show the whole build of a chat model."""
        with translated():
            if isinstance(given, str) or not isinstance(given, Sequence):
                raise InvalidSetting("candidates must be a list of chat models and names")
            for one in given:
                _check_candidate(one)
        return given

    def snapshot(self) -> Mapping[str, BreakerState]:
        """What is known of each candidate by now, by name: who fails, and for how long it is left alone."""
        return self._face.snapshot()

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import router_html  # loaded by who looks at it in a notebook

        return router_html(self._face)

    def _provider_name(self) -> str:
        return "router"

    @property
    def _cards(self) -> Sequence[Card]:
        return [chat.card for chat in self._chats.values()]

    @property
    def _sees(self) -> bool:
        return any(one.provider.sees_images for one in self._face.candidates)

    @property
    def _face(self) -> Router:
        return self._routed.router

    @property
    def _chats(self) -> Mapping[str, FreeChatModel]:
        """The chat models that are asked, by their names as candidates."""
        return self._routed.chats

    @property
    def _routed(self) -> _Built:
        return self._kept(self._signature(), self._build)

    def _signature(self) -> tuple[Any, ...]:
        """What the router is made of."""
        return (*map(self.__dict__.get, _RULES), *map(_signature, self.candidates))

    def _rules(self) -> Mapping[str, Any]:
        check_kinds({"max_retries": self.max_retries, "timeout": self.timeout}, self._provider_name())
        rounds = self.max_retries + 1
        return {
            "weighted": self.weights is not None,
            "retry": Retry(attempts=rounds) if self.timeout is None else Retry(attempts=rounds, deadline=self.timeout),
            "breaker": self.breaker,
            "hedge_after": self.hedge_after,
            "on_interrupt": self.on_interrupt,
            "wait_for_cooldown": self.wait_for_cooldown,
            "checked": self.checked,
            "state": self.state,
        }

    def _build(self) -> _Built:
        chats = [init_free_chat_model(one) if isinstance(one, str) else one for one in self.candidates]
        weights = [1.0] * len(chats) if self.weights is None else self.weights
        if len(weights) != len(chats):
            raise InvalidSetting(f"there are {len(weights)} weights for {len(chats)} candidates")
        given = [_candidate(chat, weight) for chat, weight in zip(chats, weights, strict=True)]
        router = Router(given, **self._rules())
        by_client = {candidate.client: chat for candidate, chat in zip(given, chats, strict=True)}
        return _Built(router=router, chats={one.name: by_client[one.client] for one in router.candidates})

    def _check_settings(self, words: Iterable[str]) -> None:
        """A setting that no candidate has is an error that names the nearest known one."""
        for word in words:
            known = {name for one in self._face.candidates for name in one.provider.setting_names()}
            if word not in known:
                raise InvalidSetting(f"no candidate has a setting {word!r}.{nearest(word, known)}")

    def _listener(self, run: BaseRunManager | None) -> Listen | None:
        """Also takes each candidate's own rate limiter before it is asked."""
        limiters = {name: chat.rate_limiter for name, chat in self._chats.items()}
        return listener(run, {**limiters, "": self.rate_limiter})

    async def _with_bytes(self, image: Image) -> Image:
        return await self._chats[image.candidate]._with_bytes(image, self.image_format)  # noqa: SLF001  # its own kind

    def _resolve_model_profile(self) -> ModelProfile | None:
        """What all candidates have; for images one that sees them is enough, as only such are shown any."""
        profiles: list[Mapping[str, Any]] = [chat.profile or {} for chat in self._chats.values()]
        flags = [name for name, value in profiles[0].items() if isinstance(value, bool)]
        shared: dict[str, Any] = {name: all(profile.get(name) for profile in profiles) for name in flags}
        shared |= {name: any(profile.get(name) for profile in profiles) for name in flags if name in _SEEING}
        shared["name"] = f"router over {', '.join(self._chats)}"
        shared["max_input_tokens"] = min(profile.get("max_input_tokens", 0) for profile in profiles)
        return cast("ModelProfile", shared)

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        """Everything that shapes the answer, for cache keys and traces; nothing secret."""
        return {
            "provider": self._provider_name(),
            "candidates": {name: dict(chat._identifying_params) for name, chat in self._chats.items()},  # noqa: SLF001
            "weights": self.weights,
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "stop": self.stop,
            "image_format": self.image_format,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_model_name"] = params.get("ls_model_name") or ", ".join(self._chats)
        return params


def _check_candidate(given: object) -> None:
    if not isinstance(given, str | FreeChatModel):
        raise InvalidSetting(
            f"a candidate must be a chat model of this package or a name such as 'yqcloud:gpt-4', not a "
            f"{type(given).__name__}"
        )


def _signature(candidate: FreeChatModel | str) -> Any:
    """What makes a candidate the one it is; its client is made anew where a setting changes."""
    _check_candidate(candidate)
    if isinstance(candidate, str):
        return candidate
    chosen = "model" in candidate.model_fields_set
    return (chosen, candidate._face, *map(candidate.__dict__.get, _ASKED), *(candidate.stop or ()))  # noqa: SLF001


def _candidate(chat: FreeChatModel, weight: float = 1.0) -> Candidate:
    return Candidate(
        client=chat._face,  # noqa: SLF001  # its own kind
        name=chat.name or "",
        model=chat.model if "model" in chat.model_fields_set else None,
        temperature=chat.temperature,
        max_tokens=chat.max_tokens,
        stop=tuple(chat.stop or ()),
        weight=weight,
    )
