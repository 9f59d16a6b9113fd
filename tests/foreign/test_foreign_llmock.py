"""Our provider and llmock: a server that plays OpenAI, Groq and Mistral, breaks on demand, and judges its client."""

import json

import pytest
from foreign_servers import asked

from freeproviders import Client, Prompt, Retry, Timeouts, Turn, errors
from freeproviders.testing.kit import ONCE, WAYS, collected

NUMBERS = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}
ADD = {"name": "add", "description": "Add two numbers.", "parameters": NUMBERS}
SUM = Prompt(turns=(Turn(role="user", text="add 2 and 3"),), tools=(ADD,))
TEXT = "Grüße, 世界 😀!"
PLACES = {"openai": "/v1", "groq": "/groq/openai/v1", "mistral": "/mistral/v1"}
every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


def client(address, place="/v1", **words):
    given = {"models": ["gpt-4o"], "tool_mode": "native", "retry": ONCE, **words}
    return Client("openai_compatible", base_url=address + place, **given)


def told(address, **behavior):
    asked(f"{address}/_llmock/scenario", {"behaviors": [behavior]})


@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
@every_place
def test_every_way_to_ask_gets_the_answer(llmock, place, ask):
    told(llmock, type="reply", text=TEXT)
    assert ask(client(llmock, place)) == TEXT


@every_place
async def test_an_answer_that_does_not_stream_is_read_whole(llmock, place):
    told(llmock, type="reply", text=TEXT)
    answer = await client(llmock, place, stream_usage=False, extra_body={"stream": False}).acomplete("hello")
    assert (answer.text, answer.metadata["finish_reason"]) == (TEXT, "stop")
    assert answer.metadata["usage"]["total_tokens"] > 0


@every_place
async def test_models_and_tokens_are_those_it_tells(llmock, place):
    asking = client(llmock, place)
    assert len(await asking.arun(asking.provider.served_models)) > 2
    usage = (await asking.acomplete("hello")).metadata["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@every_place
async def test_calls_are_made_and_results_go_back(llmock, place):
    made = await client(llmock, place).acomplete(SUM)
    (call,) = made.calls
    assert (call.name, set(call.arguments), made.text) == ("add", {"a", "b"}, "")
    turns = (
        *SUM.turns,
        Turn(role="assistant", text="", calls=made.calls),
        Turn(role="tool", text="5", name="add", call_id=call.id),
    )
    after = await client(llmock, place).acomplete(Prompt(turns=turns, tools=(ADD,)))
    assert (bool(after.text), after.calls) == (True, ())


@pytest.mark.parametrize(("choice", "called"), [("none", []), ("any", ["add"]), ("add", ["add"])])
async def test_the_choice_of_a_tool_is_understood(llmock, choice, called):
    answer = await client(llmock).acomplete(Prompt(turns=SUM.turns, tools=(ADD,), tool_choice=choice))
    assert [call.name for call in answer.calls] == called


async def test_calls_in_one_answer_stay_apart(llmock):
    calls = [{"name": "add", "arguments": {"a": a, "b": 10**30}} for a in range(3)]
    told(llmock, type="reply", text=None, tool_calls=calls)
    answer = await client(llmock).acomplete(SUM)
    assert [call.arguments for call in answer.calls] == [call["arguments"] for call in calls]


async def test_a_schema_is_kept(llmock):
    answer = await client(llmock).acomplete(Prompt(turns=SUM.turns, schema=NUMBERS))
    assert set(json.loads(answer.text)) == {"a", "b"}


@pytest.mark.parametrize("kind", ["malformed_arguments", "unknown_tool"])
async def test_a_broken_call_is_asked_for_again(llmock, kind):
    told(llmock, type="tool_fault", kind=kind)
    answer = await client(llmock).acomplete(SUM)
    assert [(call.name, set(call.arguments)) for call in answer.calls] == [("add", {"a", "b"})]
    assert asked(f"{llmock}/_llmock/requests")["count"] == 2


KINDS = {
    400: errors.RequestRejected,
    401: errors.LoginRequired,
    402: errors.RateLimited,
    404: errors.RequestRejected,
    413: errors.PromptTooLong,
    429: errors.RateLimited,
    500: errors.ServerFailed,
    503: errors.ServerFailed,
}


@pytest.mark.parametrize(("status", "kind"), KINDS.items(), ids=map(str, KINDS))
@every_place
async def test_its_failures_have_their_classes(llmock, place, status, kind):
    told(llmock, type="fail", status=status)
    with pytest.raises(kind) as caught:
        await client(llmock, place).acomplete("hello")
    assert (type(caught.value), caught.value.status) == (kind, status)


async def test_a_wait_is_read_to_the_millisecond(llmock):
    told(llmock, type="fail", status=429, retry_after=1.25)
    with pytest.raises(errors.RateLimited) as caught:
        await client(llmock).acomplete("hello")
    assert caught.value.retry_after == 1.25


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("disconnect", errors.ConnectionFailed), ("truncate", errors.BadReply), ("malformed", errors.BadReply)],
)
async def test_a_stream_that_breaks_is_no_answer(llmock, kind, cause):
    for ask in (collected, Client.acomplete):
        told(llmock, type="reply", text="one two three four")
        told(llmock, type="stream_fault", kind=kind, after_chunks=3)
        with pytest.raises(errors.ProviderError) as caught:
            await ask(client(llmock), "hello")
        broken = caught.value
        if ask is collected:
            assert isinstance(broken, errors.StreamInterrupted)
            assert broken.partial == "one two "
            broken = broken.__cause__
        assert isinstance(broken, cause)


async def test_a_stream_that_stalls_is_timed_out(llmock):
    told(llmock, type="stream_fault", kind="stall", after_chunks=2, stall_seconds=20)
    with pytest.raises(errors.StreamInterrupted) as caught:
        await collected(client(llmock, timeouts=Timeouts(idle=0.5)))
    assert isinstance(caught.value.__cause__, errors.TimedOut)


async def test_its_verdict_on_our_retries(llmock):
    told(llmock, type="fail", status=429, retry_after=0.2)
    told(llmock, type="fail", status=503, retry_after=0.1)
    answer = await client(llmock, retry=Retry(attempts=3)).acomplete("hello")
    verdict = asked(f"{llmock}/_llmock/verdict")
    assert answer.metadata["attempts"] == 3
    assert (verdict["passed"], verdict["findings"]) == (True, [])


async def test_a_quota_that_is_spent_says_how_long(narrow):
    asking = client(narrow, api_key="one")
    await asking.acomplete("hello")
    with pytest.raises(errors.RateLimited, match="requests per minute") as caught:
        await asking.acomplete("hello")
    assert 0 < caught.value.retry_after <= 60
    assert (await client(narrow, api_key="another").acomplete("hello")).text


async def test_a_prompt_that_is_too_long_is_told(narrow):
    with pytest.raises(errors.PromptTooLong, match="maximum context length"):
        await client(narrow, api_key="third").acomplete("word " * 500)
