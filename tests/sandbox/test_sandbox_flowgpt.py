"""Simulated FlowGpt keeps to its wire page."""

from __future__ import annotations

import time

import pytest

from freeproviders.sandbox import Scenario
from freeproviders.sandbox.flowgpt_auth import sign

TALK = b'{"event":"text","data":"Hel"}\n{"event":"text","data":"lo"}\n'


def varied(variant):
    return Scenario(pieces=("Hel", "lo"), variant=variant)


def test_the_signature_is_that_of_the_reference_vector():
    signature = sign("1700000000", "0123456789abcdef" * 2, "Bearer null")
    assert signature == "14364f59379955fd3332f08d295b5712"


async def test_every_line_is_an_event(calls):
    assert (await calls.flowgpt(varied(None))).body == TALK


async def test_a_line_ends_with_its_piece(sandbox, calls):
    await calls.flowgpt(varied(None))
    assert sandbox.received[0].sent == len(TALK)


@pytest.mark.parametrize(
    ("variant", "noise"),
    [
        ("other_events", b'{"event":"status","data":{"step":1,"text":"noise"}}\n'),
        ("no_event_lines", b'{"data":"noise"}\n'),
        ("blank_lines", b"\n"),
        ("invalid_line", b"<<< this line is not JSON >>>\n"),
    ],
)
async def test_noise_comes_between_the_events(calls, variant, noise):
    first, second = TALK.splitlines(keepends=True)
    assert (await calls.flowgpt(varied(variant))).body == first + noise + second + noise


async def test_the_last_newline_may_be_missing(calls):
    assert (await calls.flowgpt(varied("no_final_newline"))).body == TALK[:-1]


async def test_an_error_may_come_with_a_200(calls):
    reply = await calls.flowgpt(varied("error_200"))
    assert (reply.status, list(reply.json)) == (200, ["message"])


async def test_an_error_may_come_as_an_event(calls):
    assert b'{"event":"error","data":{"message":' in (await calls.flowgpt(varied("error_event"))).body


async def test_a_session_expires(calls):
    reply = await calls.flowgpt(varied("expired_401"))
    assert (reply.status, "message" in reply.json) == (401, True)


async def test_the_question_has_all_the_protocol_carries(sandbox, calls):
    await calls.flowgpt()
    question = sandbox.received[0].question
    assert (question.text, question.system, question.model) == ("hello", "Be kind.", "gpt-3.5-turbo")
    assert question.history == (("assistant", "Welcome"),)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"x-signature": "0" * 32}, 403),
        ({"x-nonce": "X" * 32}, 400),
        ({"x-timestamp": "now"}, 400),
        ({"x-timestamp": "1700000000"}, 403),
        ({"x-flow-device-id": "short"}, 400),
        ({"x-flow-device-id": None}, 400),
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer stranger"}, 401),
        ({"Origin": None}, 403),
        ({"Referer": "https://example.com/"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_a_wrong_header_is_refused(calls, changed, status):
    assert (await calls.flowgpt(headers=changed)).status == status


async def test_a_stale_but_well_signed_request_is_refused(calls, flowgpt_signed):
    old = flowgpt_signed(**{"x-timestamp": str(int(time.time()) - 301)})
    assert (await calls.flowgpt(headers=old)).status == 403


async def test_the_skew_is_a_setting(sandbox, calls, flowgpt_signed):
    sandbox.settings.flowgpt_skew = 1000
    old = flowgpt_signed(**{"x-timestamp": str(int(time.time()) - 900)})
    assert (await calls.flowgpt(headers=old)).status == 200


async def test_a_nonce_may_be_a_uuid(calls, flowgpt_signed):
    headers = flowgpt_signed(**{"x-nonce": "0f8fad5b-d9cb-469f-a165-70867728950e"})
    assert (await calls.flowgpt(headers=headers)).status == 200


async def test_a_client_with_many_devices_is_refused(sandbox, calls):
    sandbox.settings.flowgpt_max_devices = 1
    devices = [{"x-flow-device-id": letter * 21} for letter in "aab"]
    assert [(await calls.flowgpt(headers=device)).status for device in devices] == [200, 200, 403]


@pytest.mark.parametrize("path", ["/v3/chat", "/v3/chat-anonymous"])
async def test_a_token_can_be_known(sandbox, calls, flowgpt_signed, path):
    sandbox.settings.flowgpt_tokens = {"secret"}
    assert (await calls.flowgpt(headers=flowgpt_signed(Authorization="Bearer secret"), path=path)).status == 200


async def test_the_signed_in_route_wants_a_token(calls):
    assert (await calls.flowgpt(path="/v3/chat")).status == 401


async def test_the_signed_in_route_takes_a_conversation(sandbox, calls, flowgpt_signed):
    sandbox.settings.flowgpt_tokens = {"secret"}
    headers = flowgpt_signed(Authorization="Bearer secret")
    reply = await calls.flowgpt(headers=headers, path="/v3/chat", userId="", conversationId="abc")
    assert reply.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"model": 1},
        {"nsfw": "no"},
        {"question": ""},
        {"history": {}},
        {"history": [{"role": "system", "content": "x"}]},
        {"history": [{"role": "user", "content": "x", "extra": 1}]},
        {"history": ["x"]},
        {"temperature": "0.7"},
        {"temperature": True},
        {"promptId": "x"},
        {"documentIds": ["x"]},
        {"generateImage": None},
        {"userId": ""},
        {"extra": 1},
    ],
)
async def test_a_wrong_field_is_refused(calls, body):
    reply = await calls.flowgpt(**body)
    assert (reply.status, reply.json["message"][:9]) == (400, "sandbox: ")


async def test_a_missing_field_is_named(sandbox, calls, flowgpt_signed):
    url = sandbox.url("flowgpt") + "/v3/chat-anonymous"
    reply = await calls.send("POST", url, flowgpt_signed(), None, None, json={"question": "x"})
    assert (reply.status, "promptId" in reply.json["message"]) == (400, True)


@pytest.mark.parametrize(("prompt_id", "status"), [("model-gpt-4", 200), ("a" * 21, 200), ("x", 404)])
async def test_a_prompt_can_be_read(sandbox, calls, prompt_id, status):
    reply = await calls.send("GET", f"{sandbox.url('flowgpt')}/prompt/{prompt_id}/", {}, None, None)
    assert reply.status == status
    assert (status == 200) == ("prompt" in reply.json)
