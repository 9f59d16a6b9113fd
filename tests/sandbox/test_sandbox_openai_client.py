"""The official Python client of OpenAI is satisfied by the sandbox."""

from __future__ import annotations

import json

import openai
import pytest

from freeproviders.sandbox import Sandbox, Scenario, ScriptedBrain

HELLO = [{"role": "user", "content": "Reply with exactly: Hi 😀, 你好"}]
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}


@pytest.fixture
def client(sandbox):
    with openai.OpenAI(base_url=sandbox.url("openai_compatible"), api_key="any", max_retries=0) as client:
        yield client


def ask(client, messages, **words):
    return client.chat.completions.create(model="m", messages=messages, **words)


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_whole_answer(client):
    answer = ask(client, HELLO)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hi 😀, 你好", "stop")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_streamed_answer_with_its_count(client):
    chunks = list(ask(client, HELLO, stream=True, stream_options={"include_usage": True}))
    assert text_of(chunks) == "Hi 😀, 你好"
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert (chunks[-1].choices, chunks[-1].usage) == ([], ask(client, HELLO).usage)


@pytest.mark.parametrize("variant", [None, "comments", "no_space", "no_usage", "null_content", "role_only", "no_done"])
def test_streams_that_deviate_harmlessly(client, sandbox, variant):
    sandbox.scenario = Scenario(variant=variant)
    assert text_of(ask(client, HELLO, stream=True)) == "Hi 😀, 你好"


async def test_the_asynchronous_client(sandbox):
    async with openai.AsyncOpenAI(base_url=sandbox.url("openai_compatible"), api_key="any") as client:
        answer = await client.chat.completions.create(model="m", messages=HELLO)
        stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
        assert text_of([chunk async for chunk in stream]) == answer.choices[0].message.content == "Hi 😀, 你好"


def test_a_round_of_tools(client):
    messages = [{"role": "user", "content": "add 2 and 3"}]
    said = ask(client, messages, tools=[ADD])
    assert said.choices[0].finish_reason == "tool_calls"
    call = said.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("add", {"a": 2, "b": 3})
    result = {"role": "tool", "tool_call_id": call.id, "content": "5"}
    answer = ask(client, [*messages, said.choices[0].message.model_dump(exclude_none=True), result], tools=[ADD])
    assert answer.choices[0].message.content == "The result of add is 5."


@pytest.mark.parametrize("variant", [None, "odd_calls"])
def test_streamed_calls_are_put_together_by_the_client(client, sandbox, variant):
    sandbox.scenario = Scenario(variant=variant)
    wanted = [{"role": "user", "content": "add 2 and 3, and add 4 and 5"}]
    with client.chat.completions.stream(model="m", messages=wanted, tools=[ADD]) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [{"a": 2, "b": 3}, {"a": 4, "b": 5}]


def test_one_call_at_a_time_and_a_call_that_must_come(client):
    wanted = [{"role": "user", "content": "add 2 and 3, and add 4 and 5"}]
    assert len(ask(client, wanted, tools=[ADD], parallel_tool_calls=False).choices[0].message.tool_calls) == 1
    named = {"type": "function", "function": {"name": "add"}}
    for choice in ("required", named):
        forced = ask(client, [{"role": "user", "content": "Hello"}], tools=[ADD], tool_choice=choice)
        assert forced.choices[0].message.tool_calls[0].function.name == "add"
    assert ask(client, wanted, tools=[ADD], tool_choice="none").choices[0].message.tool_calls is None


def test_an_answer_by_a_schema(client):
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    answer = ask(client, [{"role": "user", "content": "Ann is 36 years old."}], response_format=form)
    assert json.loads(answer.choices[0].message.content) == {"name": "Ann", "age": 36}


def test_length_and_stop(client):
    messages = [{"role": "user", "content": "Reply with exactly: one two three four"}]
    cut = ask(client, messages, max_tokens=2).choices[0]
    assert (cut.message.content, cut.finish_reason) == ("one two", "length")
    assert ask(client, messages, stop=[" three"]).choices[0].message.content == "one two"


def test_models(client, sandbox):
    assert [model.id for model in client.models.list()] == ["sandbox-model"]
    sandbox.settings.openai_models = {"a"}
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        ask(client, HELLO)


def test_an_image_and_what_is_none(client):
    def shown(url):
        return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]

    assert ask(client, shown("data:image/png;base64,iVBORw0KGgo=")).choices[0].message.content
    for none in ("data:text/plain;base64,iVBORw0KGgo=", "data:image/png;base64,abcde"):
        with pytest.raises(openai.BadRequestError, match="image_url"):
            ask(client, shown(none))


ERRORS = {
    "rate_headers": openai.RateLimitError,
    "retry_delay": openai.RateLimitError,
    "retry_words": openai.RateLimitError,
    "context_length": openai.BadRequestError,
}


@pytest.mark.parametrize(("variant", "kind"), ERRORS.items())
def test_refusals_are_the_clients_own_errors(client, sandbox, variant, kind):
    sandbox.scenario = Scenario(variant=variant)
    with pytest.raises(kind):
        ask(client, HELLO)


def test_an_error_in_the_stream_is_an_error(client, sandbox):
    sandbox.scenario = Scenario(variant="error_event")
    with pytest.raises(openai.APIError, match="The model failed"):
        text_of(ask(client, HELLO, stream=True))


def test_a_wrong_key(client, sandbox):
    sandbox.settings.openai_keys = {"right"}
    for asked in (lambda: ask(client, HELLO), lambda: list(client.models.list())):
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
            asked()


USER = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
WRONG = {
    "an unknown role": ([{"role": "robot", "content": "hi"}], {}),
    "a role that is no text": ([{"role": ["user"], "content": "hi"}], {}),
    "no messages": ([], {}),
    "a result without its call": ([USER, {"role": "tool", "tool_call_id": "c1", "content": "5"}], {}),
    "a call without its result": ([USER, CALLED, USER], {}),
    "a call at the end": ([USER, CALLED], {}),
    "another result": ([USER, CALLED, {"role": "tool", "tool_call_id": "c2", "content": "5"}], {}),
    "an assistant who says nothing": ([USER, {"role": "assistant", "content": ""}], {}),
    "arguments that are no JSON": (
        [USER, {**CALLED, "tool_calls": [{**CALL, "function": {"name": "add", "arguments": "{"}}]}],
        {},
    ),
    "an unknown field": ([USER], {"extra_body": {"mine": 1}}),
    "a temperature too hot": ([USER], {"temperature": 3}),
    "five stops": ([USER], {"stop": ["a", "b", "c", "d", "e"]}),
    "a choice without tools": ([USER], {"tool_choice": "auto"}),
    "a choice of no tool": ([USER], {"tools": [ADD], "tool_choice": {"type": "function", "function": {"name": "x"}}}),
    "two tools of one name": ([USER], {"tools": [ADD, ADD]}),
    "a tool without a schema's type": (
        [USER],
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
    ),
    "a name with blanks": ([USER], {"tools": [{"type": "function", "function": {"name": "a b"}}]}),
    "a type that is none": (
        [USER],
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "thing"}}}},
    ),
    "an unknown form": ([USER], {"response_format": {"type": "xml"}}),
    "an object without the word": ([USER], {"response_format": {"type": "json_object"}}),
    "a count without a stream": ([USER], {"stream_options": {"include_usage": True}}),
}


@pytest.mark.parametrize(("messages", "words"), WRONG.values(), ids=WRONG)
def test_a_request_that_breaks_the_protocol_is_refused(client, sandbox, messages, words):
    with pytest.raises(openai.BadRequestError, match="sandbox: "):
        ask(client, messages, **words)
    assert sandbox.received[-1].outcome == "refused"


DEEP = {"type": "object", "properties": {"a": {"type": "array", "items": {"anyOf": [{"type": "string"}, True]}}}}
BAD_SCHEMAS = [
    {"type": "object", "properties": []},
    {"type": "object", "required": "a"},
    {"type": "object", "properties": {"a": 1}},
    {"type": "object", "properties": {"a": {"type": [{}]}}},
    {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "thing"}}}},
    {"type": "array"},
]


@pytest.mark.parametrize("schema", BAD_SCHEMAS)
def test_a_schema_is_looked_through(client, schema):
    def tools(parameters):
        return [{"type": "function", "function": {"name": "f", "parameters": parameters}}]

    assert ask(client, [USER], tools=tools(DEEP)).choices
    with pytest.raises(openai.BadRequestError):
        ask(client, [USER], tools=tools(schema))


def test_a_scripted_model_makes_calls_with_blocks():
    broken = '<tool_call>{"name": "add", "arguments": "{\\"a\\": "}</tool_call>'
    with (
        Sandbox(ScriptedBrain([f"One moment. {broken}"])) as sandbox,
        openai.OpenAI(base_url=sandbox.url("openai_compatible"), api_key="any") as client,
    ):
        message = ask(client, [USER], tools=[ADD]).choices[0].message
    assert (message.content, message.tool_calls[0].function.arguments) == ("One moment.", '{"a": ')


@pytest.mark.parametrize("block", ['{"name": "add", }', '{"nome": "add"}', '{"name": ["add"]}'])
def test_a_block_that_is_no_call_stays_text(block):
    said = f"One moment. <tool_call>{block}</tool_call>"
    with (
        Sandbox(ScriptedBrain([said])) as sandbox,
        openai.OpenAI(base_url=sandbox.url("openai_compatible"), api_key="any") as client,
    ):
        message = ask(client, [USER], tools=[ADD]).choices[0].message
    assert (message.content, message.tool_calls) == (said, None)
