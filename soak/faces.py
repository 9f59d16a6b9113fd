"""The faces of the packages that the storm calls, brought to one form: whole or in pieces, blocking or awaited."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from langchain_core.messages import HumanMessage
from llama_index.core.base.llms.types import ChatMessage

from freeproviders import Answer, Client, Prompt, Retry, Text, Timeouts, Turn
from freeproviders.face import Face
from freeproviders.wire import Done, Event, Image, Restarted
from langchain_freeproviders import ChatFreeProvider, FreeProviderLLM
from llamaindex_freeproviders import FreeProvider
from soak.plans import Plan
from soak.routers import routers

__all__ = ["Asking", "Desk"]

_HASTY = Timeouts(first_byte=0.4, idle=0.4)


@dataclass(slots=True)
class Heard:
    """What has come of a call by now.

    Attributes:
        texts: The pieces of its text.
        images: How many images.
        metadata: What its end has said.
    """

    texts: list[str] = field(default_factory=list)
    images: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Asking(Protocol):
    """One call, ready to be made once, in one of four ways. What comes is kept in ``heard`` before it is yielded."""

    heard: Heard

    def whole(self) -> None:
        """The whole answer, blocking."""
        ...

    async def awhole(self) -> None:
        """The whole answer, awaited."""
        ...

    def pieces(self) -> Generator[Any, None, None]:
        """The answer in pieces, blocking."""
        ...

    def apieces(self) -> AsyncGenerator[Any, None]:
        """The answer in pieces, awaited."""
        ...


class _Core:
    """The core's own face: a client, or a router."""

    def __init__(self, face: Face, prompt: Prompt) -> None:
        self.heard = Heard()
        self._face = face
        self._prompt = prompt

    def whole(self) -> None:
        self._keep(self._face.complete(self._prompt))

    async def awhole(self) -> None:
        self._keep(await self._face.acomplete(self._prompt))

    def pieces(self) -> Generator[Any, None, None]:
        with closing(self._face.stream(self._prompt)) as events:
            for event in events:
                self._hear(event)
                yield event

    async def apieces(self) -> AsyncGenerator[Any, None]:
        async with aclosing(self._face.astream(self._prompt)) as events:
            async for event in events:
                self._hear(event)
                yield event

    def _keep(self, answer: Answer) -> None:
        self.heard = Heard([answer.text], len(answer.images), answer.metadata)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Text):
            self.heard.texts.append(event.text)
        elif isinstance(event, Restarted):
            self.heard.texts.clear()
        elif isinstance(event, Image):
            self.heard.images += 1
        elif isinstance(event, Done):
            self.heard.metadata = event.metadata


class _LangChain:
    """A LangChain model, of chat or of strings."""

    def __init__(self, model: ChatFreeProvider | FreeProviderLLM, text: str, words: Mapping[str, Any]) -> None:
        self.heard = Heard()
        self._model: Any = model
        self._asked = [HumanMessage(text)] if isinstance(model, ChatFreeProvider) else text
        self._words = words

    def whole(self) -> None:
        self._hear(self._model.invoke(self._asked, **self._words))

    async def awhole(self) -> None:
        self._hear(await self._model.ainvoke(self._asked, **self._words))

    def pieces(self) -> Generator[Any, None, None]:
        with closing(self._model.stream(self._asked, **self._words)) as chunks:
            for chunk in chunks:
                yield self._hear(chunk)

    async def apieces(self) -> AsyncGenerator[Any, None]:
        async with aclosing(self._model.astream(self._asked, **self._words)) as chunks:
            async for chunk in chunks:
                yield self._hear(chunk)

    def _hear(self, said: Any) -> Any:
        self.heard.texts.append(said if isinstance(said, str) else str(said.text))
        self.heard.metadata = getattr(said, "response_metadata", None) or self.heard.metadata
        return said


class _LlamaIndex:
    """A LlamaIndex LLM, asked with messages or with a text."""

    def __init__(self, llm: FreeProvider, text: str, words: Mapping[str, Any], *, chat: bool) -> None:
        self.heard = Heard()
        self._llm: Any = llm
        self._asked = [ChatMessage(content=text)] if chat else text
        self._names = ("chat", "achat", "stream_chat", "astream_chat")
        if not chat:
            self._names = ("complete", "acomplete", "stream_complete", "astream_complete")
        self._words = words

    def _call(self, place: int) -> Any:
        return getattr(self._llm, self._names[place])(self._asked, **self._words)

    def whole(self) -> None:
        self._keep(self._call(0))

    async def awhole(self) -> None:
        self._keep(await self._call(1))

    def pieces(self) -> Generator[Any, None, None]:
        with closing(self._call(2)) as responses:
            for response in responses:
                yield self._hear(response)

    async def apieces(self) -> AsyncGenerator[Any, None]:
        async with aclosing(await self._call(3)) as responses:
            async for response in responses:
                yield self._hear(response)

    def _keep(self, response: Any) -> None:
        self.heard = Heard([response.message.content if hasattr(response, "message") else response.text])
        self.heard.metadata = response.raw or {}

    def _hear(self, response: Any) -> Any:
        self.heard.texts.append(response.delta or "")
        self.heard.metadata = response.raw or self.heard.metadata
        return response


class Desk:
    """Makes callers for plans. The clients and models of each service are shared by all calls, as in a server.

    Args:
        url: Of the sandbox.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: dict[tuple[str, bool, int], Client] = {}
        self._models: dict[tuple[type, str], Any] = {}
        self._routers = routers(url)

    def asking(self, plan: Plan, thread: Mapping[str, Any] | None = None) -> Asking:
        """A call by its plan.

        Args:
            plan: The plan.
            thread: The conversation it is part of.
        """
        if plan.way.framework == "router":
            return _Core(self._routers[plan.provider](), Prompt.of(plan.text))
        if plan.way.framework == "core":
            return self._core(plan, thread)
        words = {**({"stop": [plan.stop]} if plan.stop else {}), **({} if thread is None else {"thread": dict(thread)})}
        if plan.way.framework.startswith("langchain"):
            kind = ChatFreeProvider if plan.way.framework == "langchain" else FreeProviderLLM
            return _LangChain(self._model(kind, plan), plan.text, words)
        chat = plan.way.framework == "llamaindex"
        return _LlamaIndex(self._model(FreeProvider, plan), plan.text, words, chat=chat)

    def _core(self, plan: Plan, thread: Mapping[str, Any] | None) -> Asking:
        prompt = Prompt(
            turns=(Turn(role="user", text=plan.text),),
            model=plan.model,
            stop=(plan.stop,) if plan.stop else (),
            thread=thread,
            settings={"default_headers": _headers(plan), **plan.settings},
        )
        return _Core(self._client(plan), prompt)

    def _client(self, plan: Plan) -> Client:
        key = (plan.provider, plan.hasty, plan.attempts)
        if key not in self._clients:
            self._clients[key] = Client(
                plan.provider,
                base_url=f"{self._url}/{plan.provider}",
                retry=Retry(attempts=plan.attempts, base=0.05),
                timeouts=_HASTY if plan.hasty else None,
            )
        return self._clients[key]

    def _model(self, kind: type, plan: Plan) -> Any:
        key = (kind, plan.provider)
        if key not in self._models:
            self._models[key] = kind(provider=plan.provider, base_url=f"{self._url}/{plan.provider}")
        changes = {"default_headers": _headers(plan), "max_retries": plan.attempts - 1, **plan.settings}
        if plan.hasty:
            changes["timeout"] = _HASTY.first_byte
        return self._models[key].model_copy(update=changes)


def _headers(plan: Plan) -> dict[str, str]:
    return {} if plan.scenario is None else plan.scenario.as_header()


def make(plan: Plan, asking: Asking) -> None:
    """Makes a blocking call, to its end or to where the caller leaves."""
    if not plan.way.stream:
        asking.whole()
        return
    with closing(asking.pieces()) as pieces:
        _ = any(_leaves(plan, asking) for _ in cast("Iterable[Any]", pieces))


async def amake(plan: Plan, asking: Asking) -> None:
    """Makes an awaited call, to its end or to where the caller leaves."""
    if not plan.way.stream:
        await asking.awhole()
        return
    async with aclosing(asking.apieces()) as pieces:
        async for _ in cast("AsyncIterable[Any]", pieces):
            if _leaves(plan, asking):
                return


def make_on_a_loop(plan: Plan, asking: Asking) -> None:
    """Makes an awaited call on a loop of its own."""
    asyncio.run(amake(plan, asking))


def _leaves(plan: Plan, asking: Asking) -> bool:
    return plan.leaving is not None and plan.leaving.after is None and any(asking.heard.texts)
