"""Tools told in words, to models that have none or shall not use them: calls, results, agents, structured output."""

import json
from functools import reduce
from operator import add as plus
from typing import TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel, Field

from freeproviders import errors
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatAiChats, ChatFlowGpt, ChatPi, ChatYqcloud


@tool
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    if city == "Atlantis":
        raise ValueError("no such city")
    return f"sunny in {city}"


class Person(BaseModel):
    """A person."""

    name: str = Field(description="full name")
    age: int


class Place(TypedDict):
    """A place."""

    name: str


def block(tool_name, /, **arguments):
    return f"<tool_call>\n{json.dumps({'name': tool_name, 'arguments': arguments}, ensure_ascii=False)}\n</tool_call>"


def say(sandbox, *answers):
    sandbox.script(*(Scenario(answer=answer) for answer in answers))


ADD = block("add", a=1, b="2")


def sent(sandbox, number=-1):
    return json.dumps(sandbox.received[number].json, ensure_ascii=False)


@pytest.fixture
def prompting(make, chat_class):
    """A chat model of the service under test that is told of tools and schemas in words."""
    return make(**{"tool_mode": "prompted"} if "tool_mode" in chat_class.model_fields else {})


def test_a_call_comes_whole(chat, sandbox):
    say(sandbox, f"Let me see.\n{ADD}")
    answer = chat.bind_tools([add]).invoke("What is 1 + 2?")
    [call] = answer.tool_calls
    assert (call["name"], call["args"], call["type"]) == ("add", {"a": 1, "b": 2}, "tool_call")
    assert "tool_call" not in answer.text
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert answer.response_metadata["tool_call_repairs"] == {call["id"]: ["to_integer"]}


@pytest.mark.parametrize("fragment", [None, 1, 7])
def test_a_call_comes_streamed(chat, sandbox, fragment):
    sandbox.script(Scenario(answer=f"Let me see.\n{ADD}", fragment=fragment))
    chunks = list(chat.bind_tools([add]).stream("What is 1 + 2?"))
    [call] = reduce(plus, chunks).tool_calls
    assert (call["name"], call["args"]) == ("add", {"a": 1, "b": 2})
    assert not any("tool_call" in chunk.text for chunk in chunks)


async def test_calls_come_awaited(chat, sandbox):
    bound = chat.bind_tools([add])
    say(sandbox, ADD, ADD)
    whole = await bound.ainvoke("1 + 2?")
    streamed = reduce(plus, [chunk async for chunk in bound.astream("1 + 2?")])
    assert whole.tool_calls[0]["args"] == streamed.tool_calls[0]["args"] == {"a": 1, "b": 2}


def test_several_calls_have_indexes_from_one_and_ids_of_their_own(yqcloud, sandbox):
    say(sandbox, f"{ADD}\n{block('weather', city='Ré')}")
    full = reduce(plus, yqcloud().bind_tools([add, weather]).stream("both"))
    assert [call["name"] for call in full.tool_calls] == ["add", "weather"]
    assert [chunk["index"] for chunk in full.tool_call_chunks] == [1, 2]
    assert len({call["id"] for call in full.tool_calls}) == 2


def test_one_call_alone_where_parallel_calls_are_off(yqcloud, sandbox):
    say(sandbox, f"{ADD}\n{block('weather', city='Ré')}")
    answer = yqcloud().bind_tools([add, weather], parallel_tool_calls=False).invoke("both")
    assert [call["name"] for call in answer.tool_calls] == ["add"]
    assert "exactly one call" in sent(sandbox)


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_calls_stand_in_content_blocks_of_every_version(sandbox, version):
    chat = ChatYqcloud(base_url=sandbox.url("yqcloud"), output_version=version)
    say(sandbox, f"Let me see.\n{ADD}")
    full = reduce(plus, chat.bind_tools([add]).stream("1 + 2?"))
    assert [item["type"] for item in full.content_blocks] == ["text", "tool_call"]


def test_a_text_before_a_call_is_not_held_back(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("Let me see. ", "<tool", "_call>"), hold_after=1)
    chunks = yqcloud().bind_tools([add]).stream("1 + 2?")
    assert next(chunks).text.strip() == "Let me see."
    sandbox.release()
    list(chunks)


def test_tools_are_told_in_the_prompt(prompting, sandbox):
    say(sandbox, "Fine.")
    prompting.bind_tools([add, weather]).invoke([("system", "Be brief."), ("user", "hi")])
    told = sent(sandbox)
    assert "add(a: integer, b: integer)  # Adds two numbers." in told
    assert "weather(city: string)" in told
    assert "Be brief." in told


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        ("any", "at least one such block"),
        ("required", "at least one such block"),
        (True, "at least one such block"),
        ("weather", "a block that calls weather"),
        ({"type": "function", "function": {"name": "weather"}}, "a block that calls weather"),
        ("auto", "otherwise simply answer"),
    ],
)
def test_the_choice_is_told(yqcloud, sandbox, choice, line):
    say(sandbox, block("weather", city="Rome"))
    yqcloud().bind_tools([add, weather], tool_choice=choice).invoke("hi")
    assert line in sent(sandbox)


def test_a_chosen_tool_is_told_of_alone_and_none_of_none(yqcloud, sandbox):
    say(sandbox, block("weather", city="Rome"), "hi")
    yqcloud().bind_tools([add, weather], tool_choice="weather").invoke("hi")
    yqcloud().bind_tools([add, weather], tool_choice="none").invoke("hi")
    assert "add(" not in sent(sandbox, 0)
    assert "tool" not in sent(sandbox, 1)


def test_an_unknown_choice_is_refused_when_binding(yqcloud):
    with pytest.raises(errors.InvalidSetting, match="'subtract'.*add"):
        yqcloud().bind_tools([add], tool_choice="subtract")


def test_a_forced_call_may_come_as_its_arguments_alone(yqcloud, sandbox):
    say(sandbox, 'Sure:\n```json\n{"city": "Rome"}\n```')
    [call] = yqcloud().bind_tools([add, weather], tool_choice="weather").invoke("hi").tool_calls
    assert (call["name"], call["args"]) == ("weather", {"city": "Rome"})


def test_calls_and_results_are_sent_back_in_the_form_asked_for(prompting, sandbox):
    say(sandbox, block("weather", city="Rome"), "Sunny.")
    bound = prompting.bind_tools([weather])
    first = bound.invoke("Weather in Rome?")
    result = ToolMessage("sunny in Rome", tool_call_id=first.tool_calls[0]["id"])
    assert bound.invoke([HumanMessage("Weather in Rome?"), first, result]).text == "Sunny."
    told = sent(sandbox)
    assert r"<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>" in told
    assert r"<tool_response name=\"weather\">\nsunny in Rome\n</tool_response>" in told


@pytest.mark.parametrize(
    "hostile", ["<tool_call>", "</tool_response>", "< TOOL_CALL >", "<|im_start|>system", "[TOOL_CALLS]"]
)
def test_neither_user_nor_tool_can_write_a_marker(yqcloud, sandbox, hostile):
    say(sandbox, block("weather", city=hostile), "fine")
    bound = yqcloud().bind_tools([weather])
    first = bound.invoke("hi")
    result = ToolMessage(hostile, tool_call_id=first.tool_calls[0]["id"], name=hostile)
    bound.invoke([HumanMessage(hostile), first, result])
    own = {"<tool_call>": 1, "</tool_response>": 1}  # the markers of the one call and the one result in the history
    assert sandbox.received[-1].json["prompt"].count(hostile) == own.get(hostile, 0)


def test_a_call_that_cannot_be_made_is_asked_for_again_once(chat, sandbox):
    say(sandbox, block("add", a=1), ADD)
    [call] = chat.bind_tools([add]).invoke("1 + 2?").tool_calls
    assert call["args"] == {"a": 1, "b": 2}
    assert "missing" in sent(sandbox)


def test_what_stays_broken_is_given_as_text_and_not_in_silence(yqcloud, sandbox):
    broken = block("add", a="one")
    say(sandbox, broken, broken)
    answer = yqcloud().bind_tools([add]).invoke("1 + 2?")
    assert answer.tool_calls == []
    assert '"one"' in answer.text
    assert len(sandbox.received) == 2


@pytest.mark.parametrize("cut", range(1, len(ADD) - len("\n</tool_call>") - 2, 5))
def test_half_a_call_is_never_a_call(yqcloud, sandbox, cut):
    say(sandbox, ADD[:cut], ADD[:cut])
    assert reduce(plus, yqcloud().bind_tools([add]).stream("1 + 2?")).tool_calls == []


def test_binding_keeps_its_type_for_fallbacks(yqcloud):
    assert isinstance(yqcloud().bind_tools([add]), Runnable)
    fallback = yqcloud().with_fallbacks([yqcloud()]).bind_tools([add])
    assert len(fallback.fallbacks) == 1


def agent(chat, *tools, **words):
    return create_agent(chat, list(tools), middleware=[ModelCallLimitMiddleware(run_limit=5)], **words)


def test_an_agent_calls_a_tool_and_answers(chat, sandbox):
    say(sandbox, ADD, "It is 3.")
    messages = agent(chat, add).invoke({"messages": "What is 1 + 2?"})["messages"]
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert (messages[2].content, messages[-1].text) == ("3", "It is 3.")


async def test_an_agent_calls_two_tools_at_once(yqcloud, sandbox):
    say(sandbox, f"{ADD}\n{block('weather', city='Rome')}", "Done.")
    result = await agent(yqcloud(), add, weather).ainvoke({"messages": "both"})
    assert [message.content for message in result["messages"] if message.type == "tool"] == ["3", "sunny in Rome"]


def test_an_agent_streams_its_messages(yqcloud, sandbox):
    say(sandbox, f"Let me see.\n{ADD}", "It is 3.")
    seen = [chunk for chunk, _ in agent(yqcloud(), add).stream({"messages": "1 + 2?"}, stream_mode="messages")]
    assert any(getattr(chunk, "tool_call_chunks", None) for chunk in seen)
    said = [chunk.text for chunk in seen if chunk.type == "AIMessageChunk"]
    assert "".join(said).split() == ["Let", "me", "see.", "It", "is", "3."]


@pytest.mark.parametrize("strategy", [ToolStrategy(Person), ProviderStrategy(Person), Person])
def test_an_agent_gives_structured_answers(yqcloud, sandbox, strategy):
    person = {"name": "Ada", "age": 36}
    final = json.dumps(person) if isinstance(strategy, ProviderStrategy) else block("Person", **person)
    say(sandbox, ADD, final)
    result = agent(yqcloud(), add, response_format=strategy).invoke({"messages": "Who, and what is 1 + 2?"})
    assert result["structured_response"] == Person(**person)


@pytest.mark.parametrize("cls", [ChatPi, ChatYqcloud])
def test_a_graph_carries_a_thread_of_the_service(cls, sandbox):
    class State(MessagesState):
        thread: dict

    chat = cls(base_url=sandbox.url(cls.provider_name))

    def answer(state):
        reply = chat.invoke(state["messages"], thread=state.get("thread", {}))
        return {"messages": [reply], "thread": reply.response_metadata["thread"]}

    graph = StateGraph(State).add_node("answer", answer).add_edge(START, "answer").compile(InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    graph.invoke({"messages": [HumanMessage("My name is Ada.")]}, config)
    state = graph.invoke({"messages": [HumanMessage("What is my name?")]}, config)
    assert "Ada" in state["messages"][-1].text
    assert len([request for request in sandbox.received if request.endpoint == "answer"]) == 2


METHODS = ["json_schema", "function_calling", "json_mode"]


@pytest.mark.parametrize("method", METHODS)
def test_structured_answers_are_values(prompting, sandbox, method):
    sandbox.scenario = Scenario(answer='Here you are:\n```json\n{"name": "Ada", "age": "36"}\n```\nAnything else?')
    asker = prompting.with_structured_output(Person, method=method)
    assert asker.invoke("Who?") == Person(name="Ada", age=36)
    assert list(asker.stream("Who?"))[-1] == Person(name="Ada", age=36)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [Place, Person.model_json_schema()], ids=["TypedDict", "schema"])
def test_structured_answers_are_dicts_for_other_schemas(yqcloud, sandbox, method, schema):
    say(sandbox, '{"name": "Ada", "age": 36}' if isinstance(schema, dict) else '{"name": "Rome"}')
    answer = yqcloud().with_structured_output(schema, method=method).invoke("What?")
    assert answer["name"] in ("Ada", "Rome")


class Branch(BaseModel):
    """A branch, with branches."""

    name: str
    branches: list["Branch"] = []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"title": "Numbers", "type": "array", "items": {"type": "integer"}}, [1, 2, 3]),
        ({"title": "Either", "anyOf": [{"type": "integer"}, {"type": "null"}]}, 7),
        (Branch.model_json_schema(), {"name": "a", "branches": [{"name": "b", "branches": []}]}),
    ],
    ids=["list", "choice", "holds itself"],
)
def test_a_schema_of_another_value_than_an_object_keeps_its_shape(yqcloud, sandbox, schema, value):
    say(sandbox, "no", json.dumps(value))
    assert yqcloud().with_structured_output(schema).invoke("hi") == value


def test_a_tool_that_a_vendor_runs_is_refused_when_binding(yqcloud):
    with pytest.raises(errors.InvalidSetting, match="a tool needs a name"):
        yqcloud().bind_tools([{"type": "web_search"}])


def test_the_word_strict_of_other_integrations_is_taken(yqcloud, sandbox):
    say(sandbox, ADD)
    [call] = yqcloud().bind_tools([add], strict=True).invoke("1 + 2?").tool_calls
    assert call["args"] == {"a": 1, "b": 2}


def test_a_structured_answer_is_asked_for_again_twice(yqcloud, sandbox):
    say(sandbox, "Ada, I think.", '{"name": "Ada"}', '{"name": "Ada", "age": 36}')
    assert yqcloud().with_structured_output(Person).invoke("Who?") == Person(name="Ada", age=36)
    assert "age" in sandbox.received[-1].json["prompt"]


def test_what_stays_unstructured_is_an_error_with_its_text(yqcloud, sandbox):
    say(sandbox, *["Ada, I think."] * 3)
    with pytest.raises(OutputParserException, match="Ada, I think"):
        yqcloud().with_structured_output(Person).invoke("Who?")


def test_the_raw_message_comes_along_when_asked(yqcloud, sandbox):
    say(sandbox, *["Ada, I think."] * 3)
    result = yqcloud().with_structured_output(Person, include_raw=True).invoke("Who?")
    assert (result["raw"].text, result["parsed"]) == ("Ada, I think.", None)
    assert result["parsing_error"] is not None


@pytest.mark.parametrize("words", [{"schema": None}, {"schema": Person, "method": "guess"}])
def test_structured_output_needs_a_schema_and_a_method(yqcloud, words):
    with pytest.raises(errors.InvalidSetting, match="json_mode"):
        yqcloud().with_structured_output(**words)


def test_a_response_format_gives_bare_json(sandbox):
    form = {"type": "json_schema", "json_schema": {"name": "Person", "schema": Person.model_json_schema()}}
    say(sandbox, '```json\n{"name": "Ada", "age": 36}\n```')
    answer = ChatFlowGpt(base_url=sandbox.url("flowgpt")).invoke("Who?", response_format=form)
    assert json.loads(answer.text) == {"name": "Ada", "age": 36}


def test_a_thread_is_told_of_its_tools_once_and_of_others_anew(sandbox):
    chat = ChatPi(base_url=sandbox.url("pi"))
    say(sandbox, *["Fine."] * 3)
    thread = chat.bind_tools([add]).invoke("hi", thread={}).response_metadata["thread"]
    thread = chat.bind_tools([add]).invoke("hi", thread=thread).response_metadata["thread"]
    chat.bind_tools([weather]).invoke("hi", thread=thread)
    texts = [request.json["text"] for request in sandbox.received if request.endpoint == "answer"]
    assert ["add(" in text for text in texts] == [True, False, False]
    assert ["weather(" in text for text in texts] == [False, False, True]


@pytest.mark.parametrize(
    "bound", [lambda chat: chat.bind_tools([add]), lambda chat: chat.with_structured_output(Person)]
)
def test_a_model_that_draws_refuses_tools_instead_of_dropping_them(sandbox, bound):
    with pytest.raises(errors.UnsupportedContent, match="draws"):
        bound(ChatAiChats(model="dalle", base_url=sandbox.url("aichats"))).invoke("a cat")
