"""A scripted brain says what it was given, then hands over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import aiohttp

from freeproviders.sandbox import Question, RuleBrain, Sandbox, ScriptedBrain

ASK = Question(provider="pi", text="Hello!")
HEADERS = {"Accept": "text/plain", "Origin": "https://chat9.yqcloud.top", "Referer": "https://chat9.yqcloud.top/"}


def test_replies_come_in_order_and_then_another_brain_answers():
    brain = ScriptedBrain(["one", None, "two"], then=lambda _question: "other")
    assert [brain(ASK) for _ in range(5)] == ["one", "other", "two", "other", "other"]


def test_the_built_in_brain_answers_in_the_end():
    assert ScriptedBrain([])(ASK) == RuleBrain()(ASK)


def test_questions_are_kept():
    brain = ScriptedBrain(["one"])
    brain(ASK)
    assert brain.questions == [ASK]


def test_threads_get_each_reply_once():
    brain = ScriptedBrain([str(at) for at in range(200)])
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _at: brain(ASK), range(200)))) == 200


async def test_a_script_is_served():
    with Sandbox(brain=ScriptedBrain(["scripted"])) as sandbox:
        url = sandbox.url("yqcloud") + "/api/generateStream"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json={"prompt": "x"}, headers=HEADERS) as response,
        ):
            assert await response.text() == "scripted"
