"""Messages of both frameworks, with any roles, ids and content blocks: sent, or refused by name; never changed."""

import copy

import pytest
from fuzz_kit import JSON, KEYS, tried
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages import (
    ChatMessage as LangChainMessage,
)
from llama_index.core.base.llms.types import (
    CachePoint,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.base.llms.types import (
    ChatMessage as LlamaIndexMessage,
)

from freeproviders import Prompt, providers
from freeproviders.face import asked
from freeproviders.tools.render import rendered
from freeproviders.wire import Reply
from langchain_freeproviders.messages import to_turns as from_langchain
from llamaindex_freeproviders.messages import to_turns as from_llamaindex

NAMES = providers.names()
TEXTS = st.text(max_size=8)
IDS = st.none() | st.sampled_from(["call_1", "call_2"]) | TEXTS
KINDS = st.sampled_from(
    ["text", "image", "image_url", "tool_use", "thinking", "refusal", "file", "reasoning", "text-plain"]
)

CONTENT_BLOCKS = st.builds(
    lambda kind, more: {**more, "type": kind}, KINDS | TEXTS | JSON, st.dictionaries(KEYS, JSON, max_size=3)
) | st.dictionaries(KEYS, JSON, max_size=3)
CONTENT = TEXTS | st.lists(TEXTS | CONTENT_BLOCKS, max_size=3)
LANGCHAIN_CALLS = st.lists(
    st.builds(
        lambda name, args, key: {"name": name, "args": args, "id": key},
        TEXTS,
        st.dictionaries(TEXTS, JSON, max_size=2),
        IDS,
    ),
    max_size=2,
)
LANGCHAIN = st.one_of(
    st.builds(HumanMessage, content=CONTENT, name=st.none() | TEXTS),
    st.builds(SystemMessage, content=CONTENT),
    st.builds(AIMessage, content=CONTENT, tool_calls=LANGCHAIN_CALLS),
    st.builds(ToolMessage, content=CONTENT, tool_call_id=TEXTS, name=st.none() | TEXTS),
    st.builds(FunctionMessage, content=CONTENT, name=TEXTS),
    st.builds(LangChainMessage, content=CONTENT, role=st.sampled_from(["user", "AI", "developer"]) | TEXTS),
)

ARGUMENTS = st.dictionaries(TEXTS, JSON, max_size=2) | TEXTS | st.sampled_from(["{", "[" * 100_000, "1" * 5000, "null"])
PLAIN_BLOCKS = st.builds(TextBlock, text=TEXTS)
BLOCKS = st.one_of(
    PLAIN_BLOCKS,
    st.builds(ThinkingBlock, content=st.none() | TEXTS),
    st.builds(ToolCallBlock, tool_call_id=IDS, tool_name=TEXTS, tool_kwargs=ARGUMENTS),
    st.builds(CachePoint, cache_control=st.just({"type": "ephemeral"})),
    st.builds(CitableBlock, title=TEXTS, source=TEXTS, content=st.lists(PLAIN_BLOCKS, max_size=2)),
    st.builds(ImageBlock, url=st.just("https://example.com/a.png")),
    st.builds(DocumentBlock, data=st.just(b"JSON"), document_mimetype=st.just("text/plain")),
)
TOLD_CALLS = st.fixed_dictionaries(
    {},
    optional={
        "tool_calls": JSON
        | st.lists(
            st.fixed_dictionaries(
                {"id": JSON, "function": st.fixed_dictionaries({"name": JSON, "arguments": ARGUMENTS | JSON})}
            ),
            max_size=2,
        ),
        "tool_call_id": JSON,
        "name": JSON,
    },
)
LLAMAINDEX = st.builds(
    LlamaIndexMessage,
    role=st.sampled_from(MessageRole),
    blocks=st.lists(BLOCKS, max_size=3),
    additional_kwargs=TOLD_CALLS,
)


def _asked(name: str, turns) -> None:
    """Carries the turns as far as to the bytes of a request."""
    provider = providers.get(name)()
    prompt = rendered(asked(Prompt(turns=turns)), system_field=provider.card.system, style=provider.card.tool_style)
    exchange = provider.exchange(prompt)
    request = next(exchange)
    while request.decoder is None:
        request = exchange.send(Reply(status=200, body=b'{"sid": "abc"}'))
    assert isinstance(request.body, dict)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(messages=st.lists(LANGCHAIN, min_size=1, max_size=4))
def test_langchains_messages_are_sent_or_refused(name, messages):
    before = copy.deepcopy(messages)
    turns, _ = tried(lambda: from_langchain(messages, name))
    if turns is not None:
        assert len(turns) == len(messages)
        tried(lambda: _asked(name, turns))
    assert repr(messages) == repr(before)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(messages=st.lists(LLAMAINDEX, min_size=1, max_size=4))
def test_llamaindexs_messages_are_sent_or_refused(name, messages):
    before = copy.deepcopy(messages)
    turns, _ = tried(lambda: from_llamaindex(messages, name))
    if turns is not None:
        assert len(turns) == len(messages)
        tried(lambda: _asked(name, turns))
    assert repr(messages) == repr(before)
