"""An LLM that asks several services, one after another, until one answers. The asking is the core's work."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from llama_index.core.bridge.pydantic import Field, PrivateAttr, field_serializer, field_validator

from freeproviders.breaker import BreakerPolicy, BreakerState
from freeproviders.candidates import Candidate
from freeproviders.errors import InvalidSetting
from freeproviders.policy import Retry
from freeproviders.router import Router
from llamaindex_freeproviders.base import FreeLLM
from llamaindex_freeproviders.llms import AiChats, FlowGpt, FreeProvider, OpenAICompatible, Pi, Pizzagpt, Yqcloud
from llamaindex_freeproviders.service import FreeProviderLLM

__all__ = ["FreeRouter"]

_MAX_RETRIES = 1
_CLASSES = {cls.class_name(): cls for cls in (AiChats, FlowGpt, FreeProvider, OpenAICompatible, Pi, Pizzagpt, Yqcloud)}


class FreeRouter(FreeLLM):
    """Asks several services, one after another, until one answers: ``FreeRouter(candidates=["pi", Yqcloud()])``.

    Before the first piece of an answer it moves on at once from any failure that another service may not have; who has
    failed is left alone for a while. After the first piece it never joins two answers. A call goes to those candidates
    alone that have what it asks for: ``model="dalle"``, ``thread=``, a setting. What a candidate has of its own (model,
    temperature, stop, settings, proxy, limits, ``rate_limiter``) holds where neither the call nor the router says
    otherwise; its ``max_retries`` and prompts do not count. ``model`` is by default each candidate's own, ``timeout``
    (120) is for all candidates and waits together, ``max_retries`` (1) counts further rounds over all candidates.

    In ``raw``, ``candidate`` is who answered and ``tried`` what the others said; a ``thread`` goes back to the
    candidate that keeps it.

    With ``on_interrupt="restart"``, a stream that breaks off goes on with a response that voids what came before: its
    ``raw["restarted"]`` has ``candidate`` and ``partial`` (the text that is void), its content is empty, and so is its
    delta. From there on contents and deltas are the new answer's. Who reads contents is right without knowing; who
    joins deltas (core's streaming chat and query engines and ``CodeActAgent`` do) must begin anew there, or shows both
    answers, which is why it is not the default. Whole answers are begun anew in silence, in either setting.

    A copy by pickle or ``deepcopy`` knows of no failures yet, unless there is a ``state`` file; ``model_copy`` shares
    what is known. A dump holds the candidates without their secrets, ``rate_limiter`` and shared ``Limiter``.

    Args:
        candidates: LLMs of this package, or names (``"pi"``, ``"yqcloud:gpt-4"``), in order of preference. They are
            called by service, ``"yqcloud"``, ``"yqcloud:gpt-3.5-turbo"``, the second of the same ``"yqcloud#2"``.
        weights: One for each candidate; they are then asked in an order drawn by their weights for each call.
        breaker: When a candidate that fails is left alone, and for how long.
        hedge_after: Seconds after which the next candidate is asked too, where none has given anything yet; whoever
            speaks first answers. None for one at a time.
        on_interrupt: ``"raise"`` (``StreamInterrupted``) or ``"restart"``, where a stream breaks off.
        wait_for_cooldown: Where all candidates are left alone, wait for the first of them, within ``timeout``.
        checked: File of ``freeproviders check --save``: those that answered there come first, the fastest at the head.
        state: File (SQLite) that keeps who is left alone, for several processes.
    """

    candidates: list[FreeProviderLLM] = Field(default_factory=list)
    weights: list[float] | None = None
    breaker: BreakerPolicy | None = None
    hedge_after: float | None = None
    on_interrupt: Literal["raise", "restart"] = "raise"
    wait_for_cooldown: bool = False
    checked: str | None = None
    state: str | None = None

    if TYPE_CHECKING:

        def __init__(self, *, candidates: Sequence[FreeProviderLLM | str], **words: Any) -> None: ...

    _built: tuple[Any, Router] | None = PrivateAttr(default=None)

    @classmethod
    def class_name(cls) -> str:
        """Key of this class in serialised data."""
        return "freeproviders_router"

    @classmethod
    def _known(cls, words: dict[str, Any]) -> dict[str, Any]:
        words = super()._known(words)
        if "candidates" in words:
            words["candidates"] = [_llm(given) for given in _listed(words["candidates"])]
        return words

    @field_validator("checked", "state", mode="before")
    @classmethod
    def _path_as_text(cls, path: Any) -> Any:
        return os.fspath(path) if isinstance(path, os.PathLike) else path

    @field_serializer("candidates")
    def _dumped(self, candidates: list[FreeProviderLLM]) -> list[dict[str, Any]]:
        return [llm.to_dict() for llm in candidates]

    @property
    def _members(self) -> Mapping[str, FreeProviderLLM]:
        members: dict[str, FreeProviderLLM] = {}
        for llm in self.candidates:
            name = plain = llm.card.name if llm.model == llm.card.models[0] else f"{llm.card.name}:{llm.model}"
            number = 1
            while name in members:
                number += 1
                name = f"{plain}#{number}"
            members[name] = llm
        return members

    @property
    def _source(self) -> str:
        return "router"

    def _settle(self, **effective: Any) -> None:
        """Builds the router, so that bad words show here."""
        retry = self._face.retry
        super()._settle(timeout=retry.deadline, max_retries=retry.attempts - 1, **effective)

    @property
    def _face(self) -> Router:
        """The router for the words and the candidates as they are now; kept between calls, as it knows who fails."""
        plan = (self._candidates(), self._rules())
        if self._built is None or self._built[0] != plan:
            self._built = (plan, Router(plan[0], **plan[1]))
        return self._built[1]

    def _candidates(self) -> list[Candidate]:
        members, weights = self._members, self.weights or [1.0] * len(self.candidates)
        if len(weights) != len(members):
            raise InvalidSetting(f"there are {len(weights)} weights for {len(members)} candidates")
        return [
            Candidate(
                client=llm.client,
                name=name,
                model=llm.model,
                temperature=llm.temperature,
                max_tokens=llm.max_tokens,
                stop=tuple(llm.stop or ()),
                weight=weight,
            )
            for (name, llm), weight in zip(members.items(), weights, strict=True)
        ]

    def _rules(self) -> dict[str, Any]:
        further = _MAX_RETRIES if self.max_retries is None else self.max_retries
        within = {} if self.timeout is None else {"deadline": self.timeout}
        return {
            "weighted": self.weights is not None,
            "retry": Retry(attempts=further + 1, **within),
            "breaker": self.breaker,
            "hedge_after": self.hedge_after,
            "on_interrupt": self.on_interrupt,
            "wait_for_cooldown": self.wait_for_cooldown,
            "checked": self.checked,
            "state": self.state,
        }

    def snapshot(self) -> Mapping[str, BreakerState]:
        """What is known of each candidate by now, by name."""
        return self._face.snapshot()

    def _repr_html_(self) -> str:
        from freeproviders.notebook.views import router_html  # loaded by who looks at it in a notebook

        return router_html(self._face)


def _listed(candidates: Any) -> Sequence[Any]:
    if not isinstance(candidates, Sequence) or isinstance(candidates, str):
        example = f"[{candidates!r}]" if isinstance(candidates, str) else '["pi", "yqcloud"]'
        raise InvalidSetting(f"candidates must be a list, as in {example}")
    return candidates


def _llm(given: object) -> FreeProviderLLM:
    """A candidate as it is given: an LLM, a name, or the dump of an LLM."""
    if isinstance(given, FreeProviderLLM):
        return given
    if isinstance(given, str):
        name, _, model = given.partition(":")
        return FreeProvider(provider=name, model=model or None)
    kind = given.get("class_name") if isinstance(given, Mapping) else None
    if isinstance(given, Mapping) and isinstance(kind, str) and kind in _CLASSES:
        return _CLASSES[kind].from_dict(dict(given))
    raise InvalidSetting(
        'a candidate must be an LLM of llamaindex_freeproviders, or a name such as "pi" or "yqcloud:gpt-4"'
    )
