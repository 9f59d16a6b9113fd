"""This project's clients: the core alone, the LangChain models, the LlamaIndex LLMs; awaited and blocking."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from benchmarks.clients.face import Ask, AsyncAsk, Client, Conversation, roles

__all__ = ["CLIENTS"]

_WIRES = ("yqcloud", "pi", "flowgpt", "openai")
_CHAT = {"yqcloud": "ChatYqcloud", "pi": "ChatPi", "flowgpt": "ChatFlowGpt", "openai": "ChatOpenAICompatible"}
_LLM = {"yqcloud": "Yqcloud", "pi": "Pi", "flowgpt": "FlowGpt", "openai": "OpenAICompatible"}
_PROVIDER = {"openai": "openai_compatible"}


def save(text: str) -> str:
    """Saves a text."""
    return text


def _core(base: str, wire: str, turns: Conversation, **words: Any) -> tuple[Any, Any]:
    from freeproviders import Client as Asker
    from freeproviders import Prompt, Turn

    said: Any = [Turn(role="user" if role == "user" else "assistant", text=text) for role, text in turns]
    return Asker(_PROVIDER.get(wire, wire), base_url=base, **words), Prompt(turns=tuple(said))


def _core_streams(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    from freeproviders.wire import Text

    client, prompt = _core(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        async for event in client.astream(prompt):
            if isinstance(event, Text):
                yield event.text

    return ask


def _core_leased(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    client, prompt = _core(base, wire, turns, hold=False)

    async def ask() -> AsyncIterator[str]:
        yield (await client.acomplete(prompt)).text

    return ask


def _core_whole(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    client, prompt = _core(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        yield (await client.acomplete(prompt)).text

    return ask


def _core_blocks(base: str, wire: str, turns: Conversation) -> Ask:
    from freeproviders.wire import Text

    client, prompt = _core(base, wire, turns)

    def ask() -> Iterator[str]:
        for event in client.stream(prompt):
            if isinstance(event, Text):
                yield event.text

    return ask


def _chat(base: str, wire: str, turns: Conversation) -> tuple[Any, Any]:
    from langchain_core.messages import AIMessage, HumanMessage

    import langchain_freeproviders

    model = getattr(langchain_freeproviders, _CHAT[wire])(base_url=base)
    return model, roles(turns, {"user": HumanMessage, "assistant": AIMessage})


def _chat_streams(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    model, messages = _chat(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        async for chunk in model.astream(messages):
            yield chunk.content

    return ask


def _chat_blocks(base: str, wire: str, turns: Conversation) -> Ask:
    model, messages = _chat(base, wire, turns)

    def ask() -> Iterator[str]:
        for chunk in model.stream(messages):
            yield chunk.content

    return ask


def _chat_whole(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    model, messages = _chat(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        yield (await model.ainvoke(messages)).content

    return ask


def _chat_tools(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    model, messages = _chat(base, wire, turns)
    bound = model.bind_tools([save], stream_tool_args=True)

    async def ask() -> AsyncIterator[str]:
        async for chunk in bound.astream(messages):
            for call in chunk.tool_call_chunks:
                yield call["args"]

    return ask


def _llm(base: str, wire: str, turns: Conversation) -> tuple[Any, Any]:
    from llama_index.core.base.llms.types import ChatMessage

    import llamaindex_freeproviders

    llm = getattr(llamaindex_freeproviders, _LLM[wire])(api_base=base)
    return llm, [ChatMessage(role=role, content=text) for role, text in turns]


def _llm_streams(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    llm, messages = _llm(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        async for piece in await llm.astream_chat(messages):
            yield piece.delta or ""

    return ask


def _llm_held(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    llm, messages = _llm(base, wire, turns)
    entered = False

    async def ask() -> AsyncIterator[str]:
        nonlocal entered
        if not entered:  # as at the beginning of `async with llm:`
            entered = True
            await llm.__aenter__()
        async for piece in await llm.astream_chat(messages):
            yield piece.delta or ""

    return ask


def _llm_blocks(base: str, wire: str, turns: Conversation) -> Ask:
    llm, messages = _llm(base, wire, turns)

    def ask() -> Iterator[str]:
        for piece in llm.stream_chat(messages):
            yield piece.delta or ""

    return ask


def _llm_whole(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    llm, messages = _llm(base, wire, turns)

    async def ask() -> AsyncIterator[str]:
        yield (await llm.achat(messages)).message.content or ""

    return ask


def _llm_tools(base: str, wire: str, turns: Conversation) -> AsyncAsk:
    from llama_index.core.tools import FunctionTool

    llm, messages = _llm(base, wire, turns)
    tools = [FunctionTool.from_defaults(save)]

    async def ask() -> AsyncIterator[str]:
        async for piece in await llm.astream_chat_with_tools(tools, chat_history=messages):
            for call in llm.get_tool_calls_from_response(piece, error_on_no_tool_call=False):
                yield call.tool_kwargs["text"]

    return ask


def _client(
    name: str, needs: str, opened: Callable[[str, str, Conversation], Any], kind: str = "own", *, blocking: bool = False
) -> Client:
    wires = _WIRES if kind in ("own", "whole") else ("yqcloud",)
    return Client(name=name, wires=wires, open=opened, needs=(needs,), kind=kind, blocking=blocking)


CLIENTS = (
    _client("freeproviders", "freeproviders", _core_streams),
    _client("freeproviders, blocking", "freeproviders", _core_blocks, blocking=True),
    _client("langchain_freeproviders", "langchain_freeproviders", _chat_streams),
    _client("langchain_freeproviders, blocking", "langchain_freeproviders", _chat_blocks, blocking=True),
    _client("llamaindex_freeproviders", "llamaindex_freeproviders", _llm_streams),
    _client("llamaindex_freeproviders, held", "llamaindex_freeproviders", _llm_held),
    _client("llamaindex_freeproviders, blocking", "llamaindex_freeproviders", _llm_blocks, blocking=True),
    _client("freeproviders, leased", "freeproviders", _core_leased, "leased"),
    _client("freeproviders, whole", "freeproviders", _core_whole, "whole"),
    _client("langchain_freeproviders, whole", "langchain_freeproviders", _chat_whole, "whole"),
    _client("llamaindex_freeproviders, whole", "llamaindex_freeproviders", _llm_whole, "whole"),
    _client("langchain_freeproviders, tool", "langchain_freeproviders", _chat_tools, "tools"),
    _client("llamaindex_freeproviders, tool", "llamaindex_freeproviders", _llm_tools, "tools"),
)
