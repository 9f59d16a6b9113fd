"""The chat model over a client: whole and streamed, awaited and blocking, each natively."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from freeproviders.blocking import portal
from freeproviders.wire import Answer, Done, Event, Image, Prompt, Text
from langchain_freeproviders.base import FreeProviderModel
from langchain_freeproviders.errors import translated
from langchain_freeproviders.messages import image_block, image_caption, text_block, to_turns

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
            tool_calling=False,
            structured_output=False,
            temperature=card.temperature,
        )

    def _asked(self, messages: list[BaseMessage], stop: list[str] | None, words: Mapping[str, Any]) -> Prompt:
        return self._prompt(to_turns(messages, self._provider_name()), stop, words)

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
        message = AIMessage(content=_content(answer, images), response_metadata=_metadata(answer.metadata))
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
    if isinstance(event, Image):
        blocks: list[str | dict[str, Any]] = [text_block(image_caption(event, images)), image_block(event, images)]
        return ChatGenerationChunk(message=AIMessageChunk(content=blocks))
    # Metadata stands on the last chunk alone: core adds chunks up, and strings with them ("gpt-4gpt-4").
    metadata = event.metadata if isinstance(event, Done) else {}
    message = AIMessageChunk(content="", response_metadata=_metadata(metadata), chunk_position="last")
    return ChatGenerationChunk(message=message)


def _metadata(facts: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"provider": "model_provider", "model": "model_name"}
    return {renamed.get(name, name): value for name, value in facts.items()}
