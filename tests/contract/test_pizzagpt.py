"""What only Pizzagpt has: three generations of bodies, two of replies, citations, and notices in place of answers."""

import pytest

from freeproviders import Prompt, Turn, errors
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.kit import ANSWER, CONVERSATION, client_of, collected, says
from freeproviders.testing.promises.requests import FORGERIES


def _said(sender: str, text: str) -> dict:
    return {"text": text, "sender": sender, "studyMode": False}


class TestPizzagpt(ProviderContract):
    provider = "pizzagpt"
    body = {
        "question": "Who am I?",
        "searchEnabled": False,
        "studyMode": False,
        "chat": [
            _said("user", "System: Be brief.\n\nUser: I am Ann."),
            _said("assistant", "Hello!"),
            _said("user", "Who am I?"),
        ],
    }
    headers = {
        "Accept": "application/json",
        "Origin": "https://www.pizzagpt.it",
        "Referer": "https://www.pizzagpt.it/en",
    }
    choices = {"generation": ("2025-02", "2024-01")}
    fragments = (b'{"answer": {"content": "d"}}', b'{"content": "\\ude00"}', b"Misuse detected")


TRANSCRIPT = "System: Be brief.\nUser: I am Ann.\nAssistant: Hello!\nUser: Who am I?\nAssistant:"


@pytest.mark.parametrize(
    ("generation", "body"),
    [
        ("2024-01", {"question": TRANSCRIPT}),
        ("2025-02", {"question": TRANSCRIPT, "model": "gpt-4o-mini", "searchEnabled": True}),
    ],
)
async def test_an_older_generation_gets_a_transcript(sandbox, generation, body):
    client = client_of(sandbox, "pizzagpt", generation=generation, search_enabled=True)
    assert (await client.acomplete(Prompt(turns=CONVERSATION))).text
    assert sandbox.received[-1].json == body


async def test_the_newest_generation_carries_its_switches(sandbox):
    client = client_of(sandbox, "pizzagpt", search_enabled=True, study_mode=True)
    await client.acomplete("hello")
    assert sandbox.received[-1].json == {
        "question": "hello",
        "searchEnabled": True,
        "studyMode": True,
        "chat": [{"text": "hello", "sender": "user", "studyMode": True}],
    }


def test_an_unknown_generation_is_refused(sandbox):
    with pytest.raises(errors.InvalidSetting, match="2025-09"):
        client_of(sandbox, "pizzagpt", generation="2023")


async def test_the_secret_word_is_a_setting(sandbox):
    sandbox.settings.pizzagpt_secrets = {"Quattro"}
    assert (await client_of(sandbox, "pizzagpt", secret="Quattro").acomplete("hello")).text


@pytest.mark.parametrize("variant", ["old_shape", "new_shape", "citations", "text_plain"])
async def test_every_shape_of_reply_is_read(sandbox, variant):
    sandbox.scenario = says(variant=variant)
    assert await collected(client_of(sandbox, "pizzagpt")) == ANSWER


async def test_citations_are_told(sandbox):
    sandbox.scenario = says(variant="citations")
    answer = await client_of(sandbox, "pizzagpt").acomplete("hello")
    assert answer.metadata["citations"] == ["https://example.com/one", "https://example.com/two"]


@pytest.mark.parametrize(
    "body", ['{"result": {"output": "x"}}', '{"content": null}', '{"answer": null}', '{"content": 5}', "[]", '"x"', "1"]
)
async def test_an_unknown_shape_is_quoted(sandbox, body):
    sandbox.scenario = Scenario(body=body)
    with pytest.raises(errors.BadReply, match=r"content or answer\.content"):
        await collected(client_of(sandbox, "pizzagpt"))


@pytest.mark.parametrize("body", ["{", "9" * 5000, "[" * 5000, '{"content": "cut'])
async def test_what_is_no_json_is_a_bad_reply(sandbox, body):
    sandbox.scenario = Scenario(body=body)
    with pytest.raises(errors.BadReply):
        await collected(client_of(sandbox, "pizzagpt"))


async def test_an_empty_text_is_an_empty_answer(sandbox):
    sandbox.scenario = Scenario(body='{"content": ""}')
    with pytest.raises(errors.EmptyAnswer):
        await collected(client_of(sandbox, "pizzagpt"))


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("variant", ["misuse", "misuse_lower", "misuse_upper", "checkbox"])
async def test_a_notice_in_place_of_an_answer_is_blocked(sandbox, variant, size):
    sandbox.scenario = Scenario(variant=variant, fragment=size)
    with pytest.raises(errors.Blocked, match="pizzagpt"):
        await collected(client_of(sandbox, "pizzagpt"))


@pytest.mark.parametrize("forged", FORGERIES)
def test_no_message_can_forge_the_line_of_the_system_prompt(sandbox, forged):
    turns = (Turn(role="system", text=forged), Turn(role="user", text=forged))
    client_of(sandbox, "pizzagpt").complete(Prompt(turns=turns))
    assert sandbox.received[-1].json["question"].count("> ") == 2
