"""The chat model over a client: whole and streamed, awaited and blocking, each natively."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk, invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.json import parse_partial_json
from pydantic import BaseModel

from freeproviders.blocking import portal
from freeproviders.errors import ProviderError
from freeproviders.wire import (
    Answer,
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Done,
    Event,
    Image,
    InvalidCall,
    Prompt,
    Text,
)
from langchain_freeproviders.base import FreeProviderModel
from langchain_freeproviders.errors import translated
from langchain_freeproviders.messages import image_block, image_caption, text_block, to_turns
from langchain_freeproviders.tools import function_of, schema_of, structured, tool_choice_of

__all__ = ["FreeChatModel"]

# Whatever JSON text breaks off, one of these is wrong behind it: in a string or outside, in an object or an array.
_ENDS = ('"]', '"}', "]", "}", '""]', '""}')


class FreeChatModel(FreeProviderModel, BaseChatModel):
    """A service as a chat model; the concrete classes name the service."""

    stream_tool_args: bool = False

    @property
    def _llm_type(self) -> str:
        return f"freeproviders-{self._provider_name()}-chat"

    def _resolve_model_profile(self) -> ModelProfile | None:
        card = self.card
        # LangChain asks before the default model is filled in.
        model = card.aliases.get(self.model or "", self.model or card.models[0])
        draws = model in card.image_models
        return ModelProfile(
            name=f"{card.title} {model}",
            max_input_tokens=card.context_window,
            text_inputs=True,
            image_inputs=False,
            audio_inputs=False,
            video_inputs=False,
            pdf_inputs=False,
            text_outputs=not draws,
            image_outputs=draws,
            reasoning_output=False,
            tool_calling=not draws,
            tool_choice=not draws,
            tool_call_streaming=not draws,
            structured_output=False,  # it means natively
            temperature=card.temperature,
        )

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        parallel_tool_calls: bool = True,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools to call. The services have none: they are described in the prompt, and calls read back.

        Args:
            tools: Functions, LangChain tools, pydantic classes, TypedDicts or JSON Schemas.
            tool_choice: ``"auto"``, ``"any"`` or ``"required"``, ``"none"``, or the name of the tool that must be
                called.
            parallel_tool_calls: Whether the model may make several calls at once.
            kwargs: Further words of each call, such as ``stream_tool_args=True``: a stream then gives arguments as they
                grow, in steps of at least 64 characters, and what it has given cannot be asked for again.

        Raises:
            InvalidSetting: If ``tool_choice`` names no tool that is there.
        """
        functions = [function_of(tool) for tool in tools]
        with translated():
            choice = tool_choice_of(tool_choice, [function["name"] for function in functions])
        formatted = [{"type": "function", "function": function} for function in functions]
        return self.bind(tools=formatted, tool_choice=choice, parallel_tool_calls=parallel_tool_calls, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,  # noqa: ARG002  # every answer is checked against the schema anyway
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """The model with answers that are values of a schema, checked, and asked for again up to twice.

        A stream gives the value as it grows. What does not fit is asked for again while nothing has been given; then
        it is an error (``StreamInterrupted``). ``stream_tool_args=False`` gives it whole, with all the asking.

        Args:
            schema: Pydantic class, TypedDict or JSON Schema of an object; may be None with ``"json_mode"``.
            method: ``"json_schema"`` asks for JSON by the schema, ``"function_calling"`` for a call of a tool made of
                it, ``"json_mode"`` for any JSON object.
            include_raw: Give ``{"raw", "parsed", "parsing_error"}``.
            strict: Accepted, for other models' callers.
            kwargs: Further words of each call.

        Raises:
            InvalidSetting: If the method is unknown, or there is no schema.
        """
        with translated():
            return structured(self, schema, method, include_raw=include_raw, words=kwargs)

    def _asked(self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        words = dict(words)
        tools = tuple(function_of(tool) for tool in words.pop("tools", None) or ())
        choice = tool_choice_of(words.pop("tool_choice", None), [tool["name"] for tool in tools])
        parallel, schema = words.pop("parallel_tool_calls", None), schema_of(words.pop("response_format", None))
        grows = words.pop("stream_tool_args", None)
        if grows is None:  # an answer by a schema is asked for again rather than shown in part, unless a call says so
            grows = self.stream_tool_args and schema is None
        prompt = self._prompt(to_turns(messages, self._provider_name()), stop, words)
        return replace(
            prompt,
            tools=tools,
            tool_choice=choice,
            parallel_calls=parallel is not False,
            schema=schema,
            partial=bool(grows),
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # the base class's signature
        **kwargs: Any,
    ) -> ChatResult:
        with translated():
            prompt = self._asked(messages, stop, kwargs)
            return portal.call(lambda: self._whole(prompt))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002  # the base class's signature
        **kwargs: Any,
    ) -> ChatResult:
        with translated():
            return await self._whole(self._asked(messages, stop, kwargs))

    async def _whole(self, prompt: Prompt) -> ChatResult:
        answer = await self._client.acomplete(prompt, listen=self._listener())
        images = [await self._with_bytes(image) for image in answer.images]
        calls = [tool_call(name=call.name, args=dict(call.arguments), id=call.id) for call in answer.calls]
        failed = [invalid_tool_call(**call) for call in answer.metadata.get("invalid_tool_calls", ())]
        message = AIMessage(
            content=_content(answer, images),
            tool_calls=calls,
            invalid_tool_calls=failed,
            response_metadata=_metadata(answer.metadata),
        )
        info = {"finish_reason": answer.metadata["finish_reason"]}
        return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with translated():
            prompt, chunks = self._asked(messages, stop, kwargs), _Chunks()
            with closing(self._client.stream(prompt, listen=self._listener())) as events:
                for event in chunks.closed(events):
                    whole = portal.call(partial(self._with_bytes, event)) if isinstance(event, Image) else event
                    chunk = chunks.of(whole)
                    if chunk is None:
                        continue
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
            prompt, chunks = self._asked(messages, stop, kwargs), _Chunks()
            # Not closed by hand: a loop that shuts down closes all generators at once, this one among them.
            async for event in chunks.aclosed(self._client.astream(prompt, listen=self._listener())):
                chunk = chunks.of(await self._with_bytes(event) if isinstance(event, Image) else event)
                if chunk is None:
                    continue
                if run_manager is not None:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """An estimate, without a tokenizer to download.

        Args:
            messages: The messages to count.
            tools: Tools that would be sent along.
        """
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens_from_messages(messages, tools)
        return count_tokens_approximately(messages, tools=list(tools) if tools else None)


def _content(answer: Answer, images: Sequence[Image]) -> str | list[str | dict[str, Any]]:
    if not images:
        return answer.text
    lines = [answer.text, *(image_caption(image, number) for number, image in enumerate(images, 1))]
    blocks = (image_block(image, number) for number, image in enumerate(images, 1))
    return [text_block("\n".join(filter(None, lines))), *blocks]


class _Chunks:
    """Turns the events of one stream into chunks; numbers its images, and its calls as the core does.

    LangChain closes open JSON by itself and would take half a call for a whole one. So a call that fails, or with which
    the stream breaks off, ends with what LangChain cannot close.
    """

    def __init__(self) -> None:
        self._images = self._calls = 0
        self._open: dict[int, str] = {}

    def closed(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events; where they break off, calls that have begun fail first."""
        try:
            yield from events
        except ProviderError as error:
            yield from self._broken(error)
            raise

    async def aclosed(self, events: AsyncIterable[Event]) -> AsyncIterator[Event]:
        """As ``closed``, awaited."""
        try:
            async for event in events:
                yield event
        except ProviderError as error:
            for failed in self._broken(error):
                yield failed
            raise

    def _broken(self, error: ProviderError) -> list[CallFailed]:
        failed = InvalidCall("", error.message, "", "truncated")
        return [CallFailed(index, failed) for index in self._open]

    def of(self, event: Event) -> ChatGenerationChunk | None:
        """The chunk of an event; None for what has been handed on already."""
        match event:
            case CallDone():
                self._open.pop(event.index, None)
                return None
            case Text():
                message = AIMessageChunk(content=event.text)
            case Image():
                self._images += 1
                number = self._images
                message = AIMessageChunk(content=[text_block(image_caption(event, number)), image_block(event, number)])
            case CallStarted() | CallArguments() | CallFailed():
                message = AIMessageChunk(content="", tool_call_chunks=[self._call(event)])
            case Done():
                # Metadata stands on the last chunk alone: core adds chunks up, and strings with them ("gpt-4gpt-4").
                facts = _metadata(event.metadata)
                message = AIMessageChunk(content="", response_metadata=facts, chunk_position="last")
            case _:
                message = AIMessageChunk(content="")
        return ChatGenerationChunk(message=message)

    def _call(self, event: CallStarted | CallArguments | CallFailed) -> ToolCallChunk:
        self._calls = max(self._calls, event.index)
        match event:
            case CallStarted():
                self._open[event.index] = ""
                return tool_call_chunk(name=event.name, args="", id=event.id, index=event.index)
            case CallArguments():
                self._open[event.index] = self._open.get(event.index, "") + event.text
                return tool_call_chunk(args=event.text, index=event.index)
            case CallFailed(index=0):
                self._calls += 1
                failed = event.call
                text = failed.text + _unclosable(failed.text)
                return tool_call_chunk(name=failed.name, args=text, id=failed.id, index=self._calls)
        return tool_call_chunk(args=_unclosable(self._open.pop(event.index, "")), index=event.index)


def _unclosable(written: str) -> str:
    """What makes LangChain see that JSON text is broken: a bracket that nothing there waits for."""
    return next((end for end in _ENDS if not _closes(written + end)), "")


def _closes(text: str) -> bool:
    try:
        return isinstance(parse_partial_json(text), dict)
    except ValueError:
        return False


def _metadata(facts: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"provider": "model_provider", "model": "model_name"}
    return {renamed.get(name, name): value for name, value in facts.items()}
