"""The tool that draws: alone, in agents with a text model, when the service fails, and in what it shows to models."""

import base64
import json
import operator
from functools import reduce

import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.language_models import FakeListChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_tests.unit_tests import ToolsUnitTests
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from freeproviders import errors
from freeproviders.images import save
from freeproviders.sandbox import Scenario
from freeproviders.sandbox.media import png
from langchain_freeproviders import ChatAiChats, FreeImageTool

WISH = "a lighthouse at dawn"
CALL = f'<tool_call>\n{{"name": "draw_image", "arguments": {{"prompt": "{WISH}"}}}}\n</tool_call>'
ASKED = {"messages": [("user", f"Draw {WISH}.")]}


@pytest.fixture
def tool(sandbox):
    def make(image_format="bytes", **words):
        chat = ChatAiChats(
            model="dalle", base_url=sandbox.url("aichats"), image_format=image_format, max_retries=0, **words
        )
        return FreeImageTool(chat=chat)

    return make


def call(identifier="1"):
    return {"type": "tool_call", "id": identifier, "name": "draw_image", "args": {"prompt": WISH}}


def drawn(messages):
    [message] = [message for message in messages if isinstance(message, ToolMessage)]
    return message


async def invoked(runnable, *words, awaited):
    return await runnable.ainvoke(*words) if awaited else runnable.invoke(*words)


class TestTheStandard(ToolsUnitTests):
    tool_constructor = FreeImageTool
    tool_invoke_params_example = {"prompt": WISH}  # the kit's declaration


both_ways = pytest.mark.parametrize("awaited", [False, True], ids=["blocking", "awaited"])


@both_ways
async def test_the_text_is_for_the_model_and_the_image_is_the_artifact(tool, awaited, tmp_path):
    message = await invoked(tool(), call(), awaited=awaited)
    assert message.content == f"An image of '{WISH}' was drawn and is attached."  # and no URL of this machine
    [image] = message.artifact
    data = base64.b64decode(image["base64"])
    assert (image["type"], image["mime_type"], data) == ("image", "image/png", png(WISH))
    assert image["extras"]["url"].startswith("http://127.0.0.1:")
    assert save(data, tmp_path / "lighthouse").name == "lighthouse.png"


@both_ways
async def test_without_a_call_it_gives_the_text(tool, awaited):
    assert "was drawn" in await invoked(tool(), {"prompt": WISH}, awaited=awaited)


def test_by_url_the_image_is_not_fetched(tool, sandbox):
    [image] = tool("url").invoke(call()).artifact
    assert image["url"].startswith("http://127.0.0.1:")
    assert sandbox.received_images == []


def test_bytes_that_came_with_the_answer_are_typed_by_what_they_are(tool, sandbox):
    sandbox.scenario = Scenario(variant="b64")
    [image] = tool("url").invoke(call()).artifact
    assert (image["mime_type"], base64.b64decode(image["base64"])) == ("image/png", png(WISH))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://pictures.example/a.png?sig=a%2Bb", "at https://pictures.example/a.png?sig=a%2Bb"),
        ("https://pictures.example/a\n<tool_call>", "at https://pictures.example/a%3Ctool_call%3E"),
        ("https://10.0.0.1/a.png", None),
        ("http://pictures.example/a.png", None),
        ("https://[", None),
    ],
)
def test_only_a_public_url_is_told_and_it_can_say_nothing_else(url, told):
    answer = AIMessage(content=[{"type": "image", "url": url}])
    text = FreeImageTool(chat=GenericFakeChatModel(messages=iter([answer]))).invoke({"prompt": WISH})
    assert text.endswith(told or "is attached.")
    assert "\n" not in text


@both_ways
async def test_any_text_model_draws_in_an_agent(tool, yqcloud, sandbox, awaited):
    sandbox.script(Scenario(answer=CALL), None, Scenario(answer="Here it is."))
    state = await invoked(create_agent(yqcloud(), [tool()]), ASKED, awaited=awaited)
    message = drawn(state["messages"])
    assert base64.b64decode(message.artifact[0]["base64"]) == png(WISH)
    assert state["messages"][-1].text == "Here it is."
    question = sandbox.received[-1].question
    assert "was drawn and is attached" in question.text + json.dumps(question.history)
    assert message.artifact[0]["base64"] not in json.dumps([seen.json for seen in sandbox.received])


async def test_a_model_that_reads_the_prompt_finds_the_tool(tool, yqcloud):
    """The sandbox's own responder plays the model; no reply is scripted."""
    state = await create_agent(yqcloud(), [tool()]).ainvoke({"messages": [("user", "Draw an image of a lighthouse.")]})
    assert drawn(state["messages"]).artifact[0]["mime_type"] == "image/png"


@both_ways
async def test_the_image_is_no_part_of_the_agents_message_stream(tool, yqcloud, sandbox, awaited):
    sandbox.script(Scenario(answer=CALL), None, Scenario(answer="Here it is."))
    agent = create_agent(yqcloud(), [tool()])
    if awaited:
        streamed = [message async for message, _ in agent.astream(ASKED, stream_mode="messages")]
    else:
        streamed = [message for message, _ in agent.stream(ASKED, stream_mode="messages")]
    said = [message for message in streamed if not isinstance(message, ToolMessage)]
    assert reduce(operator.add, (message.text for message in said)).strip() == "Here it is."


def test_what_was_drawn_can_be_stored_with_a_conversation(tool, yqcloud, sandbox):
    sandbox.script(Scenario(answer=CALL), None, Scenario(answer="Here it is."))
    agent = create_agent(yqcloud(), [tool()], checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "1"}}
    before = drawn(agent.invoke(ASKED, thread)["messages"])
    assert drawn(agent.get_state(thread).values["messages"]).artifact == before.artifact
    assert json.loads(json.dumps(before.artifact)) == before.artifact


# Faults.


@both_ways
async def test_an_error_is_raised_as_it_is(tool, sandbox, awaited):
    sandbox.scenario = Scenario(status=429)
    with pytest.raises(errors.RateLimited) as caught:
        await invoked(tool(), call(), awaited=awaited)
    assert isinstance(caught.value, ModelRateLimitError)


@both_ways
async def test_an_error_is_told_to_the_model_where_errors_are_handled(tool, sandbox, awaited):
    sandbox.scenario = Scenario(variant="expired")
    failing = tool()
    failing.handle_tool_error = True
    message = await invoked(failing, call(), awaited=awaited)
    assert (message.status, message.artifact) == ("error", None)
    assert "such URLs expire" in message.content


async def test_an_agent_goes_on_after_an_error(tool, yqcloud, sandbox):
    sandbox.script(Scenario(answer=CALL), Scenario(status=404), Scenario(answer="It cannot be drawn."))
    failing = tool()
    failing.handle_tool_error = True
    state = await create_agent(yqcloud(), [failing]).ainvoke(ASKED)
    assert drawn(state["messages"]).status == "error"
    assert state["messages"][-1].text == "It cannot be drawn."


def test_a_model_that_does_not_draw_is_an_error_that_names_one_that_does():
    with pytest.raises(errors.InvalidSetting, match=r"'I cannot draw\.'.*dalle"):
        FreeImageTool(chat=FakeListChatModel(responses=["I cannot draw."])).invoke({"prompt": WISH})


def test_by_default_it_draws_with_aichats():
    chat = FreeImageTool().chat
    assert isinstance(chat, ChatAiChats)
    assert (chat.model, chat.image_format) == ("dalle", "bytes")


def test_an_unknown_word_is_an_error():
    with pytest.raises(ValidationError, match="model"):
        FreeImageTool(model="dalle")


def test_secrets_of_the_drawing_model_are_not_shown(tool):
    assert "s3cret" not in repr(tool(cookies={"session": "s3cret"}, default_headers={"X-Key": "s3cret"}))
