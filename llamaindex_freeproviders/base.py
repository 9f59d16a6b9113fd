"""The calls: LlamaIndex's eight methods over the core's client. What an LLM is made of lives in ``configured``."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import ToolSelection

from freeproviders.blocking import portal
from freeproviders.errors import InvalidSetting, UnsupportedContent
from freeproviders.images import fetch
from freeproviders.notices import warn_ignored
from freeproviders.settings import nearest
from freeproviders.wire import Done, Event, Image, Prompt, Text
from llamaindex_freeproviders.configured import Configured, renamed
from llamaindex_freeproviders.messages import Growing, GrowingChat, GrowingCompletion, to_turns, with_user_message

__all__ = ["FreeProviderLLM"]

L = TypeVar("L", bound="FreeProviderLLM")
R = TypeVar("R")

# What core passes with the tools; without tools it says nothing.
_TOOL_WORDS = ("tools", "tool_choice", "tool_required", "allow_parallel_tool_calls", "verbose")
_CALL_WORDS = ("model", "temperature", "max_tokens", "stop", "thread", "formatted", *_TOOL_WORDS)


class FreeProviderLLM(Configured):
    """The calls of all LLMs here.

    Each call takes, besides its messages or its text, ``model``, ``temperature``, ``stop`` and any setting of the
    service that is no secret; they win over the constructor's for this call. ``thread={}`` starts a conversation that
    the service keeps (Pi, Yqcloud), ``thread=response.raw["thread"]`` goes on with it: then only what is new is sent.

    ``raw`` of an answer, of a stream's last piece, is a dict: ``provider``, ``model``, ``finish_reason``,
    ``attempts``, and where there is one ``thread``, ``citations``, ``message_sid`` or ``image_urls``. A stream's
    ``delta``s join to its text; a whole answer is what the last piece of a stream would be.

    Raises:
        ProviderError: Of the fitting class (``freeproviders.errors``), from calls and while reading a stream.
    """

    async def __aenter__(self: L) -> L:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__()

    # The public calls, each decorated once; what they share is not.

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Answers a conversation."""
        return self._whole(self._asked(messages, kwargs), self._growing_chat())

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Answers a conversation piece by piece."""
        return self._pieces(self._asked(messages, kwargs), self._growing_chat())

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Answers a conversation."""
        return await self._awhole(self._asked(messages, kwargs), self._growing_chat())

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """Answers a conversation piece by piece."""
        return self._apieces(self._asked(messages, kwargs), self._growing_chat())

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answers a text."""
        return self._whole(self._told(prompt, formatted, kwargs), self._growing_completion())

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Answers a text piece by piece."""
        return self._pieces(self._told(prompt, formatted, kwargs), self._growing_completion())

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Answers a text."""
        return await self._awhole(self._told(prompt, formatted, kwargs), self._growing_completion())

    @llm_completion_callback()
    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseAsyncGen:
        """Answers a text piece by piece."""
        return self._apieces(self._told(prompt, formatted, kwargs), self._growing_completion())

    def _growing_chat(self) -> GrowingChat:
        return GrowingChat(self.card.name, inline=self.image_format == "bytes")

    def _growing_completion(self) -> GrowingCompletion:
        return GrowingCompletion(self.card.name, inline=False)

    # Tools: none yet.

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[Any],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,  # noqa: ARG002  # core's signature, here and below
        allow_parallel_tool_calls: bool = False,  # noqa: ARG002
        tool_required: bool = False,  # noqa: ARG002
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The words of an ordinary call; the history is copied."""
        self._refuse_tools(tools)
        return {"messages": with_user_message(chat_history, user_msg), **kwargs}

    def get_tool_calls_from_response(
        self,
        response: ChatResponse,  # noqa: ARG002
        error_on_no_tool_call: bool = True,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[ToolSelection]:
        """No calls.

        Raises:
            ValueError: If ``error_on_no_tool_call``; core expects this class.
        """
        if error_on_no_tool_call:
            raise ValueError("the answer holds no tool call")
        return []

    def _refuse_tools(self, tools: Sequence[Any] | None) -> None:
        if tools:
            raise UnsupportedContent(
                "tools are not supported by this version yet: use ReActAgent, which needs none of the model",
                provider=self.card.name,
            )

    # From framework words to a prompt.

    def _asked(self, messages: Sequence[ChatMessage], words: Mapping[str, Any]) -> Prompt:
        settings = renamed(words, {"api_base": "base_url", "additional_kwargs": "extra_body"})
        self._check_words(settings)
        call = {word: settings.pop(word, None) for word in _CALL_WORDS}
        settings = {word: value for word, value in settings.items() if value is not None}
        self._refuse_tools(call["tools"])
        self._warn_of(call)
        if "extra_body" in settings:
            settings["extra_body"] = {**(self.additional_kwargs or {}), **settings["extra_body"]}
        stop = self.stop if call["stop"] is None else call["stop"]
        return Prompt(
            turns=to_turns(messages, self.card.name),
            model=call["model"] or self.model,
            temperature=self.temperature if call["temperature"] is None else call["temperature"],
            stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
            thread=self._thread(call["thread"]),
            settings=settings,
        )

    def _told(self, prompt: str, formatted: bool, words: Mapping[str, Any]) -> Prompt:
        text = prompt if formatted or self.completion_to_prompt is None else self.completion_to_prompt(prompt)
        return self._asked([ChatMessage(content=text)], words)

    def _check_words(self, words: Mapping[str, Any]) -> None:
        name = self.card.name
        known = {*_CALL_WORDS, *self._service().setting_names()} - self.secrets
        for word in words:
            if word in self.secrets:
                raise InvalidSetting(
                    f"{word} would show in LlamaIndex's events as an argument of a call: give it to the constructor, "
                    f"or use llm.model_copy(update={{{word!r}: ...}})",
                    provider=name,
                )
            if word not in known:
                raise InvalidSetting(f"unknown argument {word!r} of a call.{nearest(word, known)}", provider=name)

    def _thread(self, thread: Any) -> Mapping[str, Any] | None:
        if thread is None:
            return None
        if not isinstance(thread, Mapping):
            raise InvalidSetting('thread must be {} or the raw["thread"] of an answer', provider=self.card.name)
        return deepcopy(dict(thread))

    def _warn_of(self, call: Mapping[str, Any]) -> None:
        ignored = ["max_tokens"] if self.card.temperature else ["max_tokens", "temperature"]
        warn_ignored(self.card.title, [word for word in ignored if call[word] is not None], stacklevel=4)

    # From events to responses: the whole answer is the last piece of the stream, by construction.

    def _whole(self, prompt: Prompt, growing: Growing[R]) -> R:
        return portal.call(lambda: self._awhole(prompt, growing, blocking=True))

    async def _awhole(self, prompt: Prompt, growing: Growing[R], *, blocking: bool = False) -> R:
        answer = await self._client.acomplete(prompt, on_retry=self._on_retry(blocking=blocking))
        events: list[Event] = [Text(answer.text), *answer.images, Done(metadata=answer.metadata)]
        for event in events:
            growing.take(await self._ready(event, growing))
        return growing.response(None)

    def _pieces(self, prompt: Prompt, growing: Growing[R]) -> Generator[R, None, None]:
        with contextlib.closing(self._client.stream(prompt, on_retry=self._on_retry(blocking=True))) as events:
            for event in events:
                yield growing.response(growing.take(self._ready_now(event, growing)))

    async def _apieces(self, prompt: Prompt, growing: Growing[R]) -> AsyncGenerator[R, None]:
        # Not closed by hand: a loop that shuts down closes all generators at once, and would find this one's running.
        async for event in self._client.astream(prompt, on_retry=self._on_retry()):
            yield growing.response(growing.take(await self._ready(event, growing)))

    async def _ready(self, event: Event, growing: Growing[R]) -> Event:
        """The event; an image with its bytes, where the response has a place for them."""
        if isinstance(event, Image) and growing.inline:
            return await fetch(event, provider=self._client.provider, proxy=self.proxy)
        return event

    def _ready_now(self, event: Event, growing: Growing[R]) -> Event:
        return portal.call(lambda: self._ready(event, growing)) if isinstance(event, Image) else event

    def _on_retry(self, *, blocking: bool = False) -> Callable[[int], Awaitable[None]]:
        """Takes the rate limiter again before each further attempt; core takes it before the first."""
        limiter = self.rate_limiter

        async def wait(_: int) -> None:
            if limiter is not None and blocking:
                # The form that core takes in a blocking call; not on the loop that serves all of them.
                await asyncio.to_thread(limiter.acquire)
            elif limiter is not None:
                await limiter.async_acquire()

        return wait
