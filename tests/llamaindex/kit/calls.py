"""The eight calls of an LLM behind one face, so that a promise is tested on all of them."""

import asyncio
from dataclasses import dataclass
from typing import Any

from llama_index.core.llms import LLM, ChatMessage, ChatResponse, CompletionResponse

Response = ChatResponse | CompletionResponse
QUESTION = "What is 12*7?"


@dataclass(frozen=True)
class Call:
    name: str

    @property
    def is_chat(self) -> bool:
        return self.name.endswith("chat")

    @property
    def is_stream(self) -> bool:
        return "stream" in self.name

    @property
    def is_async(self) -> bool:
        return self.name.startswith("a")

    def begin(self, llm: LLM, text: str = QUESTION, **words: Any) -> Any:
        given = [ChatMessage(content=text)] if self.is_chat else text
        return getattr(llm, self.name)(given, **words)

    async def responses(self, llm: LLM, text: str = QUESTION, **words: Any) -> list[Response]:
        """All responses of one call; a blocking one is made in this thread, inside the running loop."""
        result = self.begin(llm, text, **words)
        if self.is_async:
            result = await result
        if not self.is_stream:
            return [result]
        return [piece async for piece in result] if self.is_async else list(result)

    def run(self, llm: LLM, text: str = QUESTION, **words: Any) -> list[Response]:
        """The same without a running loop."""
        if self.is_async:
            return asyncio.run(self.responses(llm, text, **words))
        result = self.begin(llm, text, **words)
        return list(result) if self.is_stream else [result]


@dataclass(frozen=True)
class ToolWay:
    """One of the four ways to chat with tools."""

    name: str

    @property
    def is_stream(self) -> bool:
        return "stream" in self.name

    @property
    def is_async(self) -> bool:
        return self.name.startswith("a")

    async def responses(self, llm: Any, tools: Any, **words: Any) -> list[ChatResponse]:
        result = getattr(llm, self.name)(tools, **{"user_msg": QUESTION, **words})
        result = await result if self.is_async else result
        if not self.is_stream:
            return [result]
        return [piece async for piece in result] if self.is_async else list(result)


CALLS = [
    Call(name)
    for name in (
        "chat",
        "achat",
        "stream_chat",
        "astream_chat",
        "complete",
        "acomplete",
        "stream_complete",
        "astream_complete",
    )
]
TOOL_WAYS = [ToolWay(f"{way}_with_tools") for way in ("chat", "achat", "stream_chat", "astream_chat")]
STREAMS = [call for call in CALLS if call.is_stream]


def text_of(response: Response) -> str | None:
    return response.message.content if isinstance(response, ChatResponse) else response.text
