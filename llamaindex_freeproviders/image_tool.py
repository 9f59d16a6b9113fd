"""A LlamaIndex tool that draws, so that any text model can in an agent. The drawing is an LLM's work."""

from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ImageBlock
from llama_index.core.bridge.pydantic import BaseModel, Field
from llama_index.core.llms.llm import LLM
from llama_index.core.tools.tool_spec.base import SPEC_FUNCTION_TYPE, BaseToolSpec
from llama_index.core.tools.types import ToolMetadata

from freeproviders import drawing
from llamaindex_freeproviders.llms import AiChats

__all__ = ["Drawing", "FreeImageToolSpec"]


class Drawing(BaseModel):
    """What came of a call: the ``raw_output`` of the tool's output. As a text, it is what the calling model is told.

    Attributes:
        prompt: What was to be drawn.
        images: The images: with their bytes, or by URL where the LLM does not fetch them.
        urls: Where the service put them; may expire.
    """

    prompt: str
    images: list[ImageBlock]
    urls: list[str]

    def __str__(self) -> str:
        return drawing.report(self.prompt, self.urls)


class _Wish(BaseModel):
    prompt: str = Field(description=drawing.PROMPT)


class FreeImageToolSpec(BaseToolSpec):
    """Draws images from descriptions in words.

    The model that calls the tool is told in words that the image was drawn, and its URL where that is a public one. The
    image itself is in the output's ``raw_output``, a ``Drawing``: text models take no image in a tool's result.

    Args:
        llm: The LLM that draws; by default ``AiChats(model="dalle")``. Settings such as ``api_base``, ``cookies`` or
            ``proxy`` are given to it.

    Raises:
        ProviderError: Of the fitting class (``freeproviders.errors``), from calls. Agents hand its text to the model.

    Example:
        .. code-block:: python

            from llama_index.core.agent.workflow import FunctionAgent
            from llamaindex_freeproviders import FreeImageToolSpec, Yqcloud

            agent = FunctionAgent(llm=Yqcloud(), tools=FreeImageToolSpec().to_tool_list())
            answer = await agent.run("Draw a lighthouse at dawn.")
            images = [image for call in answer.tool_calls for image in call.tool_output.raw_output.images]
    """

    spec_functions: list[SPEC_FUNCTION_TYPE] = [("draw_image", "adraw_image")]  # noqa: RUF012  # as core declares it

    def __init__(self, llm: LLM | None = None) -> None:
        self._llm = llm or AiChats(model="dalle")

    def get_metadata_from_fn_name(
        self,
        fn_name: str,
        spec_functions: list[SPEC_FUNCTION_TYPE] | None = None,  # noqa: ARG002  # the base class's signature
    ) -> ToolMetadata:
        """What models are told of the tool."""
        return ToolMetadata(name=fn_name, description=drawing.DESCRIPTION, fn_schema=_Wish)

    def draw_image(self, prompt: str) -> Drawing:
        """Draws an image.

        Args:
            prompt: What it shows.
        """
        return _drawing(prompt, self._llm.chat([ChatMessage(content=prompt)]))

    async def adraw_image(self, prompt: str) -> Drawing:
        """Draws an image.

        Args:
            prompt: What it shows.
        """
        return _drawing(prompt, await self._llm.achat([ChatMessage(content=prompt)]))


def _drawing(prompt: str, response: ChatResponse) -> Drawing:
    said: dict[str, Any] = response.additional_kwargs
    urls = said.get("image_urls", [])
    images = [block for block in response.message.blocks if isinstance(block, ImageBlock)]
    images = images or [ImageBlock(url=url) for url in urls]
    if not images:
        raise drawing.no_image(response.message.content or "")
    return Drawing(prompt=prompt, images=images, urls=urls)
