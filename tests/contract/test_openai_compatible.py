"""What a server of OpenAI's chat completions is promised besides: refusals, waits, keys, usage, how answers end."""

import asyncio

import pytest

from freeproviders import Client, Fact, Prompt, Turn, errors
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.kit import ANSWER, CONVERSATION, ONCE, client_of, collected, says
from freeproviders.wire import Reply

NAME = "openai_compatible"


class TestOpenAICompatible(ProviderContract):
    provider = NAME
    body = {
        "model": "default",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "I am Ann."},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Who am I?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"Accept": "text/event-stream, application/json"}
    choices = {
        "tool_mode": ("native", "prompted"),
        "images": ("yes", "no"),
        "path": ("/first", "/second"),
        "models_path": ("/first", "/second"),
    }
    fragments = (
        *(
            b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n',
            b'data: {"choices": [{"delta": {"content": 1}}]}\n\n',
        ),
        *(b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n', b'data: {"choices": [null]}\n\n'),
        *(b'data: {"choices": [{"delta": {"tool_calls": [{"function": {"name": "f"}}]}}]}\n\n', b'{"choices": []}'),
        *(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n', b'data: {"error": {"code": 429}}\n\n'),
        *(b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}\n\n', b"data: 1\n\n"),
    )


# The end of an answer.


@pytest.mark.parametrize("variant", ["comments", "no_done", "no_space", "null_content", "role_only", "whole"])
async def test_answers_that_deviate_harmlessly_are_read(sandbox, variant):
    sandbox.scenario = says(variant=variant)
    assert (await client_of(sandbox, NAME).acomplete("hello")).text == ANSWER
    assert await collected(client_of(sandbox, NAME)) == ANSWER


@pytest.mark.parametrize(
    ("variant", "kind"),
    [
        ("error_event", errors.ServerFailed),
        ("finish_error", errors.ServerFailed),
        ("no_end", errors.BadReply),
    ],
)
async def test_an_answer_that_fails_at_its_end_is_no_answer(sandbox, variant, kind):
    sandbox.scenario = says(variant=variant)
    with pytest.raises(kind):
        await client_of(sandbox, NAME).acomplete("hello")
    with pytest.raises(errors.StreamInterrupted) as caught:
        await collected(client_of(sandbox, NAME))
    assert (caught.value.partial, type(caught.value.__cause__)) == (ANSWER, kind)


async def test_an_answer_that_reached_its_length_says_so(sandbox):
    sandbox.scenario = says("one two three four")
    answer = await client_of(sandbox, NAME).acomplete(Prompt(turns=CONVERSATION, max_tokens=2))
    assert (answer.text, answer.metadata["finish_reason"]) == ("one two", "length")


async def test_a_content_filter_that_leaves_nothing_is_told(sandbox):
    chunk = '{"choices": [{"delta": {}, "finish_reason": "content_filter"}]}'
    sandbox.scenario = Scenario(body=f"data: {chunk}\n\ndata: [DONE]\n\n")
    with pytest.raises(errors.Blocked, match="filter"):
        await client_of(sandbox, NAME).acomplete("hello")


@pytest.mark.parametrize("variant", ["reasoning", "reasoning_content"])
async def test_what_the_model_thought_is_told_beside_the_answer(sandbox, variant):
    sandbox.scenario = says(variant=variant)
    answer = await client_of(sandbox, NAME).acomplete("hello")
    assert (answer.text, answer.metadata["reasoning"]) == (ANSWER, "Let me think.")


async def test_a_model_that_thinks_until_its_tokens_are_used_up_is_told_once(sandbox):
    chunks = ('{"delta": {"reasoning": "Hm"}}', '{"delta": {}, "finish_reason": "length"}')
    sandbox.scenario = Scenario(body="".join(f'data: {{"choices": [{one}]}}\n\n' for one in chunks))
    with pytest.raises(errors.RequestRejected, match="raise max_tokens"):
        await client_of(sandbox, NAME).acomplete("hello")
    assert len(sandbox.received) == 1


async def test_thoughts_under_both_names_of_the_field_are_told_once(sandbox):
    said = '{"reasoning": "Hm", "reasoning_content": "Hm", "content": "Hi"}'
    sandbox.scenario = Scenario(body=f'data: {{"choices": [{{"delta": {said}, "finish_reason": "stop"}}]}}\n\n')
    assert (await client_of(sandbox, NAME).acomplete("hello")).metadata["reasoning"] == "Hm"


async def test_further_answers_are_not_mixed_with_the_first(sandbox):
    said = [(0, "one "), (1, "TWO"), (0, "three")]
    chunks = [f'{{"choices": [{{"index": {index}, "delta": {{"content": "{text}"}}}}]}}' for index, text in said]
    end = '{"choices": [{"index": 0, "finish_reason": "stop"}, {"index": 1, "finish_reason": "length"}]}'
    sandbox.scenario = Scenario(body="".join(f"data: {chunk}\n\n" for chunk in [*chunks, end]))
    answer = await client_of(sandbox, NAME).acomplete("hello")
    assert (answer.text, answer.metadata["finish_reason"]) == ("one three", "stop")


async def test_an_error_in_a_choice_is_one_even_if_the_answer_goes_on(sandbox):
    chunk = '{"choices": [{"delta": {}, "error": {"code": 429, "message": "slow down"}}]}'
    sandbox.scenario = Scenario(body=f"data: {chunk}\n\ndata: [DONE]\n\n")
    with pytest.raises(errors.RateLimited, match="slow down"):
        await client_of(sandbox, NAME).acomplete("hello")


# What is known of an answer.


async def test_tokens_are_those_the_server_counted(sandbox):
    answer = await client_of(sandbox, NAME).acomplete("one two three")
    usage = answer.metadata["usage"]
    # three words, and three for the message
    assert usage["prompt_tokens"] == 6
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_details_of_the_count_are_kept(sandbox):
    usage = (
        '{"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3},'
        '"completion_tokens_details": {"reasoning_tokens": 2}}'
    )
    chunk = f'{{"choices": [{{"delta": {{"content": "ok"}}, "finish_reason": "stop"}}], "usage": {usage}}}'
    sandbox.scenario = Scenario(body=f"data: {chunk}\n\n")
    found = (await client_of(sandbox, NAME).acomplete("hello")).metadata["usage"]
    expected = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12, "cached_tokens": 3}
    assert found == {**expected, "reasoning_tokens": 2}


async def test_without_a_count_none_is_made_up(sandbox):
    sandbox.scenario = says(variant="no_usage")
    assert "usage" not in (await client_of(sandbox, NAME).acomplete("hello")).metadata


async def test_no_count_is_asked_for_where_that_is_switched_off(sandbox):
    answer = await client_of(sandbox, NAME, stream_usage=False).acomplete("hello")
    assert "stream_options" not in sandbox.received[-1].json
    assert "usage" not in answer.metadata


async def test_the_count_is_no_event_of_the_stream(sandbox):
    events = [event async for event in client_of(sandbox, NAME).astream("hello")]
    assert not any(isinstance(event, Fact) for event in events)
    assert events[-1].metadata["served_model"] == "default"


# Refusals.


@pytest.mark.parametrize(
    ("variant", "kind", "seconds", "said"),
    [
        ("rate_headers", errors.RateLimited, 62.5, "Too many requests"),
        ("retry_delay", errors.RateLimited, 34.0, "'Quota exceeded.'"),
        ("retry_words", errors.RateLimited, 7.66, "Rate limit reached"),
        ("context_length", errors.PromptTooLong, None, "Shorten"),
        ("error_200", errors.ServerFailed, None, "The model failed"),
    ],
)
async def test_a_refusal_has_its_class_and_its_wait(sandbox, variant, kind, seconds, said):
    sandbox.scenario = Scenario(variant=variant)
    with pytest.raises(kind, match=said) as caught:
        await client_of(sandbox, NAME).acomplete("hello")
    assert (type(caught.value), caught.value.retry_after) == (kind, seconds)


REFUSALS = {
    "a model it does not have": (404, '{"error": {"code": "model_not_found", "message": "x"}}', errors.UnknownModel),
    "a call that is none": (400, '{"error": {"code": "tool_use_failed", "message": "x"}}', errors.BadReply),
    "a length by its words": (400, '{"error": {"message": "too many tokens"}}', errors.PromptTooLong),
    "vLLM's bare object": (400, '{"object": "error", "message": "maximum context length"}', errors.PromptTooLong),
    "Ollama's bare text": (404, '{"error": "model not here"}', errors.RequestRejected),
    "a quota": (429, '{"error": {"code": "insufficient_quota", "message": "x"}}', errors.RateLimited),
    "a filter": (400, '{"error": {"code": "content_filter", "message": "x"}}', errors.Blocked),
    "no object at all": (400, "[]", errors.RequestRejected),
    "litellm's unknown model": (400, '{"error": {"message": "Invalid model name"}}', errors.UnknownModel),
    "Ollama's unknown model": (404, '{"error": {"message": "model \\"x:1b\\" not found"}}', errors.UnknownModel),
    "vLLM's unknown model": (404, '{"message": "The model `x` does not exist."}', errors.UnknownModel),
    "litellm's unknown key": (400, '{"error": {"type": "no_db_connection", "code": "400"}}', errors.LoginRequired),
    "an overloaded server": (503, '{"error": {"message": "try again in 3s"}}', errors.ServerFailed),
}


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS.values(), ids=REFUSALS)
def test_the_code_says_more_than_the_status(status, body, kind):
    error = Client(NAME).provider.failure(Reply(status=status, body=body.encode()))
    assert type(error) is kind
    assert error.provider == NAME


WAITS = {
    "milliseconds": ({"retry-after-ms": "1500"}, 1.5),
    "the one that is not rounded up": ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
    "headers before words": ({"retry-after": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 2.0),
    "the tokens are spent": ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2m59.56s"}, 179.56),
    "short": ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
    "hours": ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h0m1s"}, 3601.0),
    "neither is spent": ({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "2m"}, None),
    "a moment that has passed": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000000"}, 0.0),
    "a moment in seconds": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000"}, 0.0),
    "nonsense": ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
    "no number at all": ({"retry-after-ms": "nan"}, None),
}


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("5 seconds. All", 5.0), ("2 minutes", 120.0), ("1.5s.", 1.5), ("1m2s", 62.0), ("1 hour", 3600.0)],
)
def test_a_wait_in_words_is_read(words, seconds):
    body = f'{{"error": {{"message": "No deployments available, Try again in {words}"}}}}'.encode()
    assert Client(NAME).provider.failure(Reply(status=429, body=body)).retry_after == seconds


@pytest.mark.parametrize("code", ["429", '"429"'])
async def test_an_error_in_a_stream_is_judged_by_the_status_in_it(sandbox, code):
    sandbox.scenario = Scenario(body=f'data: {{"error": {{"message": "slow down", "code": {code}}}}}\n\n')
    with pytest.raises(errors.RateLimited, match="slow down"):
        await client_of(sandbox, NAME).acomplete("hello")


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
def test_the_wait_is_found_wherever_it_stands(headers, seconds):
    error = Client(NAME).provider.failure(Reply(status=429, headers=headers, body=b"slow down"))
    assert (type(error), error.retry_after) == (errors.RateLimited, seconds)


def test_what_the_model_cannot_do_is_told_with_the_way_round():
    body = b'{"error": {"message": "this model does not support tools"}}'
    assert 'tool_mode="prompted"' in str(Client(NAME).provider.failure(Reply(status=400, body=body)))


# Keys.


async def test_a_wrong_key_is_told_and_never_quoted(sandbox):
    sandbox.settings.openai_keys = {"right"}
    with pytest.raises(errors.LoginRequired, match="FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY") as caught:
        await client_of(sandbox, NAME, api_key="s3cr3t").acomplete("hello")
    assert "Incorrect API key" in str(caught.value)
    assert "s3cr3t" not in f"{caught.value!r} {caught.value.__dict__}"


QUOTING = {
    "in an object": ("answer", '{"detail": "s3cr3t is wrong"}'),
    "in an event": ("answer", 'data: {"detail": "s3cr3t is wrong"}\n\n'),
    "in a text": ("answer", "s3cr3t is wrong"),
    "in place of models": ("models", '{"detail": "s3cr3t is wrong"}'),
}


@pytest.mark.parametrize(("on", "body"), QUOTING.values(), ids=QUOTING)
async def test_a_key_in_words_that_are_no_error_is_not_quoted(sandbox, on, body):
    sandbox.scenario = Scenario(on=on, body=body)
    client = client_of(sandbox, NAME, api_key="s3cr3t")
    with pytest.raises(errors.BadReply, match=r"\.\.\. is wrong") as caught:
        await (client.arun(client.provider.served_models) if on == "models" else client.acomplete("hello"))
    assert "s3cr3t" not in f"{caught.value!r} {caught.value.__dict__} {vars(caught.value.__cause__ or errors)}"


async def test_a_reply_that_is_no_http_does_not_show_the_headers_that_were_sent():
    async def answer(_, writer):
        writer.write(b"NONSENSE\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(errors.BadReply) as caught:
            await Client(NAME, base_url=f"http://127.0.0.1:{port}", api_key="s3cr3t", retry=ONCE).acomplete("hello")
    cause = caught.value.__cause__
    assert "s3cr3t" not in f"{cause!r} {cause.args} {vars(cause)}"


async def test_a_key_does_not_go_along_to_another_address(sandbox):
    client, turns = Client(NAME, api_key="s3cr3t", retry=ONCE), Prompt.of("hello").turns
    await client.acomplete(Prompt(turns=turns, settings={"base_url": sandbox.url(NAME)}))
    assert "Authorization" not in sandbox.received[-1].headers
    await client.acomplete(Prompt(turns=turns, settings={"base_url": sandbox.url(NAME), "api_key": "other"}))
    assert sandbox.received[-1].headers["Authorization"] == "Bearer other"
    await client_of(sandbox, NAME, api_key="s3cr3t").acomplete(Prompt(turns=turns, settings={"tool_mode": "prompted"}))
    assert sandbox.received[-1].headers["Authorization"] == "Bearer s3cr3t"


def test_an_address_with_a_password_is_refused_and_not_quoted():
    with pytest.raises(errors.InvalidSetting, match="default_headers") as caught:
        Client(NAME, base_url="http://ann:s3cr3t@127.0.0.1/v1")
    assert "s3cr3t" not in str(caught.value)


async def test_the_right_key_comes_from_argument_or_environment(sandbox, monkeypatch):
    sandbox.settings.openai_keys = {"right"}
    assert (await client_of(sandbox, NAME, api_key="right").acomplete("hello")).text
    monkeypatch.setenv("FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY", "right")
    assert (await client_of(sandbox, NAME).acomplete("hello")).text


async def test_without_a_key_no_header_is_sent(sandbox):
    await client_of(sandbox, NAME).acomplete("hello")
    assert "Authorization" not in sandbox.received[-1].headers


# Models.


async def test_the_list_of_models_is_the_servers(sandbox):
    sandbox.settings.openai_models = {"b", "a"}
    client = client_of(sandbox, NAME)
    assert await client.arun(client.provider.served_models) == ("a", "b")


async def test_a_list_that_is_none_is_a_bad_reply(sandbox):
    sandbox.scenario = Scenario(on="models", body='{"models": []}')
    client = client_of(sandbox, NAME)
    with pytest.raises(errors.BadReply, match="list of models"):
        await client.arun(client.provider.served_models)


async def test_where_there_is_no_list_that_is_told(sandbox):
    client = client_of(sandbox, NAME, models_path="")
    with pytest.raises(errors.UnsupportedContent, match="list"):
        await client.arun(client.provider.served_models)


async def test_the_first_model_of_the_setting_is_the_default(sandbox):
    answer = await client_of(sandbox, NAME, models=["mine", "other"]).acomplete("hello")
    assert (answer.metadata["model"], sandbox.received[-1].json["model"]) == ("mine", "mine")


@pytest.mark.parametrize(("words", "asked"), [({"models": ["", "mine"]}, "mine"), ({}, "default")])
async def test_an_empty_name_is_no_model(sandbox, words, asked):
    await client_of(sandbox, NAME, **words).acomplete(Prompt(turns=CONVERSATION, model=""))
    assert sandbox.received[-1].json["model"] == asked


async def test_a_model_the_server_does_not_have_is_its_to_refuse(sandbox):
    sandbox.settings.openai_models = {"a"}
    with pytest.raises(errors.UnknownModel, match="model="):
        await client_of(sandbox, NAME).acomplete(Prompt(turns=(Turn(role="user", text="hi"),), model="b"))


# Options.


async def test_options_travel_as_fields_and_only_if_given(sandbox):
    prompt = Prompt(turns=CONVERSATION, temperature=0.0, max_tokens=50)
    await client_of(sandbox, NAME).acomplete(prompt)
    sent = sandbox.received[-1].json
    assert (sent["temperature"], sent["max_tokens"]) == (0.0, 50)


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(errors.InvalidSetting, match="tool_mode"):
        Client(NAME, tool_mode="magic")


@pytest.mark.parametrize("name", ["path", "models_path"])
def test_a_path_without_its_slash_is_told(name):
    with pytest.raises(errors.InvalidSetting, match=f"{name} must begin with /"):
        Client(NAME, **{name: "here"})


@pytest.mark.parametrize("name", ["api_key", "base_url", "path", "tool_mode", "stream_usage", "models", "extra_body"])
def test_a_setting_of_the_wrong_kind_is_told_and_not_quoted(name):
    with pytest.raises(errors.InvalidSetting, match=f"{name} must be a") as caught:
        Client(NAME, **{name: 12345})
    assert "12345" not in str(caught.value)
