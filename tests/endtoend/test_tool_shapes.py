"""Every shape in which models were seen to write calls, through both frameworks, whole and streamed."""

import sys
from functools import reduce
from operator import add as plus
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage

from freeproviders.sandbox import Sandbox, Scenario
from langchain_freeproviders import ChatYqcloud
from llamaindex_freeproviders import Yqcloud

sys.path.append(str(Path(__file__).parents[1] / "tools"))  # the catalogue is the parser's own test data
from test_tools_catalogue import SHAPES
from tools_kit import TOOLS

ASKED = ChatMessage("What now?")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def chat(sandbox):
    return ChatYqcloud(base_url=sandbox.url("yqcloud")).bind_tools(TOOLS)


@pytest.fixture(scope="module")
def llm(sandbox):
    return Yqcloud(api_base=sandbox.url("yqcloud"))


def of_langchain(message):
    return [(call["name"], call["args"]) for call in message.tool_calls]


def of_llamaindex(llm, response):
    calls = llm.get_tool_calls_from_response(response, error_on_no_tool_call=False)
    return [(call.tool_name, call.tool_kwargs) for call in calls]


every_shape = pytest.mark.parametrize(("reply", "calls"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
# Thinking that was closed and never opened: a stream has shown the call in it before that can be known.
streamed_shapes = pytest.mark.parametrize(
    ("reply", "calls"),
    [row[1:] for row in SHAPES if row[0] != "60-unopened"],
    ids=[row[0] for row in SHAPES if row[0] != "60-unopened"],
)
WORDS = {"tools": TOOLS, "allow_parallel_tool_calls": True}


@every_shape
def test_the_calls_of_a_shape_arrive_whole(sandbox, chat, llm, reply, calls):
    sandbox.scenario = Scenario(answer=reply)
    assert of_langchain(chat.invoke("What now?")) == calls
    assert of_llamaindex(llm, llm.chat([ASKED], **WORDS)) == calls


@streamed_shapes
def test_the_calls_of_a_shape_arrive_streamed(sandbox, chat, llm, reply, calls):
    sandbox.scenario = Scenario(answer=reply, fragment=7)
    assert of_langchain(reduce(plus, chat.stream("What now?"))) == calls
    assert of_llamaindex(llm, list(llm.stream_chat([ASKED], **WORDS))[-1]) == calls
