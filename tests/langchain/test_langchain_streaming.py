"""Chunks: real streaming, the shape LangChain's merging wants, callbacks once, connections closed."""

import asyncio
from functools import reduce
from operator import add

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from freeproviders.sandbox import Scenario
from freeproviders.testing.kit import run_script
from langchain_freeproviders import ChatAiChats, ChatFlowGpt, ChatPi, ChatYqcloud

HELLO = "say exactly: Hällo wörld 👋 with data: inside"
ANSWER = HELLO.removeprefix("say exactly: ")


class Tokens(BaseCallbackHandler):
    def __init__(self):
        self.texts = []

    def on_llm_new_token(self, token, **kwargs):
        self.texts.append(token)


def test_stream_and_invoke_agree(chat):
    assert reduce(add, chat.stream(HELLO)).text == chat.invoke(HELLO).text == ANSWER


async def test_astream_and_ainvoke_agree(chat):
    full = reduce(add, [chunk async for chunk in chat.astream(HELLO)])
    assert full.text == (await chat.ainvoke(HELLO)).text == ANSWER


def test_the_first_text_arrives_while_the_service_still_writes(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("no", "newline", "here"), hold_after=1)
    chunks = yqcloud().stream("hi")
    first = next(chunks)
    sandbox.release()
    assert (first.text, "".join(chunk.text for chunk in chunks)) == ("no", "newlinehere")


async def test_the_first_text_arrives_while_the_service_still_writes_awaited(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("no", "newline", "here"), hold_after=1)
    chunks = yqcloud().astream("hi")
    first = await anext(chunks)
    sandbox.release()
    assert (first.text, "".join([chunk.text async for chunk in chunks])) == ("no", "newlinehere")


def test_the_first_chunk_has_text_and_the_last_alone_the_metadata(chat):
    *body, last = chat.stream(HELLO)
    assert body[0].text
    assert all(not chunk.response_metadata for chunk in body)
    assert (last.chunk_position, last.response_metadata["model_provider"]) == ("last", chat.provider_name)
    assert last.response_metadata["model_name"] == chat.model
    assert last.response_metadata["finish_reason"] == "stop"


def test_tokens_are_reported_once_each(chat):
    tokens = Tokens()
    chunks = list(chat.stream(HELLO, config={"callbacks": [tokens]}))
    assert tokens.texts == [chunk.text for chunk in chunks]


async def test_tokens_are_reported_once_each_awaited(chat):
    tokens = Tokens()
    chunks = [chunk async for chunk in chat.astream(HELLO, config={"callbacks": [tokens]})]
    assert tokens.texts == [chunk.text for chunk in chunks]


def test_invoke_streams_to_callbacks_when_asked(make):
    tokens = Tokens()
    make(streaming=True).invoke(HELLO, config={"callbacks": [tokens]})
    assert "".join(tokens.texts) == ANSWER


def test_a_chain_streams(chat):
    chain = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "{q}")]) | chat | StrOutputParser()
    assert "".join(chain.stream({"q": "what is 6*7?"})) == "42"


def test_output_version_v1_gives_one_text_block(make):
    full = reduce(add, make(output_version="v1").stream(HELLO))
    assert [(block["type"], block["text"]) for block in full.content] == [("text", ANSWER)]


# LangChain marks its newest streaming protocol as beta by this warning.
@pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning")
async def test_events_v3_give_the_text(chat):
    stream = await chat.astream_events(HELLO, version="v3")
    assert (await stream.output).text == ANSWER


@pytest.mark.parametrize("cls", [ChatPi, ChatAiChats, ChatYqcloud, ChatFlowGpt])  # those that answer piece by piece
def test_a_break_closes_the_connection(cls, sandbox):
    sandbox.scenario = Scenario(pieces=("one ", "two ", "three"), hold_after=1)
    for _ in cls(base_url=sandbox.url(cls.provider_name)).stream("hi"):
        break
    assert sandbox.received[-1].wait_closed(10) == "client closed"


async def test_cancelling_closes_the_connection(make, sandbox):
    chat = make(default_headers={"x-sandbox-scenario": '{"stall_at": 0}'})
    task = asyncio.create_task(chat.ainvoke("hi"))
    while not any(request.endpoint == "answer" for request in sandbox.received):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 10) == "client closed"


ABANDONED = """
import asyncio
from freeproviders.sandbox import Sandbox, Scenario
from langchain_freeproviders import ChatYqcloud

kept = []

async def leave(chat):
    kept.append(chat.astream("hi"))
    await anext(kept[0])

with Sandbox() as sandbox:
    sandbox.scenario = Scenario(pieces=("one ", "two"), hold_after=1)
    asyncio.run(leave(ChatYqcloud(base_url=sandbox.url("yqcloud"))))
    print(sandbox.received[-1].wait_closed(10))
"""


def test_a_stream_left_behind_by_its_loop_is_closed_without_a_word():
    done = run_script(ABANDONED)
    assert (done.stdout, done.stderr) == ("client closed\n", "")


def drawing(sandbox, **words):
    return ChatAiChats(model="dalle", base_url=sandbox.url("aichats"), **words)


def test_an_image_comes_as_a_block_with_its_own_index(sandbox):
    text, image = drawing(sandbox).invoke("a lighthouse").content
    assert (text["type"], text["index"], image["type"], image["index"]) == ("text", 0, "image", 1)
    assert image["url"].startswith(sandbox.image_url)
    assert text["text"] == f"![image 1]({image['url']})"


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_a_streamed_image_is_whole_in_every_output_version(sandbox, version):
    full = reduce(add, drawing(sandbox, output_version=version).stream("a lighthouse"))
    [image] = [block for block in full.content_blocks if block["type"] == "image"]
    assert image["url"].startswith(sandbox.image_url)


async def test_image_bytes_are_fetched_when_asked(sandbox):
    whole = await drawing(sandbox, image_format="bytes").ainvoke("a lighthouse")
    streamed = reduce(add, [chunk async for chunk in drawing(sandbox, image_format="bytes").astream("a lighthouse")])
    for message in (whole, streamed):
        [image] = [block for block in message.content_blocks if block["type"] == "image"]
        assert image["mime_type"] == "image/png"
        assert image["base64"].startswith("iVBORw0KGgo")


def test_the_image_server_gets_nothing_of_the_provider(sandbox):
    drawing(sandbox, image_format="bytes", cookies={"ai-chat-front": "s3cret"}).invoke("a lighthouse")
    headers = sandbox.received_images[-1].headers
    assert "Cookie" not in headers
    assert "Origin" not in headers


def test_an_answer_with_an_image_can_be_sent_back(sandbox):
    answer = drawing(sandbox).invoke("a lighthouse")
    chat = ChatAiChats(base_url=sandbox.url("aichats"))
    chat.invoke([("user", "draw"), answer, ("user", "thanks")])
    assert "Assistant: ![image 1](" in sandbox.received[-1].json["messagesHistory"][0]["content"]
