"""The calls of a chat model: whole and streamed, awaited and blocking, each natively.

Where a handler hears of a call, core keeps a run for it, tells of each chunk and adds them up. Nobody hears of most
calls: those go to what answers without all that, and give the same messages.
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from operator import attrgetter
from typing import Any, TypeGuard, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.globals import get_llm_cache
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.utils.utils import LC_ID_PREFIX
from langchain_core.utils.uuid import uuid7
from pydantic import PrivateAttr

from freeproviders.blocking import portal
from freeproviders.wire import Answer, Image, Prompt
from langchain_freeproviders.base import FaceModel
from langchain_freeproviders.callbacks import begun
from langchain_freeproviders.chunks import Chunks, chunk_of
from langchain_freeproviders.errors import translated
from langchain_freeproviders.messages import image_block, image_caption, only_texts, text_block
from langchain_freeproviders.metadata import known_of

__all__ = ["ChatCalls"]

C = TypeVar("C", bound="ChatCalls")


class ChatCalls(FaceModel, BaseChatModel):
    """A client or a router that answers LangChain's calls."""

    _run: BaseRunManager | None = PrivateAttr(default=None)

    @abstractmethod
    def _asked(self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        """The prompt of a call."""

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base class's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """Answers.

        Args:
            input: Text, messages or a prompt value.
            config: Callbacks, tags and so on.
            stop: Sequences the answer ends before.
            kwargs: Further words of the call.
        """
        config, run = begun(self, config, CallbackManagerForLLMRun)
        if run is None and (messages := self._plain(input, kwargs, whole=True)) is not None:
            with translated():
                prompt = self._asked(messages, stop, kwargs)
                message = portal.call(lambda: self._answer(prompt, None))
            message.id = f"{_answer_id(config)}-0"
            return message
        return BaseChatModel.invoke(self, input, config, stop=stop, **kwargs)

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base class's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """As ``invoke``, awaited."""
        config, run = begun(self, config, AsyncCallbackManagerForLLMRun)
        if run is None and (messages := self._plain(input, kwargs, whole=True)) is not None:
            with translated():
                message = await self._answer(self._asked(messages, stop, kwargs), None)
            message.id = f"{_answer_id(config)}-0"
            return message
        return await BaseChatModel.ainvoke(self, input, config, stop=stop, **kwargs)

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base class's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        """Streams an answer; its last chunk carries the metadata.

        Args:
            input: Text, messages or a prompt value.
            config: Callbacks, tags and so on.
            stop: Sequences the answer ends before.
            kwargs: Further words of the call.
        """
        config, run = begun(self, config, CallbackManagerForLLMRun)
        if run is None and (messages := self._plain(input, kwargs, whole=False)) is not None:
            return self._told(messages, stop, kwargs, _answer_id(config))
        return BaseChatModel.stream(self._in_run(run), input, config, stop=stop, **kwargs)

    def astream(
        self,
        input: LanguageModelInput,  # noqa: A002  # the base class's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """As ``stream``, awaited."""
        config, run = begun(self, config, AsyncCallbackManagerForLLMRun)
        if run is None and (messages := self._plain(input, kwargs, whole=False)) is not None:
            return self._atold(messages, stop, kwargs, _answer_id(config))
        return BaseChatModel.astream(self._in_run(run), input, config, stop=stop, **kwargs)

    # Calls that nobody hears.

    def _plain(self, given: LanguageModelInput, words: Mapping[str, Any], *, whole: bool) -> list[BaseMessage] | None:
        """The messages of a call for which core would do nothing but keep a run; None where it does more.

        It takes the turn of a rate limiter, brings images and the like into their present form and whole answers into
        that of ``output_version="v1"``, looks into caches, makes streams of whole calls and the other way round, says
        what is no input, and calls methods that others have put in the place of ours or its own.
        """
        if self.rate_limiter is not None or self.output_version == "v1" or not self._is_untouched():
            return None
        if whole and (self._is_cached() or self._should_stream(async_api=True, **words)):
            return None
        if not whole and not self._should_stream(async_api=True, **{**words, "stream": True}):
            return None
        try:
            messages = given if _are_messages(given) else self._convert_input(given).to_messages()
        except Exception:  # noqa: BLE001  # whatever it is, core says it in its own time
            return None
        return messages if only_texts(messages) else None

    def _is_untouched(self) -> bool:
        """Whether no class made of ours, test or monitor has put a method of its own on the way of core's calls."""
        own = _below(type(self)) == _BELOW and self.__dict__.keys().isdisjoint(_BELOW_NAMES)
        return _UNWRAPPED and own and _cores(BaseChatModel) == _CORES

    def _is_cached(self) -> bool:
        return get_llm_cache() is not None if self.cache is None else self.cache is not False

    def _told(
        self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any], answer_id: str
    ) -> Iterator[AIMessageChunk]:
        with translated():
            for message in self._messages(self._asked(messages, stop, words), Chunks(), None):
                message.id = answer_id
                yield message

    async def _atold(
        self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any], answer_id: str
    ) -> AsyncIterator[AIMessageChunk]:
        with translated():
            async for message in self._amessages(self._asked(messages, stop, words), Chunks(), None):
                message.id = answer_id
                yield message

    # Calls that core keeps a run for. It hands the run's manager to whole calls alone: what happens in a stream is told
    # by a passing copy of the model that knows its run.

    def _in_run(self: C, run: BaseRunManager | None) -> C:
        if run is None or not run.handlers:
            return self
        _ = self._face  # built here if need be, or each copy would build one of its own
        copy = self.model_copy()
        copy._run = run  # noqa: SLF001  # its own class
        return copy

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        model = self._in_run(run_manager)
        return BaseChatModel._generate_with_cache(model, messages, stop, run_manager, **kwargs)  # noqa: SLF001

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        model = self._in_run(run_manager)
        return await BaseChatModel._agenerate_with_cache(model, messages, stop, run_manager, **kwargs)  # noqa: SLF001

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with translated():
            prompt = self._asked(messages, stop, kwargs)
            return _result(portal.call(lambda: self._answer(prompt, run_manager)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with translated():
            return _result(await self._answer(self._asked(messages, stop, kwargs), run_manager))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with translated():
            # Only LangChain's protocol v3 passes a run manager here.
            prompt = self._asked(messages, stop, kwargs)
            chunks = Chunks(restarts=run_manager is None, blocks=self.output_version == "v1")
            for message in self._messages(prompt, chunks, run_manager or self._run):
                chunk = chunk_of(message)
                if run_manager is not None:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with translated():
            prompt = self._asked(messages, stop, kwargs)
            chunks = Chunks(restarts=run_manager is None, blocks=self.output_version == "v1")
            async for message in self._amessages(prompt, chunks, run_manager or self._run):
                chunk = chunk_of(message)
                if run_manager is not None:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    # What both kinds of calls come to.

    async def _answer(self, prompt: Prompt, run: BaseRunManager | None) -> AIMessage:
        answer = await self._face.acomplete(prompt, listen=self._listener(run))
        images = [await self._with_bytes(image) for image in answer.images]
        calls = [tool_call(name=call.name, args=dict(call.arguments), id=call.id) for call in answer.calls]
        failed = [invalid_tool_call(**call) for call in answer.metadata.get("invalid_tool_calls", ())]
        # In the order in which core puts what is known of a generation.
        known = known_of({"finish_reason": answer.metadata["finish_reason"], **answer.metadata})
        return AIMessage(content=_content(answer, images), tool_calls=calls, invalid_tool_calls=failed, **known)

    def _messages(self, prompt: Prompt, chunks: Chunks, run: BaseRunManager | None) -> Iterator[AIMessageChunk]:
        with closing(self._face.stream(prompt, listen=self._listener(run))) as events:
            yield from chunks.of(events, lambda image: portal.call(partial(self._with_bytes, image)))

    def _amessages(self, prompt: Prompt, chunks: Chunks, run: BaseRunManager | None) -> AsyncIterator[AIMessageChunk]:
        # Not closed by hand: a loop that shuts down closes all generators at once, these among them.
        return chunks.aof(self._face.astream(prompt, listen=self._listener(run)), self._with_bytes)


def _answer_id(config: RunnableConfig) -> str:
    """The id of a message, as core makes it of its run's."""
    return f"{LC_ID_PREFIX}-{config.get('run_id') or uuid7()}"


def _are_messages(given: LanguageModelInput) -> TypeGuard[list[BaseMessage]]:
    return isinstance(given, list) and all(isinstance(one, BaseMessage) for one in given)


# Of core's calls, what ours stand in for, and what they go through on their way down to ours. Looked up as one tuple
# each, since every call looks.
_BELOW_NAMES = (
    *("generate_prompt", "agenerate_prompt", "generate", "agenerate", "_convert_input"),
    *("_generate_with_cache", "_agenerate_with_cache", "_generate", "_agenerate", "_stream", "_astream"),
)
_cores = attrgetter("invoke", "ainvoke", "stream", "astream")
_below = attrgetter(*_BELOW_NAMES)
_CORES, _BELOW = _cores(BaseChatModel), _below(ChatCalls)
# A monitor that was there before us has already wrapped them.
_UNWRAPPED = not any(hasattr(method, "__wrapped__") for method in (*_CORES, *_BELOW))


def _result(message: AIMessage) -> ChatResult:
    info = {"finish_reason": message.response_metadata["finish_reason"]}
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])


def _content(answer: Answer, images: Sequence[Image]) -> str | list[str | dict[str, Any]]:
    if not images:
        return answer.text
    lines = [answer.text, *(image_caption(image, number) for number, image in enumerate(images, 1))]
    blocks = (image_block(image, number) for number, image in enumerate(images, 1))
    return [text_block("\n".join(filter(None, lines))), *blocks]
