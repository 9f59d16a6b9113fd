"""Real text that is on every machine, the long descriptions of installed distributions, and an index over it.

No model, no framework LLM and no network here: the index is BM25, which counts words.
"""

import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import groupby

from llama_index.core import Document
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-untyped]

__all__ = ["DISTRIBUTIONS", "context", "passages", "read_documents", "retriever"]

# All of them come with freeproviders[all] and the demo's own group, so that every machine has the same texts.
DISTRIBUTIONS = (
    "aiohttp", "anyio", "attrs", "frozenlist", "langchain-core", "llama-index-core", "multidict",
    "networkx", "nltk", "numpy", "pydantic", "rich", "SQLAlchemy", "tenacity", "yarl",
)  # fmt: skip
# Three passages, LlamaIndex's frame of 800 and a question stay below Pi's cap of 4,000 characters.
PASSAGE_CHARACTERS = 700
PASSAGES_PER_QUESTION = 3

# Badges, images, directives, HTML, link targets, tables and underlines: nothing that answers a question.
_NOISE = re.compile(r"\s*(?:\[?!\[|\[!\[|\.\. |:\w[\w-]*:|<|\||\[[^\]]+\]:|[=~^*#-]{4,}\s*$|•).*")
_FENCE = re.compile(r"^```.*?^```[^\n]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"^(?: {2,}|\t)|^(?:>>>|\$) ")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)|`([^`<]+?)\s*<[^>]+>`_+|:\w+:`~?\.?([^`]+)`")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s")
# What follows is a list of old changes, which would drown the description.
_CHANGES = re.compile(r"^[#\s]*(?:change ?log|changes|release)\b", re.IGNORECASE | re.MULTILINE)
_SHORTEST_LINE = 6


def read_documents(names: Iterable[str] = DISTRIBUTIONS) -> list[Document]:
    """One document per installed distribution, its text the long description as prose.

    Args:
        names: Names of distributions; those that are not installed, or say nothing, are left out.

    Raises:
        LookupError: If none is left.
    """
    documents = []
    for name in names:
        text = "\n\n".join(_paragraphs(_description(name)))
        if text:
            source = {"distribution": name}
            documents.append(Document(text=text, metadata=source, excluded_llm_metadata_keys=["distribution"]))
    if not documents:
        raise LookupError(f"none of these distributions has a description here: {', '.join(names)}")
    return documents


def _description(name: str) -> str:
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    # ``importlib`` shows the body of newer metadata as the header of older.
    return "\n".join(facts.get_all("Description") or [])


def _paragraphs(description: str) -> Iterator[str]:
    """The prose of a description in Markdown or reStructuredText: one line a sentence group or list item."""
    text = _CHANGES.split(_FENCE.sub("", description.replace("\r\n", "\n")), maxsplit=1)[0]
    for block in re.split(r"\n\s*\n", text):
        lines = [_LINK.sub(_label, line) for line in block.split("\n") if line.strip() and not _NOISE.fullmatch(line)]
        if not lines or _CODE.match(lines[0]):
            continue
        # Headings, bare links and names of sponsors are shorter than anything that answers a question.
        prose = [line for line in _unwrapped(lines) if len(line.split()) >= _SHORTEST_LINE]
        if prose:
            yield "\n".join(prose)


def _label(link: re.Match[str]) -> str:
    return next((group for group in link.groups() if group), "")


def _unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Joins lines that an editor has wrapped; a list item begins a line of its own."""
    line = ""
    for part in lines:
        if _ITEM.match(part) or part.startswith("#"):
            if line:
                yield line
            line = part.strip()
        else:
            line = f"{line} {part.strip()}".strip()
    yield line


def passages(documents: Iterable[Document], most: int = PASSAGE_CHARACTERS) -> list[TextNode]:
    """The documents cut between paragraphs into passages of at most ``most`` characters.

    LlamaIndex's own splitters would do, but load data of NLTK, which refuses environments made of hard links.

    Args:
        documents: The documents; their metadata goes with every passage.
        most: Characters of the longest passage.
    """
    return [
        TextNode(
            text=text,
            metadata=dict(document.metadata),
            excluded_llm_metadata_keys=document.excluded_llm_metadata_keys,
        )
        for document in documents
        for text in _packed(document.text.split("\n\n"), most)
    ]


def _packed(paragraphs: Iterable[str], most: int) -> Iterator[str]:
    pieces = [piece for paragraph in paragraphs for piece in _cut(paragraph, most)]
    filled = 0
    place = 0

    def passage(piece: str) -> int:
        nonlocal filled, place
        if filled and filled + len(piece) + 2 > most:
            place, filled = place + 1, 0
        filled += len(piece) + 2
        return place

    for _, group in groupby(pieces, passage):
        yield "\n\n".join(group)


def _cut(paragraph: str, most: int) -> list[str]:
    return [paragraph[at : at + most] for at in range(0, len(paragraph), most)]


def retriever(nodes: list[TextNode]) -> BaseRetriever:
    """A BM25 retriever of the passages that share the most telling words with a question."""
    found: BaseRetriever = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=PASSAGES_PER_QUESTION)
    return found


def context(found: Iterable[NodeWithScore]) -> str:
    """What was found, as one text for a prompt."""
    return "\n\n".join(item.node.get_content() for item in found)
