"""The demo's work: five LLMs in a query engine, five chat models in a chain, one image."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import AsyncStreamingResponse
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.utils import get_tokenizer

from demo.documents import context
from demo.rows import Job, Row, Source
from freeproviders import registry
from freeproviders.errors import BadReply
from langchain_freeproviders import ChatAiChats, ChatFlowGpt, ChatPi, ChatPizzagpt, ChatYqcloud, init_free_chat_model
from langchain_freeproviders.chat import FreeChatModel
from llamaindex_freeproviders import AiChats, FlowGpt, Pi, Pizzagpt, Yqcloud
from llamaindex_freeproviders.service import FreeProviderLLM

__all__ = ["PICTURE", "SERVICES", "Service", "image_job", "jobs"]

PICTURE = "A lighthouse at dusk, as a simple flat illustration"

_PROMPT = ChatPromptTemplate.from_messages(
    [
        ("system", "Answer from the context alone, in one or two sentences."),
        ("user", "Context:\n{context}\n\nQuestion: {question}"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, its classes in both frameworks, and what the demo asks it."""

    llm: type[FreeProviderLLM]
    chat: type[FreeChatModel]
    question: str

    @property
    def name(self) -> str:
        """Its name in the registry."""
        return self.chat.provider_name

    @property
    def title(self) -> str:
        """Its name for people."""
        return registry.get(self.name).card.title


SERVICES: tuple[Service, ...] = (
    Service(llm=Pi, chat=ChatPi, question="What does tenacity simplify?"),
    Service(llm=Pizzagpt, chat=ChatPizzagpt, question="What does LangChain Core contain?"),
    Service(llm=AiChats, chat=ChatAiChats, question="Which four classes does multidict have?"),
    Service(llm=Yqcloud, chat=ChatYqcloud, question="What do the core classes of LlamaIndex represent?"),
    Service(llm=FlowGpt, chat=ChatFlowGpt, question="What does Pydantic validate?"),
)

Words = Mapping[str, Mapping[str, Any]]


def jobs(retriever: BaseRetriever, words: Words, picture: Path) -> Sequence[Job]:
    """All jobs of the demo, service by service.

    Args:
        retriever: Finds the passages for both frameworks.
        words: Constructor words of each service's models, by its name.
        picture: Where the image goes.
    """
    # LlamaIndex loads its tokenizer at the first question; no service should answer for that second.
    get_tokenizer()("")
    found = []
    for service in SERVICES:
        own = words[service.name]
        sources = (
            ("LlamaIndex", "query engine", _engine(retriever, service.llm(**own), service.question)),
            ("LangChain", "chain", _chain(retriever, service.chat(**own), service.question)),
        )
        for framework, mode, source in sources:
            row = Row(service=service.title, framework=framework, mode=mode, question=service.question)
            found.append(Job(row=row, source=source))
    return (*found, image_job(init_free_chat_model("aichats:dalle", image_format="bytes", **words["aichats"]), picture))


def _engine(retriever: BaseRetriever, llm: FreeProviderLLM, question: str) -> Source:
    """A streaming query engine of LlamaIndex, which asks once.

    The default mode, compact, keeps 768 tokens of the window free for answers: with Pi's 1,000 it would ask three
    times, each answer refining the one before.
    """
    mode = ResponseMode.TREE_SUMMARIZE
    engine = RetrieverQueryEngine.from_args(retriever, llm=llm, response_mode=mode, streaming=True)

    async def texts() -> AsyncGenerator[str, None]:
        response = await engine.aquery(question)
        if not isinstance(response, AsyncStreamingResponse):
            raise BadReply(f"no stream, but {str(response)!r}", provider=llm.card.name)
        async for text in response.async_response_gen():
            yield text

    return texts


def _chain(retriever: BaseRetriever, chat: FreeChatModel, question: str) -> Source:
    """A chain of LangChain, prompt | model | parser, over the same passages."""
    chain = _PROMPT | chat | StrOutputParser()

    async def texts() -> AsyncGenerator[str, None]:
        passages = context(await retriever.aretrieve(question))
        async for text in chain.astream({"context": passages, "question": question}):
            yield text

    return texts


def image_job(chat: FreeChatModel, picture: Path) -> Job:
    """A drawing, saved to a file; what the row shows as its answer is the file.

    Args:
        chat: A model that draws, with ``image_format="bytes"``.
        picture: The file; it takes the suffix of the kind of image that came.
    """

    async def texts() -> AsyncGenerator[str, None]:
        async for chunk in chat.astream(PICTURE):
            for block in _images(chunk):
                yield await asyncio.to_thread(_save, block, picture)

    title = registry.get(chat.provider_name).card.title
    row = Row(service=title, framework="LangChain", mode="image", question=PICTURE)
    return Job(row=row, source=texts, text=False)


def _images(chunk: AIMessageChunk) -> list[dict[str, Any]]:
    blocks = chunk.content if isinstance(chunk.content, list) else []
    return [block for block in blocks if isinstance(block, dict) and block.get("type") == "image"]


def _save(block: Mapping[str, Any], picture: Path) -> str:
    data = base64.b64decode(block["base64"])
    file = picture.with_suffix("." + block["mime_type"].partition("/")[2])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return f"{file} ({len(data):,} bytes)"
