"""Three short texts and the ways to search them; no embedding model, no network."""

import re
import zlib
from typing import Any

from llama_index.core import Document, SimpleKeywordTableIndex, SummaryIndex, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.retrievers.bm25 import BM25Retriever

TEXTS = (
    "Tea grows on misty hills in Assam and Darjeeling. It is picked by hand in the spring.",
    "Coffee grows in the shade of taller trees in Ethiopia. Its beans are roasted until they are brown.",
    "Salt is won from the sea near Guerande. Workers rake it in the summer.",
)
QUESTION = "Where does coffee grow?"
ANSWER = "Coffee grows in the shade of taller trees in Ethiopia."


class HashedWords(BaseEmbedding):
    """A bag of words, hashed: enough to find the text that shares words with a question."""

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * 256
        for word in re.findall(r"[a-z]+", text.lower()):
            vector[zlib.crc32(word[:4].encode()) % 256] += 1.0
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def documents() -> list[Document]:
    return [Document(text=text) for text in TEXTS]


def bm25() -> BM25Retriever:
    nodes = SentenceSplitter(chunk_size=128, chunk_overlap=0).get_nodes_from_documents(documents())
    return BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=1)


def summary(llm: Any, **words: Any) -> Any:
    return SummaryIndex.from_documents(documents()).as_query_engine(llm=llm, **words)


def keywords(llm: Any, **words: Any) -> Any:
    return SimpleKeywordTableIndex.from_documents(documents(), llm=llm).as_query_engine(llm=llm, **words)


def ranked(llm: Any, **words: Any) -> Any:
    return RetrieverQueryEngine.from_args(bm25(), llm=llm, **words)


def vectors(llm: Any, **words: Any) -> Any:
    index = VectorStoreIndex.from_documents(documents(), embed_model=HashedWords())
    return index.as_query_engine(llm=llm, similarity_top_k=1, **words)


ENGINES = {"summary": summary, "keywords": keywords, "bm25": ranked, "vectors": vectors}
