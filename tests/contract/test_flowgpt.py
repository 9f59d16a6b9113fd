"""What only FlowGpt has: signed requests, a device id, named lines and a field for nearly everything."""

import hashlib

import pytest

from freeproviders import Prompt, Retry, Turn, errors
from freeproviders.providers.flowgpt import signature
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.clock import ManualClock
from freeproviders.testing.kit import ANSWER, client_of, collected, says


class TestFlowGpt(ProviderContract):
    provider = "flowgpt"
    meanings = dict.fromkeys(("401", "403"), errors.LoginRequired)
    body = {
        "model": "gpt-3.5-turbo",
        "nsfw": False,
        "question": "Who am I?",
        "history": [
            {"role": "assistant", "content": "Hello, how can I help you today?"},
            {"role": "user", "content": "I am Ann."},
            {"role": "assistant", "content": "Hello!"},
        ],
        "system": "Be brief.",
        "temperature": 0.7,
        "promptId": "model-gpt-3.5-turbo",
        "documentIds": [],
        "chatFileDocumentIds": [],
        "generateImage": False,
        "generateAudio": False,
    }
    headers = {"Accept": "*/*", "Origin": "https://flowgpt.com", "Referer": "https://flowgpt.com/"}
    fragments = (
        *(b'{"event": "text", "data": "b"}', b'{"event": 1, "data": {}}'),
        *(b'{"event": "text", "data": "\\ud83d"}\n', b'{"event": "text", "data": "\\ude00"}\n'),
    )


def test_the_signature_is_the_published_one():
    # Reference vector of the wire page.
    found = signature("1700000000", "0123456789abcdef0123456789abcdef", "Bearer null")
    assert found == "14364f59379955fd3332f08d295b5712"


async def test_a_request_is_signed_over_its_own_headers(sandbox):
    await client_of(sandbox, "flowgpt").acomplete("hello")
    headers = sandbox.received[-1].headers
    signed = f"{headers['x-timestamp']}-{headers['x-nonce']}-Bearer null"
    assert headers["x-signature"] == hashlib.md5(signed.encode()).hexdigest()  # noqa: S324  # the site's choice


async def test_every_attempt_has_a_fresh_nonce_and_the_same_device(sandbox):
    client = client_of(sandbox, "flowgpt", retry=Retry(attempts=3), clock=ManualClock().clock)
    sandbox.script(Scenario(status=500), Scenario(status=429), says())
    await client.acomplete("hello")
    await client.acomplete("hello")
    sent = [item.headers for item in sandbox.received]
    assert len({headers["x-nonce"] for headers in sent}) == 4
    assert len({headers["x-flow-device-id"] for headers in sent}) == 1


async def test_two_clients_are_two_devices_unless_told_otherwise(sandbox):
    ids = {client_of(sandbox, "flowgpt").provider.device_id for _ in range(2)}
    assert len(ids) == 2
    assert client_of(sandbox, "flowgpt", device_id="x" * 21).provider.device_id == "x" * 21


async def test_a_setting_for_one_call_leaves_the_device_as_it_is(sandbox):
    client = client_of(sandbox, "flowgpt")
    await client.acomplete(Prompt(turns=Prompt.of("hello").turns, settings={"nsfw": True}))
    assert sandbox.received[-1].headers["x-flow-device-id"] == client.provider.device_id
    assert sandbox.received[-1].json["nsfw"] is True


async def test_a_refusal_is_answered_by_one_fresh_signature(sandbox):
    sandbox.script(Scenario(variant="expired_401"), says())
    assert await collected(client_of(sandbox, "flowgpt")) == ANSWER
    assert len({item.headers["x-nonce"] for item in sandbox.received}) == 2


async def test_a_second_refusal_asks_for_a_login(sandbox):
    sandbox.scenario = Scenario(variant="expired_401")
    with pytest.raises(errors.LoginRequired, match="authorization"):
        await collected(client_of(sandbox, "flowgpt"))
    assert len(sandbox.received) == 2


async def test_the_signed_in_route_takes_a_token(sandbox):
    sandbox.settings.flowgpt_tokens = {"abc"}
    own = {"path": "/v3/chat", "authorization": "Bearer abc", "extra_body": {"userId": "", "conversationId": "c"}}
    assert (await client_of(sandbox, "flowgpt", **own).acomplete("hello")).text


VARIANTS = ["other_events", "no_event_lines", "blank_lines", "no_final_newline"]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("variant", VARIANTS)
async def test_lines_that_are_no_text_are_passed_over(sandbox, variant, size):
    sandbox.scenario = says(variant=variant, fragment=size)
    assert await collected(client_of(sandbox, "flowgpt")) == ANSWER


async def test_an_error_object_with_status_200_is_no_answer(sandbox):
    sandbox.scenario = Scenario(variant="error_200")
    with pytest.raises(errors.BadReply, match="Something went wrong"):
        await collected(client_of(sandbox, "flowgpt"))


@pytest.mark.parametrize("variant", ["invalid_line", "error_event"])
async def test_a_whole_answer_with_a_broken_line_is_never_returned(sandbox, variant):
    sandbox.scenario = says(variant=variant)
    with pytest.raises(errors.BadReply, match="flowgpt"):
        await client_of(sandbox, "flowgpt").acomplete("hello")


@pytest.mark.parametrize("size", [None, 1, 50])
async def test_a_broken_line_ends_a_stream_after_what_came_before_it(sandbox, size):
    sandbox.scenario = Scenario(pieces=("one", "two"), variant="invalid_line", fragment=size)
    with pytest.raises(errors.StreamInterrupted) as caught:
        await collected(client_of(sandbox, "flowgpt"))
    assert caught.value.partial == "one"


async def test_model_temperature_and_character_have_their_fields(sandbox):
    client = client_of(sandbox, "flowgpt", prompt_id="a" * 21)
    await client.acomplete(Prompt(turns=Prompt.of("hello").turns, model="gemini", temperature=0.0))
    sent = sandbox.received[-1].json
    assert (sent["model"], sent["temperature"], sent["promptId"]) == ("google-gemini", 0.0, "a" * 21)


async def test_greeting_and_system_prompt_have_defaults_of_the_site(sandbox):
    await client_of(sandbox, "flowgpt").acomplete("hello")
    sent = sandbox.received[-1].json
    assert (sent["history"][0]["role"], sent["system"]) == ("assistant", "You are a helpful assistant.")
    await client_of(sandbox, "flowgpt", greeting="", default_system="x").acomplete("hello")
    sent = sandbox.received[-1].json
    assert (sent["history"], sent["system"]) == ([], "x")


async def test_all_system_messages_are_joined(sandbox):
    turns = (
        Turn(role="system", text="One."),
        Turn(role="user", text="hello"),
        Turn(role="system", text="Two."),
    )
    await client_of(sandbox, "flowgpt").acomplete(Prompt(turns=turns))
    sent = sandbox.received[-1].json
    assert (sent["system"], sent["question"]) == ("One.\n\nTwo.", "hello")
