"""The calls: LlamaIndex's eight methods over what the core asks. What an LLM is made of lives in ``configured``."""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Mapping, Sequence
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
    ToolCallBlock,
)
from llama_index.core.instrumentation.span import active_span_id
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.program.utils import FlexibleModel, get_program_for_llm
from llama_index.core.prompts import PromptTemplate
from llama_index.core.rate_limiter import BaseRateLimiter
from llama_index.core.types import BasePydanticProgram, Model, PydanticProgramMode

from freeproviders.blocking import portal
from freeproviders.errors import BadReply, InvalidSetting
from freeproviders.face import Face
from freeproviders.images import fetch
from freeproviders.reports import AttemptStarted, Listen, Report
from freeproviders.settings import nearest
from freeproviders.wire import CallArguments, CallDone, CallFailed, CallStarted, Done, Event, Image, Prompt, Text
from llamaindex_freeproviders.configured import Configured, renamed
from llamaindex_freeproviders.instrumentation import event_of, fire
from llamaindex_freeproviders.messages import (
    Growing,
    GrowingChat,
    GrowingCompletion,
    call_of,
    to_turns,
    with_user_message,
)
from llamaindex_freeproviders.tools import choice_of, tool_of

__all__ = ["FreeLLM"]

L = TypeVar("L", bound="FreeLLM")
R = TypeVar("R")

# LlamaIndex's names of settings, and the core's; a call takes both.
_SPELLINGS = {"api_base": "base_url", "additional_kwargs": "extra_body"}
# What makes no response of its own: a call is told of when it is whole, or by its growing arguments.
_UNTOLD = (CallStarted, CallFailed)
# What core passes with the tools; without tools it says nothing.
_TOOL_WORDS = ("tools", "tool_choice", "tool_required", "allow_parallel_tool_calls", "verbose")
_CALL_WORDS = (
    "model",
    "temperature",
    "max_tokens",
    "stop",
    "thread",
    "formatted",
    "stream_tool_args",
    *_TOOL_WORDS,
)


class FreeLLM(Configured):
    """The calls of all LLMs here.

    Each call takes, besides its messages or its text, ``model``, ``temperature``, ``stop`` and any setting of the
    service that is no secret; they win over the constructor's for this call. ``thread={}`` starts a conversation that
    the service keeps (Pi, Yqcloud), ``thread=response.raw["thread"]`` goes on with it: then only what is new is sent.

    ``raw`` of an answer, of a stream's last piece, is a dict: ``provider``, ``model``, ``finish_reason``,
    ``attempts``, and where there is one ``thread``, ``citations``, ``message_sid`` or ``image_urls``; calls that were
    mended are told of in ``tool_call_repairs``, calls that cannot be made in ``invalid_tool_calls`` (``name``,
    ``args``, ``id``, ``error``). A stream's ``delta``s join to its text; a whole answer is what the last piece of a
    stream would be. With ``stream_tool_args=True`` a stream shows calls while their arguments grow.

    What happens on the way is told to core's instrumentation: see ``instrumentation``.

    Raises:
        ProviderError: Of the fitting class (``freeproviders.errors``), from calls and while reading a stream.
    """

    @property
    @abstractmethod
    def _face(self) -> Face:
        """What answers."""

    @property
    @abstractmethod
    def _source(self) -> str:
        """Who that is, in errors and in the pieces of a stream."""

    async def __aenter__(self: L) -> L:
        await self._face.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._face.__aexit__()

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
        return GrowingChat(self._source, inline=self.image_format == "bytes")

    def _growing_completion(self) -> GrowingCompletion:
        return GrowingCompletion(self._source, inline=False)

    # Tools: the services have none, so the prompt describes them and the core reads the calls back.

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[Any],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,  # noqa: ARG002  # core's signature
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The words of a call with tools; the history is copied."""
        words: dict[str, Any] = {"messages": with_user_message(chat_history, user_msg), **kwargs}
        if tools:
            words["tools"] = [tool_of(tool) for tool in tools]
            words["allow_parallel_tool_calls"] = allow_parallel_tool_calls
            if words.get("tool_choice") is None:
                words["tool_choice"] = "any" if tool_required else "auto"
        return words

    def get_tool_calls_from_response(
        self,
        response: ChatResponse,
        error_on_no_tool_call: bool = True,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[ToolSelection]:
        """The calls in an answer.

        Raises:
            ValueError: If there are none and ``error_on_no_tool_call``; core expects this class.
        """
        blocks = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
        if error_on_no_tool_call and not blocks:
            raise ValueError(f"expected a tool call, the answer holds none: {str(response.message.content)[:200]!r}")
        calls = map(call_of, blocks)
        return [ToolSelection(tool_id=call.id, tool_name=call.name, tool_kwargs=dict(call.arguments)) for call in calls]

    # Streamed objects: core's programs say only of whole answers that a call must come.

    def _structured_stream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Generator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None, None]:
        program, words = self._streaming_program(output_cls, prompt), {"stream_tool_args": True, **(llm_kwargs or {})}
        yield from _ended(program.stream_call(llm_kwargs=words, **prompt_args), output_cls)

    async def _structured_astream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> AsyncGenerator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None]:
        program, words = self._streaming_program(output_cls, prompt), {"stream_tool_args": True, **(llm_kwargs or {})}
        return _aended(await program.astream_call(llm_kwargs=words, **prompt_args), output_cls)

    def _streaming_program(self, output_cls: type[Model], prompt: PromptTemplate) -> BasePydanticProgram[Model]:
        mode = self.pydantic_program_mode
        by_calls = mode == PydanticProgramMode.FUNCTION or (
            mode == PydanticProgramMode.DEFAULT and self.is_function_calling_model
        )
        return get_program_for_llm(output_cls, prompt, self, mode, **({"tool_choice": "any"} if by_calls else {}))

    # From framework words to a prompt.

    def _asked(self, messages: Sequence[ChatMessage], words: Mapping[str, Any]) -> Prompt:
        settings = renamed(words, _SPELLINGS)
        self._check_words(settings)
        call = {word: settings.pop(word, None) for word in _CALL_WORDS}
        self._warn_of(call, stacklevel=4)
        tools = tuple(tool_of(tool) for tool in call["tools"] or ())
        stop = self.stop if call["stop"] is None else call["stop"]
        return Prompt(
            turns=to_turns(messages, self._source),
            model=call["model"] or self.model,
            temperature=self.temperature if call["temperature"] is None else call["temperature"],
            stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
            thread=self._thread(call["thread"]),
            settings=self._call_settings({word: value for word, value in settings.items() if value is not None}),
            tools=tools,
            tool_choice=choice_of(call["tool_choice"], tools, required=bool(call["tool_required"])),
            parallel_calls=call["allow_parallel_tool_calls"] is not False,
            partial=bool(self.stream_tool_args if call["stream_tool_args"] is None else call["stream_tool_args"]),
        )

    def _told(self, prompt: str, formatted: bool, words: Mapping[str, Any]) -> Prompt:
        if words.get("tools"):
            raise InvalidSetting("a completion has no place for calls of tools: use chat", provider=self._source)
        text = prompt if formatted or self.completion_to_prompt is None else self.completion_to_prompt(prompt)
        return self._asked([ChatMessage(content=text)], words)

    def _check_words(self, words: Mapping[str, Any]) -> None:
        settings = {name for one in self._members.values() for name in one.service.setting_names()}
        known = {*_CALL_WORDS, *settings} - self.secrets
        for word in words.keys() - known:
            if word in self.secrets:
                raise InvalidSetting(
                    f"{word} would show in LlamaIndex's events as an argument of a call: give it to the constructor, "
                    f"or use llm.model_copy(update={{{word!r}: ...}})",
                    provider=self._source,
                )
            raise InvalidSetting(f"unknown argument {word!r} of a call.{nearest(word, known)}", provider=self._source)

    def _call_settings(self, words: dict[str, Any]) -> Mapping[str, Any]:
        """The settings of a service that a call has, as the service takes them."""
        return words

    def _thread(self, thread: Any) -> Mapping[str, Any] | None:
        if thread is None:
            return None
        if not isinstance(thread, Mapping):
            raise InvalidSetting('thread must be {} or the raw["thread"] of an answer', provider=self._source)
        return deepcopy(dict(thread))

    # From events to responses: the whole answer is the last piece of the stream, by construction.

    def _whole(self, prompt: Prompt, growing: Growing[R]) -> R:
        listen = self._listener(blocking=True)
        return portal.call(lambda: self._grown(prompt, growing, listen))

    async def _awhole(self, prompt: Prompt, growing: Growing[R]) -> R:
        return await self._grown(prompt, growing, self._listener())

    async def _grown(self, prompt: Prompt, growing: Growing[R], listen: Listen) -> R:
        answer = await self._face.acomplete(prompt, listen=listen)
        calls = (CallDone(index, call) for index, call in enumerate(answer.calls, 1))
        events: list[Event] = [Text(answer.text), *answer.images, *calls, Done(metadata=answer.metadata)]
        for event in events:
            growing.take(await self._ready(event, growing))
        return growing.response(None)

    def _pieces(self, prompt: Prompt, growing: Growing[R]) -> Generator[R, None, None]:
        # The listener is made now, within the span of the call; the stream is read outside of it.
        events, untold = self._face.stream(prompt, listen=self._listener(blocking=True)), _untold(prompt)

        def pieces() -> Generator[R, None, None]:
            with contextlib.closing(events):
                for event in events:
                    new = growing.take(self._ready_now(event, growing))
                    if not isinstance(event, untold):
                        yield growing.response(new)

        return pieces()

    def _apieces(self, prompt: Prompt, growing: Growing[R]) -> AsyncGenerator[R, None]:
        events, untold = self._face.astream(prompt, listen=self._listener()), _untold(prompt)

        async def pieces() -> AsyncGenerator[R, None]:
            # Not closed by hand: a loop that shuts down closes all generators at once, and would find this one's
            # running.
            async for event in events:
                new = growing.take(await self._ready(event, growing))
                if not isinstance(event, untold):
                    yield growing.response(new)

        return pieces()

    async def _ready(self, event: Event, growing: Growing[Any]) -> Event:
        """The event; an image with its bytes, where the response has a place for them, or checked if it has them."""
        if not isinstance(event, Image) or (event.data is None and not growing.inline):
            return event
        drawn_by = self._members[event.candidate or self._source]
        return await fetch(event, provider=drawn_by.client.provider, proxy=drawn_by.proxy)

    def _ready_now(self, event: Event, growing: Growing[Any]) -> Event:
        return portal.call(lambda: self._ready(event, growing)) if isinstance(event, Image) else event

    # From reports to rate limiters and events.

    def _listener(self, *, blocking: bool = False) -> Listen:
        """Takes the rate limiters before each attempt, and fires events. To be made within the call's span."""
        span, first = active_span_id.get(), True

        async def listen(report: Report) -> None:
            nonlocal first
            if isinstance(report, AttemptStarted):
                limiters, first = self._limiters(report.candidate, first=first), False
                for limiter in limiters:
                    # A blocking call takes the blocking form, but not on the loop that serves all of them.
                    await (asyncio.to_thread(limiter.acquire) if blocking else limiter.async_acquire())
            elif event := event_of(report, span):
                await asyncio.to_thread(fire, event) if blocking else fire(event)

        return listen

    def _limiters(self, candidate: str, *, first: bool) -> list[BaseRateLimiter]:
        """What an attempt has to wait for: our own limiter, which core takes before the first, and the candidate's."""
        theirs = self._members[candidate].rate_limiter if candidate else None
        asked = [None if first else self.rate_limiter, None if theirs is self.rate_limiter else theirs]
        return [limiter for limiter in asked if limiter is not None]


def _untold(prompt: Prompt) -> tuple[type[Event], ...]:
    return _UNTOLD if prompt.partial else (*_UNTOLD, CallArguments)


def _ended(objects: Iterable[Any], output_cls: type[Model]) -> Generator[Any, None, None]:
    """The objects; an error if the last one is not what was asked for, as core's programs say nothing of it.

    Raises:
        BadReply: If it is not.
    """
    last = None
    for last in objects:
        yield last
    _check_last(last, output_cls)


async def _aended(objects: AsyncIterable[Any], output_cls: type[Model]) -> AsyncGenerator[Any, None]:
    last = None
    async for last in objects:
        yield last
    _check_last(last, output_cls)


def _check_last(last: Any, output_cls: type[Model]) -> None:
    found = last if isinstance(last, list) else [last]
    if not all(isinstance(item, output_cls) for item in found):
        raise BadReply(f"the model gave no {output_cls.__name__} that is whole: ask again, or with a simpler form")
