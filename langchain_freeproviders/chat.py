"""The chat model over a client: whole and streamed, awaited and blocking, each natively."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import BaseModel

from freeproviders.blocking import portal
from freeproviders.wire import (
    Answer,
    CallArguments,
    CallDone,
    CallFailed,
    CallStarted,
    Done,
    Event,
    Image,
    Prompt,
    Text,
)
from langchain_freeproviders.base import FreeProviderModel
from langchain_freeproviders.errors import translated
from langchain_freeproviders.messages import image_block, image_caption, text_block, to_turns
from langchain_freeproviders.tools import function_of, schema_of, structured, tool_choice_of

__all__ = ["FreeChatModel"]


class FreeChatModel(FreeProviderModel, BaseChatModel):
    """A service as a chat model; the concrete classes name the service."""

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
            kwargs: Further words of each call.

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
            return structured(self.bind(**kwargs) if kwargs else self, schema, method, include_raw=include_raw)

    def _asked(self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        words = dict(words)
        tools = tuple(function_of(tool) for tool in words.pop("tools", None) or ())
        choice = tool_choice_of(words.pop("tool_choice", None), [tool["name"] for tool in tools])
        parallel, schema = words.pop("parallel_tool_calls", None), schema_of(words.pop("response_format", None))
        prompt = self._prompt(to_turns(messages, self._provider_name()), stop, words)
        return replace(prompt, tools=tools, tool_choice=choice, parallel_calls=parallel is not False, schema=schema)

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
        answer = await self._client.acomplete(prompt, on_retry=self._before_retry())
        images = [await self._with_bytes(image) for image in answer.images]
        calls = [tool_call(name=call.name, args=dict(call.arguments), id=call.id) for call in answer.calls]
        content = _content(answer, images)
        message = AIMessage(content=content, tool_calls=calls, response_metadata=_metadata(answer.metadata))
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
            prompt = self._asked(messages, stop, kwargs)
            images = 0
            with closing(self._client.stream(prompt, on_retry=self._before_retry())) as events:
                for event in events:
                    if isinstance(event, CallDone):
                        continue  # its name and arguments have been handed on
                    images += isinstance(event, Image)
                    whole = portal.call(partial(self._with_bytes, event)) if isinstance(event, Image) else event
                    chunk = _chunk(whole, images)
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
            images = 0
            # Not closed by hand: a loop that shuts down closes all generators at once, this one among them.
            async for event in self._client.astream(prompt, on_retry=self._before_retry()):
                if isinstance(event, CallDone):
                    continue  # its name and arguments have been handed on
                images += isinstance(event, Image)
                chunk = _chunk(await self._with_bytes(event) if isinstance(event, Image) else event, images)
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


def _chunk(event: Event, images: int) -> ChatGenerationChunk:
    if isinstance(event, Text):
        return ChatGenerationChunk(message=AIMessageChunk(content=event.text))
    if isinstance(event, CallStarted):
        return _call_chunk(event.index, name=event.name, id=event.id, args="")
    if isinstance(event, CallArguments):
        return _call_chunk(event.index, args=event.text)
    if isinstance(event, CallFailed):
        # LangChain closes open JSON by itself and would take half a call for a whole one; this it cannot close.
        return _call_chunk(event.index, args='"]')
    if isinstance(event, Image):
        blocks: list[str | dict[str, Any]] = [text_block(image_caption(event, images)), image_block(event, images)]
        return ChatGenerationChunk(message=AIMessageChunk(content=blocks))
    # Metadata stands on the last chunk alone: core adds chunks up, and strings with them ("gpt-4gpt-4").
    metadata = event.metadata if isinstance(event, Done) else {}
    message = AIMessageChunk(content="", response_metadata=_metadata(metadata), chunk_position="last")
    return ChatGenerationChunk(message=message)


def _call_chunk(index: int, *, args: str, name: str | None = None, id: str | None = None) -> ChatGenerationChunk:  # noqa: A002
    chunk = tool_call_chunk(name=name, args=args, id=id, index=index)
    return ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))


def _metadata(facts: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"provider": "model_provider", "model": "model_name"}
    return {renamed.get(name, name): value for name, value in facts.items()}
