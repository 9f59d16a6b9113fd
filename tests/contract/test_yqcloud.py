"""What only Yqcloud has: notices in place of answers, a length limit that looks like a rate limit, and threads."""

import re

import pytest

from freeproviders import Prompt, Turn, errors
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.kit import ANSWER, client_of, collected, says


class TestYqcloud(ProviderContract):
    provider = "yqcloud"
    body = {
        "prompt": "User: I am Ann.\nAssistant: Hello!\nUser: Who am I?\nAssistant:",
        "userId": re.compile(r"#/chat/\d{13}"),
        "network": True,
        "system": "Be brief.",
        "withoutContext": True,
        "stream": True,
    }
    headers = {
        "Accept": "application/json, text/plain, */*",
        "Origin": "https://chat9.yqcloud.top",
        "Referer": "https://chat9.yqcloud.top/",
    }
    fragments = ("系统公告".encode(), "sorry, 您的ip".encode(), "微信".encode(), "文字过长".encode())


NOTICES = ["ban", "ban_2026", "announcement", "apology", "moved"]


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7])
@pytest.mark.parametrize("variant", NOTICES)
async def test_a_notice_is_blocked_before_any_of_it_is_handed_on(sandbox, variant, size):
    sandbox.scenario = Scenario(variant=variant, fragment=size)
    with pytest.raises(errors.Blocked, match="notice"):
        await collected(client_of(sandbox, "yqcloud"))


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("variant", [*NOTICES, "advert"])
async def test_a_notice_is_never_a_whole_answer(sandbox, variant, size):
    sandbox.scenario = Scenario(variant=variant, fragment=size)
    with pytest.raises(errors.Blocked, match="notice"):
        await client_of(sandbox, "yqcloud").acomplete("hello")


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("lead", ["【", "\u3000", "\n\n**", "# "])
async def test_a_notice_is_one_behind_the_marks_of_a_headline(sandbox, lead, size):
    sandbox.scenario = says(f"{lead}系统公告: we have moved.", fragment=size)
    with pytest.raises(errors.Blocked, match="系统公告"):
        await collected(client_of(sandbox, "yqcloud"))


async def test_an_advert_that_shows_late_still_ends_in_an_error(sandbox):
    sandbox.scenario = Scenario(variant="advert", fragment=1)
    with pytest.raises((errors.Blocked, errors.StreamInterrupted), match="notice"):
        await collected(client_of(sandbox, "yqcloud"))


async def test_a_ban_advises_another_address(sandbox):
    sandbox.scenario = Scenario(variant="ban")
    with pytest.raises(errors.Blocked, match="proxy="):
        await collected(client_of(sandbox, "yqcloud"))


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("variant", ["too_long_429", "too_long_200"])
async def test_a_text_that_is_too_long_is_no_rate_limit(sandbox, variant, size):
    sandbox.scenario = Scenario(variant=variant, fragment=size)
    with pytest.raises(errors.PromptTooLong):
        await collected(client_of(sandbox, "yqcloud"))


async def test_any_other_429_is_a_rate_limit(sandbox):
    sandbox.scenario = Scenario(status=429)
    with pytest.raises(errors.RateLimited):
        await collected(client_of(sandbox, "yqcloud"))


HONEST = {
    "WeChat": ("微信是什么？", "微信是腾讯的应用，微信很好用。"),
    "an announcement": ("什么是系统公告？", "系统公告是系统发出的通知。"),
    "an announcement later": ("hello", "这是一条系统公告的例子。"),
    "an apology": ("请写“很抱歉地”造句", "很抱歉地说，我不会。"),
    "the site itself": ("what is chat9.yqcloud.top?", "chat9.yqcloud.top is a web site."),
    "a page": ("hello", "<!DOCTYPE html><html><body>hi</body></html>"),
    "one marker": ("hello", "See apifox.com for that."),
    "sorry": ("hello", "sorry, I cannot."),
}


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(("question", "answer"), HONEST.values(), ids=HONEST)
async def test_an_honest_answer_about_such_texts_passes(sandbox, question, answer, size):
    sandbox.scenario = says(answer, fragment=size)
    assert await collected(client_of(sandbox, "yqcloud"), question) == answer


async def test_a_head_that_looks_like_a_notice_at_first_arrives_whole(sandbox):
    sandbox.scenario = says("sorry, 您好", fragment=1)
    assert await collected(client_of(sandbox, "yqcloud")) == "sorry, 您好"


# Threads.


def _asks(text: str, thread: dict | None) -> Prompt:
    return Prompt(turns=Prompt.of(text).turns, thread=thread)


async def test_a_stateless_call_shares_nothing_with_the_one_before(sandbox):
    client = client_of(sandbox, "yqcloud")
    for _ in range(2):
        await client.acomplete("hello")
    first, second = (item.json for item in sandbox.received)
    assert first["userId"] != second["userId"]
    assert (first["withoutContext"], second["withoutContext"]) == (True, True)


async def test_a_thread_is_kept_by_the_service(sandbox):
    client = client_of(sandbox, "yqcloud")
    first = await client.acomplete(_asks("My name is Ann.", {}))
    thread = first.metadata["thread"]
    second = await client.acomplete(_asks("What is my name?", thread))
    assert "Ann" in second.text
    assert second.metadata["thread"] == thread == {"userId": sandbox.received[-1].json["userId"]}


async def test_a_thread_never_gets_the_transcript_and_the_context(sandbox):
    client = client_of(sandbox, "yqcloud")
    thread = (await client.acomplete(_asks("My name is Ann.", {}))).metadata["thread"]
    turns = (
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="My name is Ann."),
        Turn(role="assistant", text="Hello."),
        Turn(role="user", text="What is my name?"),
    )
    await client.acomplete(Prompt(turns=turns, thread=thread))
    sent = sandbox.received[-1].json
    assert (sent["prompt"], sent["system"], sent["withoutContext"]) == ("What is my name?", "Be brief.", False)
    assert [text for _, text in sandbox.received[-1].conversation].count("My name is Ann.") == 1


async def test_two_threads_do_not_hear_each_other(sandbox):
    client = client_of(sandbox, "yqcloud")
    threads = [(await client.acomplete(_asks(f"My name is {name}.", {}))).metadata["thread"] for name in ("Ann", "Bob")]
    answers = [(await client.acomplete(_asks("What is my name?", thread))).text for thread in threads]
    assert ["Ann" in answers[0], "Bob" in answers[1]] == [True, True]


@pytest.mark.parametrize("thread", [{"conversation": "x"}, {"userId": 5}, {"userId": ""}])
async def test_a_thread_of_another_service_is_refused(sandbox, thread):
    with pytest.raises(errors.InvalidSetting, match="thread"):
        await client_of(sandbox, "yqcloud").acomplete(_asks("hello", thread))
    assert sandbox.received == []


async def test_the_web_search_is_a_setting_for_one_call_too(sandbox):
    prompt = Prompt(turns=Prompt.of("hello").turns, settings={"network": False})
    sandbox.scenario = says()
    assert (await client_of(sandbox, "yqcloud").acomplete(prompt)).text == ANSWER
    assert sandbox.received[-1].json["network"] is False
