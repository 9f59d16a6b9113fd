"""A LangChain tool that draws, so that any text model can in an agent. The drawing is a chat model's work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from langchain_core.callbacks import AsyncCallbackManagerForToolRun, CallbackManagerForToolRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ImageContentBlock
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, ConfigDict, Field

from freeproviders import drawing, errors
from langchain_freeproviders.chat_models import ChatAiChats
from langchain_freeproviders.errors import translated

__all__ = ["FreeImageTool"]

Drawn = tuple[str, list[ImageContentBlock]]

# LangGraph's word: the drawing model's message, image and all, is no part of an agent's message stream.
_UNSTREAMED = "nostream"


class _Wish(BaseModel):
    prompt: str = Field(description=drawing.PROMPT)


class FreeImageTool(BaseTool):
    """Draws an image from a description in words.

    The model that calls it is told in words that the image was drawn, and its URL where that is a public one. The
    image itself is the artifact of the ``ToolMessage``: a list of image blocks, each with ``base64`` and ``mime_type``,
    and the URL in ``extras`` (or only ``url``, where ``chat`` does not fetch bytes).

    Args:
        chat: The chat model that draws; by default ``ChatAiChats(model="dalle", image_format="bytes")``. Settings such
            as ``base_url``, ``cookies`` or ``proxy`` are given to it.
        handle_tool_error: Where it is on, an error of the service becomes the tool's result in words, with status
            ``"error"``, and an agent goes on; else (the default) it is raised as it is.
        kwargs: As of every LangChain tool: ``name``, ``description``, ``return_direct``, ...

    Raises:
        ProviderError: Of the fitting class (``freeproviders.errors``), from calls.

    Example:
        .. code-block:: python

            from langchain.agents import create_agent
            from langchain_freeproviders import ChatYqcloud, FreeImageTool

            agent = create_agent(ChatYqcloud(), [FreeImageTool(handle_tool_error=True)])
            state = agent.invoke({"messages": ["Draw a lighthouse at dawn."]})
            images = [block for message in state["messages"] for block in getattr(message, "artifact", None) or []]
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str = drawing.NAME
    description: str = drawing.DESCRIPTION
    args_schema: type[BaseModel] = _Wish
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    chat: BaseChatModel = Field(default_factory=lambda: ChatAiChats(model="dalle", image_format="bytes"))

    def _run(self, prompt: str, run_manager: CallbackManagerForToolRun | None = None) -> Drawn:
        with self._errors():
            return _drawn(prompt, self.chat.invoke(prompt, _config(run_manager)))

    async def _arun(self, prompt: str, run_manager: AsyncCallbackManagerForToolRun | None = None) -> Drawn:
        with self._errors():
            return _drawn(prompt, await self.chat.ainvoke(prompt, _config(run_manager)))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except errors.ProviderError as error:
            if not self.handle_tool_error:
                raise
            raise ToolException(str(error)) from error  # the only class that LangChain hands to the model


def _config(run_manager: CallbackManagerForToolRun | AsyncCallbackManagerForToolRun | None) -> RunnableConfig:
    config = RunnableConfig(tags=[_UNSTREAMED])
    if run_manager is not None:
        config["callbacks"] = run_manager.get_child()
    return config


def _drawn(prompt: str, answer: AIMessage) -> Drawn:
    images = [block for block in answer.content_blocks if block["type"] == "image"]
    if not images:
        raise drawing.no_image(answer.text)
    return drawing.report(prompt, filter(None, map(_url, images))), images


def _url(image: ImageContentBlock) -> Any:
    return image.get("url") or image.get("extras", {}).get("url")
