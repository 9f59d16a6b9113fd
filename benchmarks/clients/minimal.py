"""The least code over each framework: what the framework itself costs, on the wire of raw text.

One piece for each read; no errors, no retries, no settings. What a full integration can come near to, not beat.
"""

from collections.abc import AsyncIterator
from typing import Any

from benchmarks.clients.face import AsyncAsk, Client, Conversation, roles

__all__ = ["CLIENTS"]

_WIRE = "yqcloud"


async def _reads(session: Any, base: str, words: Any) -> AsyncIterator[str]:
    async with session.post(f"{base}/api/generateStream", json={"messages": words}) as response:
        async for data in response.content.iter_any():
            yield data.decode()


def _session() -> Any:
    import aiohttp

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))


def _langchain(base: str, _: str, turns: Conversation) -> AsyncAsk:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
    from langchain_core.outputs import ChatGenerationChunk, ChatResult

    session = _session()

    class Minimal(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "minimal"

        def _generate(self, *_: Any, **__: Any) -> ChatResult:
            raise NotImplementedError

        async def _astream(self, messages: Any, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
            words = [{"role": message.type, "content": message.content} for message in messages]
            async for text in _reads(session, base, words):
                yield ChatGenerationChunk(message=AIMessageChunk(content=text))

    model, messages = Minimal(), roles(turns, {"user": HumanMessage, "assistant": AIMessage})

    async def ask() -> AsyncIterator[str]:
        async for chunk in model.astream(messages):
            yield str(chunk.content)

    return ask


async def _pieces(texts: AsyncIterator[str]) -> AsyncIterator[Any]:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse

    said = ""
    async for text in texts:
        said += text
        yield ChatResponse(message=ChatMessage(role="assistant", content=said), delta=text)


def _llamaindex(base: str, _: str, turns: Conversation) -> AsyncAsk:
    from llama_index.core.base.llms.types import ChatMessage, CompletionResponse, LLMMetadata
    from llama_index.core.llms.callbacks import llm_chat_callback
    from llama_index.core.llms.custom import CustomLLM

    session = _session()

    class Minimal(CustomLLM):
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(is_chat_model=True)

        def complete(self, *_: Any, **__: Any) -> CompletionResponse:
            raise NotImplementedError

        def stream_complete(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        @llm_chat_callback()
        async def astream_chat(self, messages: Any, **_: Any) -> Any:
            words = [{"role": message.role.value, "content": message.content} for message in messages]

            return _pieces(_reads(session, base, words))

    model, messages = Minimal(), [ChatMessage(role=role, content=text) for role, text in turns]

    async def ask() -> AsyncIterator[str]:
        async for piece in await model.astream_chat(messages):
            yield piece.delta or ""

    return ask


CLIENTS = (
    Client(
        name="minimal LangChain model",
        wires=(_WIRE,),
        open=_langchain,
        needs=("langchain_core.language_models.chat_models", "aiohttp"),
        kind="floor",
    ),
    Client(
        name="minimal LlamaIndex LLM",
        wires=(_WIRE,),
        open=_llamaindex,
        needs=("llama_index.core.llms", "aiohttp"),
        kind="floor",
    ),
)
