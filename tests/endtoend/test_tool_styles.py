"""Every style of tool calls through both frameworks: the sandbox's model reads the form from the prompt and uses it."""

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain_core.tools import tool
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from freeproviders.errors import InvalidSetting
from freeproviders.tools.styles import STYLES
from langchain_freeproviders import ChatFlowGpt, ChatPi, ChatPizzagpt, ChatYqcloud
from llamaindex_freeproviders import AiChats, Pi, Yqcloud

every_style = pytest.mark.parametrize("style", STYLES)
SHAPES = {
    "hermes": "<tool_call>\n{",
    "json_fence": "```json\n[{",
    "pythonic": "[add(",
    "react": "Action: add\nAction Input: {",
}
ASKED = "Add 20 and 22, then multiply the result by 2."


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def multiply(a: int, b: int) -> int:
    """Multiplies two numbers."""
    return a * b


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.fixture
def chat(sandbox):
    """Makes a chat model that speaks to the sandbox."""
    return lambda cls=ChatYqcloud, **words: cls(**{"base_url": sandbox.url(cls.provider_name), **words})


@pytest.fixture
def llm(sandbox):
    """Makes an LLM that speaks to the sandbox."""
    return lambda cls=Yqcloud, **words: cls(**{"api_base": sandbox.url(cls.__name__.lower()), **words})


def told(sandbox):
    """The whole of the last prompt: what the model was told, and what it had said before."""
    question = sandbox.received[-1].question
    return "\n".join([question.system, *(text for _, text in question.history), question.text])


def langchain_agent(model):
    return create_agent(model, [tool(add), tool(multiply)], middleware=[ModelCallLimitMiddleware(run_limit=6)])


@every_style
@pytest.mark.parametrize("cls", [ChatYqcloud, ChatPizzagpt, ChatPi, ChatFlowGpt], ids=lambda cls: cls.provider_name)
def test_an_agent_of_langchain_uses_two_tools(chat, sandbox, cls, style):
    messages = langchain_agent(chat(cls, tool_style=style)).invoke({"messages": ASKED})["messages"]
    assert [message.content for message in messages if message.type == "tool"] == ["42", "84"]
    assert messages[-1].text == "The result of add is 42. The result of multiply is 84."
    assert SHAPES[style] in told(sandbox)


@every_style
def test_an_agent_of_langchain_uses_two_tools_streamed(chat, style):
    model = chat(tool_style=style, streaming=True)
    pieces = [piece for piece, _ in langchain_agent(model).stream({"messages": ASKED}, stream_mode="messages")]
    assert [piece.content for piece in pieces if piece.type == "tool"] == ["42", "84"]
    shown = "".join(piece.text for piece in pieces if piece.type == "AIMessageChunk")
    assert shown == "The result of add is 42. The result of multiply is 84."


@every_style
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("cls", [Yqcloud, AiChats, Pi])
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")  # core's own
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")  # core's own
async def test_an_agent_of_llamaindex_uses_two_tools(llm, sandbox, cls, streaming, style):
    agent = FunctionAgent(tools=[add, multiply], llm=llm(cls, tool_style=style), streaming=streaming)
    result = await agent.run(ASKED)
    assert [call.tool_output.content for call in result.tool_calls] == ["42", "84"]
    assert str(result) == "The result of add is 42. The result of multiply is 84."
    assert SHAPES[style] in told(sandbox)


@every_style
def test_several_calls_come_at_once(chat, style):
    answer = chat(tool_style=style).bind_tools([add, multiply]).invoke("Add 1 and 2 and multiply 3 by 4.")
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [
        ("add", {"a": 1, "b": 2}),
        ("multiply", {"a": 3, "b": 4}),
    ]


@every_style
def test_a_forced_call_comes(chat, style):
    answer = chat(tool_style=style).bind_tools([add, multiply], tool_choice="multiply").invoke("Hello!")
    assert [call["name"] for call in answer.tool_calls] == ["multiply"]


@every_style
def test_structured_output_is_the_same_in_every_style(chat, sandbox, style):
    person = chat(tool_style=style).with_structured_output(Person).invoke("Zora is 7 years old. Who is it?")
    assert person == Person(name="Zora", age=7)
    assert SHAPES[style] not in told(sandbox)


# Where the style is said.


def test_a_call_may_say_its_style(chat, llm, sandbox):
    chat(tool_style="hermes").bind_tools([add], tool_style="react").invoke("Hello!")
    assert "Action Input:" in told(sandbox)
    llm().chat([ChatMessage("Hello!")], tools=[FunctionTool.from_defaults(add)], tool_style="pythonic")
    assert "[name_of_the_tool(" in told(sandbox)


def test_the_environment_may_say_the_style(chat, sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_TOOL_STYLE", "json_fence")
    chat().bind_tools([add]).invoke("Hello!")
    assert "```json" in told(sandbox)


def test_the_card_says_the_style_where_nobody_else_does(chat, sandbox):
    chat().bind_tools([add]).invoke("Hello!")
    assert "<tool_call>" in told(sandbox)


@pytest.mark.parametrize("make", ["chat", "llm"])
def test_an_unknown_style_is_an_error_at_once(request, make):
    with pytest.raises(InvalidSetting, match="Did you mean 'react'"):
        request.getfixturevalue(make)(tool_style="reakt")


def test_a_kept_conversation_is_told_of_another_style_and_of_the_same_only_once(chat, sandbox):
    model = chat(ChatPi).bind_tools([add])
    heard, thread = [], {}
    for style in ("hermes", "hermes", "react", "react"):
        answer = model.invoke("Hello!", thread=thread, tool_style=style)
        thread = answer.response_metadata["thread"]
        heard.append("To call a tool" in sandbox.received[-1].question.text)
    assert heard == [True, False, True, False]
