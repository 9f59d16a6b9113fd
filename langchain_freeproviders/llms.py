"""A service as LangChain's string-in, string-out model."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.llms import LLM
from langchain_core.outputs import GenerationChunk

from freeproviders.wire import Answer, Event, Image, Text, Turn
from langchain_freeproviders.errors import translated
from langchain_freeproviders.messages import image_caption
from langchain_freeproviders.service import AnyProviderModel

__all__ = ["FreeProviderLLM"]


class FreeProviderLLM(AnyProviderModel, LLM):
    """Any registered provider as a model that takes a string and gives a string.

    For chains written for LangChain's older interface; everything else is better served by the chat models, which
    keep roles and metadata. An image in the answer becomes a line of Markdown with its URL.

    Args:
        provider: Its name in the registry, e.g. ``"yqcloud"``.
        settings: Its settings by name; they may also be given as arguments of their own.

    Example:
        .. code-block:: python

            FreeProviderLLM(provider="yqcloud").invoke("Hello!")
    """

    @property
    def _llm_type(self) -> str:
        return f"freeproviders-{self._provider_name()}"

    def _call(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        with translated():
            asked = self._prompt((Turn(role="user", text=prompt),), stop, kwargs)
            return _text(self._face.complete(asked, listen=self._listener(run_manager)))

    async def _acall(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> str:
        with translated():
            asked = self._prompt((Turn(role="user", text=prompt),), stop, kwargs)
            return _text(await self._face.acomplete(asked, listen=self._listener(run_manager)))

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        with translated():
            asked = self._prompt((Turn(role="user", text=prompt),), stop, kwargs)
            with closing(self._face.stream(asked, listen=self._listener(run_manager))) as events:
                images = 0
                for event in events:
                    images += isinstance(event, Image)
                    chunk = _chunk(event, images)
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    async def _astream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[GenerationChunk]:
        with translated():
            asked = self._prompt((Turn(role="user", text=prompt),), stop, kwargs)
            images = 0
            # Not closed by hand: a loop that shuts down closes all generators at once, this one among them.
            async for event in self._face.astream(asked, listen=self._listener(run_manager)):
                images += isinstance(event, Image)
                chunk = _chunk(event, images)
                if run_manager is not None:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk


def _text(answer: Answer) -> str:
    captions = (image_caption(image, number) for number, image in enumerate(answer.images, 1))
    return "\n".join(filter(None, [answer.text, *captions]))


def _chunk(event: Event, images: int) -> GenerationChunk:
    if isinstance(event, Text):
        return GenerationChunk(text=event.text)
    return GenerationChunk(text=image_caption(event, images) if isinstance(event, Image) else "")
