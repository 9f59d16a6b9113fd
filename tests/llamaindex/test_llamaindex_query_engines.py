"""Query engines over every LLM: each index, each response mode, each way to ask."""

from typing import Any

import pytest
from library import ANSWER, ENGINES, QUESTION, TEXTS, summary
from llama_index.core import Document, SummaryIndex
from llama_index.core.node_parser import SentenceSplitter

MODES = ["refine", "compact", "tree_summarize", "simple_summarize"]
WAYS = ["query", "aquery", "stream", "astream"]


async def ask(build: Any, llm: Any, way: str, **words: Any) -> str:
    engine = build(llm, streaming="stream" in way, use_async=way.startswith("a"), **words)
    if way == "query":
        return str(engine.query(QUESTION))
    if way == "stream":
        return "".join(engine.query(QUESTION).response_gen)
    answer = await engine.aquery(QUESTION)
    return str(answer) if way == "aquery" else "".join([text async for text in answer.async_response_gen()])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES)
async def test_every_response_mode_answers_from_the_texts(llm: Any, mode: str, way: str) -> None:
    assert ANSWER in await ask(summary, llm, way, response_mode=mode)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ENGINES)
async def test_every_index_finds_the_text(llm: Any, name: str, way: str) -> None:
    assert ANSWER in await ask(ENGINES[name], llm, way)


@pytest.mark.parametrize("mode", ["refine", "compact", "tree_summarize"])
def test_a_long_text_is_cut_to_what_the_service_takes(llm: Any, mode: str) -> None:
    """Pi takes 4,000 characters a prompt; core plans with the window that the metadata gives."""
    text = " ".join([*(TEXTS[0] for _ in range(60)), TEXTS[1], *(TEXTS[2] for _ in range(60))])
    index = SummaryIndex.from_documents([Document(text=text)], transformations=[SentenceSplitter(chunk_size=400)])
    # Core may cut in the middle of the sentence.
    assert ANSWER[:25] in str(index.as_query_engine(llm=llm, response_mode=mode).query(QUESTION))
