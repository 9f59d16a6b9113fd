"""Our provider and litellm's proxy: its made-up answers and failures, and the sandbox's behind its own client."""

import asyncio
import contextlib

import pytest
from foreign_servers import KEY

from freeproviders import Client, Prompt, Turn, errors
from freeproviders.sandbox import ForwardingBrain, Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, ONCE, WAYS, client_of, collected
from freeproviders.wire import Image

NUMBERS = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}
ADD = {"name": "add", "description": "Add two numbers.", "parameters": NUMBERS}
SUM = Prompt(turns=(Turn(role="user", text="add 2 and 3"),), tools=(ADD,))
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(32)
WHOLE = {"stream_usage": False, "extra_body": {"stream": False}}


def model(address, name, **words):
    return Client("openai_compatible", base_url=address, models=[name], retry=ONCE, **{"api_key": KEY, **words})


def relay(address, **words):
    return model(address, "relay", tool_mode="native", **words)


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_every_way_to_ask_gets_the_answer(litellm, ask):
    assert ask(model(litellm, "plain")) == ANSWER


async def test_an_answer_that_does_not_stream_is_read_whole(litellm):
    client = model(litellm, "plain", **WHOLE)
    answer = await client.acomplete("hello")
    assert (answer.text, await collected(client)) == (ANSWER, ANSWER)
    assert answer.metadata["usage"]["completion_tokens"] > 0


async def test_tokens_and_model_are_those_it_tells(litellm):
    found = (await model(litellm, "plain").acomplete("hello")).metadata
    usage = found["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert (found["finish_reason"], found["served_model"]) == ("stop", "plain")


async def test_its_list_of_models(litellm):
    client = model(litellm, "plain")
    assert {"plain", "limited", "relay"} <= set(await client.arun(client.provider.served_models))


@pytest.mark.parametrize(
    ("name", "words", "kind", "said"),
    [
        ("limited", {}, errors.RateLimited, "mock rate limit"),
        ("too_long", {}, errors.PromptTooLong, "Shorten"),
        ("failing", {}, errors.ServerFailed, "internal server error"),
        ("nowhere", {}, errors.UnknownModel, "model="),
        ("plain", {"api_key": "sk-wrong-and-secret"}, errors.LoginRequired, "api_key="),
        ("plain", {"path": "/chat/nowhere"}, errors.RequestRejected, "base_url and path"),
    ],
)
async def test_its_failures_have_their_classes(litellm, name, words, kind, said):
    with pytest.raises(kind, match=said) as caught:
        await model(litellm, name, **words).acomplete("hello")
    assert type(caught.value) is kind
    assert "wrong-and-secret" not in str(caught.value)


async def test_a_stream_that_fails_is_no_answer(litellm):
    with pytest.raises(errors.ProviderError, match="mid-stream") as caught:
        await collected(model(litellm, "breaking"))
    assert caught.value.retryable


async def test_a_call_in_a_whole_answer(litellm):
    answer = await model(litellm, "calling", tool_mode="native", **WHOLE).acomplete(SUM)
    assert [(call.name, call.arguments) for call in answer.calls] == [("add", {"a": 2, "b": 3})]
    assert answer.metadata["finish_reason"] == "tool_calls"


# Its client before the sandbox: what we send is what it makes of it, what we read is what it makes of the answer.


async def test_a_conversation_arrives_behind_it(litellm, sandbox):
    turns = (
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="My name is Zoë 🐈."),
        Turn(role="assistant", text="Hello!"),
        Turn(role="user", text="What is my name?"),
    )
    answer = await relay(litellm).acomplete(Prompt(turns=turns, temperature=0.5, max_tokens=50))
    sent = sandbox.received[-1].json
    assert "Zoë" in answer.text
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert (sent["temperature"], sent["max_tokens"], sent["model"]) == (0.5, 50, "relayed")


async def test_calls_stream_through_it_and_results_go_back(litellm, sandbox):
    client = relay(litellm)
    asked = await client.acomplete(SUM)
    (call,) = asked.calls
    assert (call.name, call.arguments, asked.text) == ("add", {"a": 2, "b": 3}, "")
    turns = (*SUM.turns, Turn(role="assistant", text="", calls=asked.calls))
    result = Turn(role="tool", text="5", name="add", call_id=call.id)
    answer = await client.acomplete(Prompt(turns=(*turns, result), tools=(ADD,)))
    assert ("5" in answer.text, answer.calls) == (True, ())
    assert [message["role"] for message in sandbox.received[-1].json["messages"]] == ["user", "assistant", "tool"]


async def test_a_schema_goes_through_it(litellm, sandbox):
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    answer = await relay(litellm).acomplete(Prompt(turns=(Turn(role="user", text="Ann is 36."),), schema=schema))
    assert answer.text == '{"age": 36}'
    assert sandbox.received[-1].json["response_format"]["json_schema"]["schema"] == schema


async def test_an_image_goes_through_it(litellm, sandbox):
    turn = Turn(role="user", text="What is this?", images=(Image(data=PIXEL, mime_type="image/png"),))
    assert (await relay(litellm).acomplete(Prompt(turns=(turn,)))).text
    kinds = [part["type"] for part in sandbox.received[-1].json["messages"][0]["content"]]
    assert kinds == ["text", "image_url"]


async def test_reasoning_comes_through_it(litellm, sandbox):
    sandbox.scenario = Scenario(answer=ANSWER, variant="reasoning_content")
    answer = await relay(litellm).acomplete("hello")
    assert (answer.text, answer.metadata["reasoning"]) == (ANSWER, "Let me think.")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_a_status_from_behind_it_keeps_its_class(litellm, sandbox, status):
    sandbox.scenario = Scenario(status=status)
    with pytest.raises(errors.ProviderError) as through:
        await relay(litellm).acomplete("hello")
    with pytest.raises(errors.ProviderError) as direct:
        await client_of(sandbox, "openai_compatible").acomplete("hello")
    assert type(through.value) is type(direct.value)


async def test_an_answer_that_fails_in_the_middle_is_interrupted(litellm, sandbox):
    sandbox.scenario = Scenario(answer=ANSWER, variant="error_event")
    with pytest.raises(errors.StreamInterrupted) as caught:
        await collected(relay(litellm))
    assert (caught.value.partial, type(caught.value.__cause__)) == (ANSWER, errors.ServerFailed)


async def test_leaving_early_lets_go_of_what_is_behind_it(litellm, sandbox):
    sandbox.scenario = Scenario(pieces=("a", "b"), hold_after=1)
    async with contextlib.aclosing(relay(litellm).astream("hello")) as events:
        async for _ in events:
            break
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 20) == "client closed"


async def test_a_cancelled_call_lets_go_of_what_is_behind_it(litellm, sandbox):
    sandbox.scenario = Scenario(pieces=("a", "b"), hold_after=1)
    call = asyncio.create_task(relay(litellm).acomplete("hello"))
    while not sandbox.received:
        assert not call.done()
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(sandbox.received[-1].wait_closed, 20) == "client closed"


# Behind the sandbox.


@pytest.mark.parametrize("name", ["pi", "pizzagpt", "aichats", "yqcloud", "flowgpt", "openai_compatible"])
async def test_every_protocol_answers_with_its_words(litellm, name):
    with Sandbox(ForwardingBrain(litellm, "plain", api_key=KEY)) as front:
        client = client_of(front, name)
        assert (await client.acomplete("hello")).text == ANSWER
        assert await collected(client) == ANSWER


async def test_calls_come_through_the_brain(litellm, sandbox):
    with Sandbox(ForwardingBrain(litellm, "relay", api_key=KEY)) as front:
        answer = await client_of(front, "openai_compatible", tool_mode="native").acomplete(SUM)
    assert [(call.name, call.arguments) for call in answer.calls] == [("add", {"a": 2, "b": 3})]


@pytest.mark.parametrize("name", ["limited", "breaking"])
async def test_a_failure_behind_the_brain_is_no_answer(litellm, name):
    brain = ForwardingBrain(litellm, name, api_key=KEY)
    with Sandbox(brain) as front, pytest.raises(errors.ProviderError) as caught:
        await client_of(front, "yqcloud").acomplete("hello")
    assert KEY not in str(caught.value)
