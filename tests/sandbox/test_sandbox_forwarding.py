"""A brain that forwards to a server of OpenAI's protocol; the server is another sandbox."""

from __future__ import annotations

import pytest

from freeproviders.sandbox import ForwardingBrain, Question, Sandbox, Scenario

ADD = {
    "name": "add",
    "description": "Add two numbers.",
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
}


@pytest.fixture
def brain(sandbox):
    return ForwardingBrain(sandbox.url("openai_compatible"), "real-model", api_key="s3cr3t")


async def said(brain, text, **words):
    return "".join([piece async for piece in brain(Question(provider="yqcloud", text=text, **words))])


async def test_the_conversation_is_passed_on(sandbox, brain):
    history = (("user", "My name is Ann."), ("assistant", "Hello."))
    assert "Ann" in await said(brain, "What is my name?", system="Be brief.", history=history)
    sent = sandbox.received[-1]
    assert [message["role"] for message in sent.json["messages"]] == ["system", "user", "assistant", "user"]
    assert (sent.json["model"], sent.headers["Authorization"]) == ("real-model", "Bearer s3cr3t")
    assert "s3cr3t" not in repr(brain)


async def test_tools_and_calls_are_passed_on(sandbox, brain):
    found = await said(brain, "add 2 and 3", tools=(ADD,), tool_choice="add")
    assert found.strip() == '<tool_call>\n{"name": "add", "arguments": {"a": 2, "b": 3}}\n</tool_call>'
    assert sandbox.received[-1].json["tool_choice"]["function"] == {"name": "add"}
    await said(brain, "add 2 and 3", tools=(ADD,))
    assert sandbox.received[-1].json["tool_choice"] == "auto"


async def test_a_schema_is_passed_on(brain):
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    assert await said(brain, "Ann is 36 years old.", schema=schema) == '{"age": 36}'


@pytest.mark.parametrize(
    ("scenario", "message"),
    [(Scenario(status=500), "HTTP 500"), (Scenario(variant="error_event", answer="x"), "The model failed")],
)
async def test_a_server_that_fails_is_told(sandbox, brain, scenario, message):
    sandbox.scenario = scenario
    with pytest.raises(RuntimeError, match=message):
        await said(brain, "hello")


async def test_a_simulated_service_speaks_with_the_models_words(calls, brain):
    with Sandbox(brain) as front:
        calls.sandbox = front
        assert (await calls.yqcloud(prompt="What is 6 * 7?")).text == "42"
