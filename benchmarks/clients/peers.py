"""What a user would pick instead. Each speaks to the bench server alone, with what its own documents tell to set.

Every one is given the wire of its own service; the wire that two share tells them apart, the others by their ratios.
"""

import importlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from benchmarks.clients.face import Ask, AsyncAsk, Client, Conversation, roles

__all__ = ["CLIENTS"]

_MODEL = "bench"
_KEY = "none"  # they want one, the bench server does not
_WINDOW = 4096

Maker = Callable[[str], Any]


def _langchain(make: Maker) -> Callable[[str, str, Conversation], AsyncAsk]:
    def opened(base: str, _: str, turns: Conversation) -> AsyncAsk:
        model, messages = make(base), _messages(turns)

        async def ask() -> AsyncIterator[str]:
            async for chunk in model.astream(messages):
                yield chunk.content

        return ask

    return opened


def _langchain_blocking(make: Maker) -> Callable[[str, str, Conversation], Ask]:
    def opened(base: str, _: str, turns: Conversation) -> Ask:
        model, messages = make(base), _messages(turns)

        def ask() -> Iterator[str]:
            for chunk in model.stream(messages):
                yield chunk.content

        return ask

    return opened


def _messages(turns: Conversation) -> list[Any]:
    from langchain_core.messages import AIMessage, HumanMessage

    return roles(turns, {"user": HumanMessage, "assistant": AIMessage})


def _llamaindex(make: Maker) -> Callable[[str, str, Conversation], AsyncAsk]:
    def opened(base: str, _: str, turns: Conversation) -> AsyncAsk:
        llm, messages = make(base), _chat_messages(turns)

        async def ask() -> AsyncIterator[str]:
            async for piece in await llm.astream_chat(messages):
                yield piece.delta or ""

        return ask

    return opened


def _llamaindex_blocking(make: Maker) -> Callable[[str, str, Conversation], Ask]:
    def opened(base: str, _: str, turns: Conversation) -> Ask:
        llm, messages = make(base), _chat_messages(turns)

        def ask() -> Iterator[str]:
            for piece in llm.stream_chat(messages):
                yield piece.delta or ""

        return ask

    return opened


def _chat_messages(turns: Conversation) -> list[Any]:
    from llama_index.core.base.llms.types import ChatMessage

    return [ChatMessage(role=role, content=text) for role, text in turns]


def _maker(module: str, name: str, path: str = "", spelling: str = "base_url", **words: Any) -> Maker:
    """What makes a peer's model for a base URL.

    Args:
        module: Where its class is.
        name: Of the class.
        path: Goes behind the base URL.
        spelling: The constructor's word for the base URL.
        words: Further words of the constructor.
    """
    return lambda base: getattr(importlib.import_module(module), name)(**{spelling: base + path}, **words)


_CHAT_OPENAI = _maker("langchain_openai", "ChatOpenAI", "/v1", model=_MODEL, api_key=_KEY)
_CHAT_OLLAMA = _maker("langchain_ollama", "ChatOllama", model=_MODEL)
_CHAT_LITELLM = _maker("langchain_litellm", "ChatLiteLLM", "/v1", "api_base", model=f"openai/{_MODEL}", api_key=_KEY)
_OLLAMA = _maker("llama_index.llms.ollama", "Ollama", model=_MODEL, context_window=_WINDOW)
_OPENAI_LIKE = _maker(
    "llama_index.llms.openai_like",
    "OpenAILike",
    "/v1",
    "api_base",
    model=_MODEL,
    api_key=_KEY,
    is_chat_model=True,
    context_window=_WINDOW,
)


def _g4f_provider(base: str) -> Any:
    yqcloud = importlib.import_module("g4f.Provider").Yqcloud
    return type("LocalYqcloud", (yqcloud,), {"api_endpoint": f"{base}/api/generateStream"})


def _g4f_streams(base: str, _: str, turns: Conversation) -> AsyncAsk:
    provider, messages = _g4f_provider(base), _plain(turns)

    async def ask() -> AsyncIterator[str]:
        async for piece in provider.create_async_generator("gpt-4", messages):
            if isinstance(piece, str):
                yield piece

    return ask


def _g4f_client_streams(base: str, _: str, turns: Conversation) -> AsyncAsk:
    client = importlib.import_module("g4f.client").AsyncClient(provider=_g4f_provider(base))
    messages = _plain(turns)

    async def ask() -> AsyncIterator[str]:
        async for chunk in client.chat.completions.create(messages=messages, model="gpt-4", stream=True):
            yield chunk.choices[0].delta.content or ""

    return ask


def _plain(turns: Conversation) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in turns]


def _pair(
    name: str, wire: str, needs: str, awaited: Callable[..., Any], blocking: Callable[..., Any]
) -> tuple[Client, ...]:
    both = ((name, awaited, False), (f"{name}, blocking", blocking, True))
    return tuple(
        Client(name=word, wires=(wire,), open=opened, needs=(needs,), kind="peer", blocking=waits)
        for word, opened, waits in both
    )


def _langchain_pair(name: str, wire: str, needs: str, make: Maker) -> tuple[Client, ...]:
    return _pair(name, wire, needs, _langchain(make), _langchain_blocking(make))


def _llamaindex_pair(name: str, wire: str, needs: str, make: Maker) -> tuple[Client, ...]:
    return _pair(name, wire, needs, _llamaindex(make), _llamaindex_blocking(make))


CLIENTS = (
    Client(name="g4f provider", wires=("yqcloud",), open=_g4f_streams, needs=("g4f",), kind="peer"),
    Client(name="g4f client", wires=("yqcloud",), open=_g4f_client_streams, needs=("g4f.client",), kind="peer"),
    *_langchain_pair("langchain-openai", "openai", "langchain_openai", _CHAT_OPENAI),
    *_langchain_pair("langchain-litellm", "openai", "langchain_litellm", _CHAT_LITELLM),
    *_llamaindex_pair("llama-index openai-like", "openai", "llama_index.llms.openai_like", _OPENAI_LIKE),
    *_langchain_pair("langchain-ollama", "ollama", "langchain_ollama", _CHAT_OLLAMA),
    *_llamaindex_pair("llama-index ollama", "ollama", "llama_index.llms.ollama", _OLLAMA),
)
