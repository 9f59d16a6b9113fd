"""Simulated Pizzagpt keeps to its wire page."""

from __future__ import annotations

import pytest

from freeproviders.sandbox import Scenario

CHAT = [
    {"text": "one", "sender": "user", "studyMode": False},
    {"text": "Hi", "sender": "assistant", "studyMode": False},
    {"text": "hello", "sender": "user", "studyMode": False},
]
GENERATIONS = {
    "2024": {},
    "2025-02": {"model": "gpt-4o-mini", "searchEnabled": False},
    "2025-09": {"searchEnabled": False, "studyMode": False, "chat": CHAT},
}


def varied(variant):
    return Scenario(answer="Ciao!", variant=variant)


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_every_generation_of_the_body_is_known(calls, generation):
    assert (await calls.pizzagpt(**GENERATIONS[generation])).status == 200


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_generations_can_be_switched_off(sandbox, calls, generation):
    sandbox.settings.pizzagpt_generations = set(GENERATIONS) - {generation}
    assert (await calls.pizzagpt(**GENERATIONS[generation])).status == 400


async def test_the_chat_list_is_the_history(sandbox, calls):
    await calls.pizzagpt(**GENERATIONS["2025-09"])
    assert sandbox.received[0].question.history == (("user", "one"), ("assistant", "Hi"))


@pytest.mark.parametrize(
    ("variant", "document"),
    [
        (None, {"content": "Ciao!"}),
        ("new_shape", {"content": "Ciao!"}),
        ("old_shape", {"answer": {"content": "Ciao!"}}),
        ("unknown_shape", {"result": {"output": "Ciao!"}}),
        ("null_content", {"content": None}),
    ],
)
async def test_the_shape_of_the_answer(calls, variant, document):
    assert (await calls.pizzagpt(varied(variant))).json == document


async def test_citations_are_addresses(calls):
    document = (await calls.pizzagpt(varied("citations"))).json
    assert document["content"] == "Ciao!"
    assert all(address.startswith("https://") for address in document["citations"])


@pytest.mark.parametrize(
    ("variant", "opening"),
    [
        ("misuse", "Misuse detected. Please get in touch"),
        ("misuse_lower", "misuse detected. please get in touch"),
        ("misuse_upper", "MISUSE DETECTED. PLEASE GET IN TOUCH"),
        ("checkbox", "Du musst das Kästchen anklicken!"),
    ],
)
async def test_a_notice_comes_with_a_200(calls, variant, opening):
    reply = await calls.pizzagpt(Scenario(variant=variant))
    assert (reply.status, reply.json["content"].startswith(opening)) == (200, True)


async def test_json_may_come_as_plain_text(calls):
    reply = await calls.pizzagpt(varied("text_plain"))
    assert (reply.headers["Content-Type"], reply.json) == ("text/plain; charset=utf-8", {"content": "Ciao!"})


@pytest.mark.parametrize("secret", [None, "Marinara"])
async def test_the_wrong_secret_is_refused(calls, secret):
    assert (await calls.pizzagpt(headers={"x-secret": secret})).status == 401


async def test_the_secret_is_a_setting(sandbox, calls):
    sandbox.settings.pizzagpt_secrets = {"Margherita"}
    assert (await calls.pizzagpt(headers={"x-secret": "Margherita"})).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": None}, 406),
        ({"Origin": None}, 403),
        ({"Referer": "https://example.com/"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_a_wrong_header_is_refused(calls, headers, status):
    assert (await calls.pizzagpt(headers=headers)).status == status


@pytest.mark.parametrize(
    "body",
    [
        {"question": ""},
        {"question": 1},
        {"model": "gpt-4o-mini"},
        {"searchEnabled": 1, "model": "x"},
        {"extra": 1},
        {**GENERATIONS["2025-09"], "chat": []},
        {**GENERATIONS["2025-09"], "chat": CHAT[:2]},
        {**GENERATIONS["2025-09"], "chat": [{"text": "hello", "sender": "bot", "studyMode": False}]},
        {**GENERATIONS["2025-09"], "chat": [{"text": "hello", "sender": "user"}]},
    ],
)
async def test_a_wrong_field_is_refused(calls, body):
    reply = await calls.pizzagpt(**body)
    assert (reply.status, reply.json["message"][:9]) == (400, "sandbox: ")
