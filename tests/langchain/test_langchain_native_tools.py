"""Tools and schemas as data, where the service takes them: calls whole and streamed, results, agents, routes."""

import json
from functools import reduce
from operator import add as plus
from typing import TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field, field_validator

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario, ScriptedBrain
from langchain_freeproviders import ChatFreeProvider, ChatFreeRouter, ChatOpenAICompatible, ChatYqcloud


@tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


class Person(BaseModel):
    """A person."""

    name: str = Field(description="full name")
    age: int


class Grown(Person):
    """A grown person."""

    @field_validator("age")
    @classmethod
    def _grown(cls, age):
        if age < 18:
            raise ValueError("too young")
        return age


class Place(TypedDict):
    """A place."""

    name: str


ADA = '{"name": "Ada", "age": 36}'
METHODS = ["json_schema", "function_calling", "json_mode"]


def call(tool_name, /, **arguments):
    return f"<tool_call>{json.dumps({'name': tool_name, 'arguments': arguments})}</tool_call>"


def say(sandbox, *answers):
    sandbox.script(*(Scenario(answer=answer) for answer in answers))


def fields(sandbox, number=-1):
    return sandbox.received[number].json.keys() & {"tools", "response_format"}


def test_tools_are_sent_as_data(server, sandbox):
    bound = server().bind_tools([weather], tool_choice="weather", parallel_tool_calls=False)
    bound.invoke("Weather in Rome?")
    body = sandbox.received[-1].json
    assert [one["function"]["name"] for one in body["tools"]] == ["weather"]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert body["parallel_tool_calls"] is False
    assert body["messages"] == [{"role": "user", "content": "Weather in Rome?"}]


@pytest.mark.parametrize("variant", [None, "odd_calls", "one_index"])
def test_calls_come_whole_and_in_chunks(server, sandbox, variant):
    text = "Both." + call("weather", city="Rome") + call("weather", city="Oslo")
    sandbox.scenario = Scenario(answer=text, variant=variant)
    bound = server().bind_tools([weather])
    for answer in (bound.invoke("hi"), reduce(plus, bound.stream("hi"))):
        assert answer.text == "Both."
        assert [(one["name"], one["args"]["city"]) for one in answer.tool_calls] == [
            ("weather", "Rome"),
            ("weather", "Oslo"),
        ]
        assert len({one["id"] for one in answer.tool_calls}) == 2
        assert answer.response_metadata["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_calls_and_reasoning_do_not_mix_in_a_stream(server, sandbox, version):
    text = "Both." + call("weather", city="Rome") + call("weather", city="Oslo")
    sandbox.scenario = Scenario(answer=text, variant="reasoning")
    answer = reduce(plus, server(output_version=version).bind_tools([weather]).stream("hi"))
    kinds = sorted(block["type"] for block in answer.content_blocks)
    assert kinds == ["reasoning", "text", "tool_call", "tool_call"]
    assert [one["args"]["city"] for one in answer.tool_calls] == ["Rome", "Oslo"]


def test_arguments_may_grow(server, sandbox):
    city = "Llanfair " * 40
    sandbox.scenario = Scenario(answer=call("weather", city=city), hold_after=20)
    pieces = []
    for message in server().bind_tools([weather]).stream("hi", stream_tool_args=True):
        pieces += [chunk["args"] for chunk in message.tool_call_chunks]
        if "".join(pieces):
            sandbox.release()  # what is still to come is sent once a part has arrived
    assert len(list(filter(None, pieces))) > 1
    assert json.loads("".join(pieces)) == {"city": city}


def test_arguments_are_fitted_to_the_schema(server, sandbox):
    say(sandbox, call("Person", name="Ada", age="36"))
    answer = server().bind_tools([Person]).invoke("hi")
    [made] = answer.tool_calls
    assert made["args"] == {"name": "Ada", "age": 36}
    assert answer.response_metadata["tool_call_repairs"] == {made["id"]: ["to_integer"]}


def test_results_are_tied_to_their_calls_by_id(server, sandbox):
    calls = [
        {"name": "weather", "args": {"city": "Rome"}, "id": "a"},
        {"name": "weather", "args": {"city": "Oslo"}, "id": "b"},
    ]
    results = [
        ToolMessage("cold", tool_call_id="b", name="weather"),
        ToolMessage("hot", tool_call_id="a", name="weather", status="error"),
    ]
    server().bind_tools([weather]).invoke([HumanMessage("Weather?"), AIMessage("", tool_calls=calls), *results])
    messages = sandbox.received[-1].json["messages"]
    cities = {one["id"]: json.loads(one["function"]["arguments"])["city"] for one in messages[1]["tool_calls"]}
    told = {cities[one["tool_call_id"]]: one["content"] for one in messages if one["role"] == "tool"}
    assert told == {"Oslo": "cold", "Rome": "Error: hot"}


# The route: as data or in words.


@pytest.mark.parametrize(
    ("provider", "given", "word", "native"),
    [
        ("openai_compatible", None, None, True),
        ("openai_compatible", "prompted", None, False),
        ("openai_compatible", "native", "prompted", False),
        ("openai_compatible", "prompted", "native", True),
        ("groq", None, None, True),
        ("ollama", None, None, False),
        ("ollama", "native", None, True),
        ("ollama", None, "native", True),
    ],
)
def test_tool_mode_holds_for_the_model_and_for_a_call(sandbox, provider, given, word, native):
    words = {} if given is None else {"tool_mode": given}
    chat = ChatFreeProvider(provider=provider, base_url=sandbox.url("openai_compatible"), **words)
    asked = {} if word is None else {"tool_mode": word}
    told = {"tools"} if native else set()
    assert chat.bind_tools([weather]).invoke("Weather in Rome?", **asked).tool_calls[0]["args"] == {"city": "Rome"}
    assert fields(sandbox) == told
    bound = chat.bind_tools([weather], **asked)
    assert reduce(plus, bound.stream("Weather in Oslo?")).tool_calls[0]["args"] == {"city": "Oslo"}
    assert fields(sandbox) == told


@pytest.mark.parametrize("mode", ["native", "prompted"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("schema", [Person, Person.model_json_schema()], ids=["class", "schema"])
def test_structured_answers_by_every_method(server, sandbox, method, schema, mode):
    forced = method == "function_calling"
    sandbox.scenario = Scenario(answer=call("Person", name="Ada", age=36) if forced else ADA)
    asker = server().with_structured_output(schema, method=method, tool_mode=mode)
    wanted = Person(name="Ada", age=36) if schema is Person else json.loads(ADA)
    assert asker.invoke("Who?") == list(asker.stream("Who?"))[-1] == wanted
    native = {"tools"} if forced else {"response_format"}
    assert fields(sandbox) == (native if mode == "native" else set())


def test_a_service_that_takes_any_object_is_told_the_form_in_words(sandbox):
    chat = ChatFreeProvider(provider="zai", base_url=sandbox.url("openai_compatible"))
    say(sandbox, ADA)
    assert chat.with_structured_output(Person).invoke("Who?") == Person(name="Ada", age=36)
    body = sandbox.received[-1].json
    assert body["response_format"] == {"type": "json_object"}
    assert "full name" in body["messages"][0]["content"]
    assert not chat.profile["structured_output"]  # it keeps to no schema by itself


def test_a_structured_answer_is_asked_for_again(server, sandbox):
    say(sandbox, '{"name": "Ada"}', ADA)
    assert server().with_structured_output(Person).invoke("Who?") == Person(name="Ada", age=36)
    assert len(sandbox.received) == 2
    assert "age" in sandbox.received[-1].json["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object", "additionalProperties": True}),
        (Person.model_json_schema(), "age"),
        (Person, "age"),
    ],
    ids=["text", "object", "schema", "class"],
)
def test_a_form_of_the_answer_may_be_given_as_elsewhere(server, sandbox, form, sent):
    say(sandbox, ADA)
    assert json.loads(server().bind(response_format=form).invoke("Who?").text) == json.loads(ADA)
    asked = sandbox.received[-1].json.get("response_format", {}).get("json_schema", {}).get("schema")
    assert sent in asked["properties"] if sent == "age" else asked == sent


def test_an_unknown_form_of_the_answer_names_those_there_are(server):
    with pytest.raises(errors.InvalidSetting, match="json_schema, json_object and text"):
        server().invoke("Who?", response_format={"type": "xml"})


def test_the_raw_answer_keeps_its_usage(server, sandbox):
    say(sandbox, ADA)
    found = server().with_structured_output(Person, include_raw=True).invoke("Who?")
    assert found["parsed"] == Person(name="Ada", age=36)
    assert found["raw"].usage_metadata["total_tokens"] > 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("cls", [ChatOpenAICompatible, ChatYqcloud])
def test_rules_of_a_class_alone_are_an_error_of_the_parser(sandbox, cls, method, whole):
    made = {"name": "Ada", "age": 5}
    forced = method == "function_calling"
    sandbox.scenario = Scenario(answer=call("Grown", **made) if forced else json.dumps(made))
    asker = cls(base_url=sandbox.url(cls.provider_name)).with_structured_output(Grown, method=method)
    with pytest.raises(OutputParserException, match="too young") as caught:
        _ = asker.invoke("Who?") if whole else list(asker.stream("Who?"))
    assert "Ada" in caught.value.llm_output


# Agents.


@pytest.fixture
def scripted():
    """Makes a chat model over a sandbox of its own, whose model says what it is told to."""
    made = []

    def make(*replies, **words):
        sandbox = Sandbox(brain=ScriptedBrain(replies))
        made.append(sandbox)
        sandbox.start()
        return sandbox, ChatOpenAICompatible(base_url=sandbox.url("openai_compatible"), **words)

    yield make
    for sandbox in made:
        sandbox.stop()


LIMIT = ModelCallLimitMiddleware(run_limit=4)


def test_an_agent_calls_and_streams(scripted):
    sandbox, chat = scripted("Let me see." + call("weather", city="Rome"), "It is sunny.")
    agent = create_agent(chat, [weather], middleware=[LIMIT])
    chunks = [
        message
        for message, _ in agent.stream({"messages": ["Weather in Rome?"]}, stream_mode="messages")
        if isinstance(message, AIMessageChunk)
    ]
    assert "".join(chunk.text for chunk in chunks) == "Let me see.It is sunny."
    assert [part["name"] for chunk in chunks for part in chunk.tool_call_chunks if part["name"]] == ["weather"]
    assert sum(chunk.usage_metadata is not None for chunk in chunks) == 2
    assert all(fields(sandbox, number) == {"tools"} for number in (0, 1))


async def test_an_agent_awaits(scripted):
    _, chat = scripted(call("weather", city="Rome") + call("weather", city="Oslo"), "Sunny in both.")
    state = await create_agent(chat, [weather], middleware=[LIMIT]).ainvoke({"messages": ["Weather?"]})
    results = [message.text for message in state["messages"] if isinstance(message, ToolMessage)]
    assert results == ["sunny in Rome", "sunny in Oslo"]
    assert state["messages"][-1].text == "Sunny in both."


@pytest.mark.parametrize("form", [Person, ProviderStrategy(Person)], ids=["schema", "ProviderStrategy"])
def test_an_agent_may_answer_by_a_schema(scripted, form):
    sandbox, chat = scripted(ADA)
    state = create_agent(chat, [], response_format=form, middleware=[LIMIT]).invoke({"messages": ["Who?"]})
    assert state["structured_response"] == Person(name="Ada", age=36)
    assert fields(sandbox) == {"response_format"}


def test_an_agent_with_tools_may_answer_by_a_tool(scripted):
    sandbox, chat = scripted(call("weather", city="Rome"), call("Person", name="Ada", age=36))
    agent = create_agent(chat, [weather], response_format=ToolStrategy(Person), middleware=[LIMIT])
    assert agent.invoke({"messages": ["Who?"]})["structured_response"] == Person(name="Ada", age=36)
    assert all(fields(sandbox, number) == {"tools"} for number in (0, 1))


def test_tools_and_a_schema_in_one_call_go_in_words(scripted):
    sandbox, chat = scripted(call("weather", city="Rome"), f"```json\n{ADA}\n```")
    agent = create_agent(chat, [weather], response_format=ProviderStrategy(Person), middleware=[LIMIT])
    assert agent.invoke({"messages": ["Who?"]})["structured_response"] == Person(name="Ada", age=36)
    assert fields(sandbox, 0) == fields(sandbox, 1) == set()


@pytest.mark.parametrize("broken", [True, False])
def test_a_routers_candidates_are_each_told_in_their_own_way(server, sandbox, broken):
    headers = Scenario(status=500).as_header() if broken else {}
    yqcloud = ChatYqcloud(base_url=sandbox.url("yqcloud"), default_headers=headers)
    bound = ChatFreeRouter(candidates=[yqcloud, server()]).bind_tools([weather])
    for answer in (bound.invoke("Weather in Rome?"), reduce(plus, bound.stream("Weather in Rome?"))):
        assert answer.tool_calls[0]["args"] == {"city": "Rome"}
        assert answer.response_metadata["candidate"] == ("openai_compatible" if broken else "yqcloud")
    assert fields(sandbox) == ({"tools"} if broken else set())


def test_a_model_that_takes_no_tools_says_what_to_set(server, sandbox):
    said = json.dumps({"error": {"message": "this model does not support tools"}})
    sandbox.scenario = Scenario(status=400, body=said, content_type="application/json")
    with pytest.raises(errors.RequestRejected, match='tool_mode="prompted"'):
        server().bind_tools([weather]).invoke("hi")
