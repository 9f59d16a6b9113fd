"""Chat engines over every LLM: each kind, each way to ask, and the memory behind them."""

from typing import Any

import pytest
from library import ANSWER, QUESTION, TEXTS, bm25, summary
from llama_index.core.chat_engine import (
    CondensePlusContextChatEngine,
    CondenseQuestionChatEngine,
    ContextChatEngine,
    SimpleChatEngine,
)
from llama_index.core.llms import ChatMessage, ImageBlock
from llama_index.core.memory import ChatMemoryBuffer, Memory

from freeproviders.sandbox import Sandbox
from llamaindex_freeproviders import AiChats


def memory() -> ChatMemoryBuffer:
    return ChatMemoryBuffer.from_defaults(token_limit=400)


def condensing(llm: Any) -> Any:
    return CondenseQuestionChatEngine.from_defaults(
        query_engine=summary(llm, streaming=False), llm=llm, memory=memory()
    )


KINDS = {
    "simple": lambda llm: SimpleChatEngine.from_defaults(llm=llm, memory=memory()),
    "context": lambda llm: ContextChatEngine.from_defaults(retriever=bm25(), llm=llm, memory=memory()),
    "condense_question": condensing,
    "condense_plus_context": lambda llm: CondensePlusContextChatEngine.from_defaults(
        retriever=bm25(), llm=llm, memory=memory()
    ),
}


async def say(engine: Any, way: str, text: str) -> str:
    if way == "chat":
        return str(engine.chat(text))
    if way == "stream_chat":
        return "".join(engine.stream_chat(text).response_gen)
    if way == "achat":
        return str(await engine.achat(text))
    return "".join([piece async for piece in (await engine.astream_chat(text)).async_response_gen()])


@pytest.mark.parametrize("way", ["chat", "stream_chat", "achat", "astream_chat"])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_chat_engine_goes_on_with_the_conversation(llm: Any, sandbox: Sandbox, kind: str, way: str) -> None:
    engine = KINDS[kind](llm)
    first = await say(engine, way, QUESTION)
    asked = " ".join(str(request.question) for request in sandbox.received)
    assert await say(engine, way, "And when is salt raked?")
    assert len(engine.chat_history) == 4
    assert engine.chat_history[1].content == first
    if kind != "simple":
        assert TEXTS[1] in asked
    if kind in ("context", "condense_question"):
        assert ANSWER in first


@pytest.mark.parametrize("way", ["chat", "achat"])
async def test_an_image_stays_in_the_memory(make: Any, way: str) -> None:
    llm = make(AiChats, model="dalle")
    kept = Memory.from_defaults(token_limit=3000)
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=kept)
    assert "![image](" in await say(engine, way, "a red boat")
    assert "![image](" in await say(engine, way, "the same in blue")
    blocks = [block for message in await kept.aget_all() for block in message.blocks]
    assert sum(isinstance(block, ImageBlock) for block in blocks) == 2
    # Core never closes the database behind its memory.
    await kept.sql_store._async_engine.dispose()


async def test_the_memory_that_core_makes_fits_the_window(llm: Any) -> None:
    engine = SimpleChatEngine.from_defaults(llm=llm)
    for text in ("My name is Zora.", "What is my name?"):
        answer = await engine.achat(text)
    assert "Zora" in str(answer)
    await engine._memory.sql_store._async_engine.dispose()


def test_an_image_in_the_history_is_no_hindrance_to_the_others(make: Any, llm: Any) -> None:
    picture = make(AiChats, model="dalle").chat([ChatMessage(content="a red boat")]).message
    history = [ChatMessage(content="a red boat"), picture]
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=ChatMemoryBuffer.from_defaults(history, token_limit=3000))
    assert str(engine.chat("What did I want?"))
