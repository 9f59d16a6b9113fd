"""Simulated Yqcloud keeps to its wire page."""

from __future__ import annotations

import pytest

from freeproviders.sandbox import Scenario

USER = "#/chat/1700000000000"


async def test_the_body_is_the_answer_without_a_charset(calls):
    reply = await calls.yqcloud(Scenario(answer="Hello! 你好"))
    assert (reply.text, reply.headers["Content-Type"]) == ("Hello! 你好", "text/plain")


async def test_the_real_system_text_reaches_the_brain(sandbox, calls):
    await calls.yqcloud(system="Be brief.", network=True, stream=True, apikey="")
    assert sandbox.received[0].question.system == "Be brief."


async def test_stream_false_comes_in_one_piece(sandbox, calls):
    reply = await calls.yqcloud(Scenario(pieces=("a", "b"), hold_after=2), stream=False)
    assert reply.text == "ab"


async def test_a_user_id_is_remembered(sandbox, calls):
    await calls.yqcloud(Scenario(answer="Hi"), prompt="one", userId=USER, withoutContext=False)
    await calls.yqcloud(prompt="two", userId=USER)
    assert sandbox.received[1].conversation == (("user", "one"), ("assistant", "Hi"), ("user", "two"))


@pytest.mark.parametrize("body", [{"userId": USER, "withoutContext": True}, {"userId": "#/chat/1700000000001"}, {}])
async def test_nothing_is_remembered_otherwise(sandbox, calls, body):
    await calls.yqcloud(userId=USER)
    await calls.yqcloud(prompt="two", **body)
    assert sandbox.received[1].conversation == (("user", "two"),)


async def test_reset_forgets_the_threads(sandbox, calls):
    await calls.yqcloud(userId=USER)
    sandbox.reset()
    await calls.yqcloud(userId=USER)
    assert sandbox.received[0].question.history == ()


@pytest.mark.parametrize(
    ("variant", "marker"),
    [
        ("ban_2026", "触发防滥用检测"),
        ("announcement", "系统公告"),
        ("apology", "很抱歉地"),
        ("moved", "当前站点不再提供免费接口"),
        ("advert", "https://chat9.yqcloud.top"),
        ("too_long_200", "文字过长，请删减后重试。"),
    ],
)
async def test_a_notice_comes_as_the_answer(calls, variant, marker):
    reply = await calls.yqcloud(Scenario(variant=variant))
    assert (reply.status, marker in reply.text) == (200, True)


async def test_the_ban_has_its_opening_and_all_its_adverts(calls):
    text = (await calls.yqcloud(Scenario(variant="ban"))).text
    assert text.startswith("sorry, 您的ip已由于触发防滥用检测而被封禁")
    assert all(part in text for part in ("aichatos8.com", "微信", "binjie09.shop", "apifox.com/apidoc"))


async def test_the_ban_of_2026_opens_otherwise(calls):
    text = (await calls.yqcloud(Scenario(variant="ban_2026"))).text
    markers = (
        "aichatos8.com.cn",
        "binjie09.shop",
        "binjie.site",
        "chatavx.com",
        "apifox.com/apidoc",
        "您的ip已",
        "微信",
    )
    assert not text.startswith("sorry")
    assert all(part in text for part in markers)


async def test_a_notice_can_be_split_anywhere(calls):
    assert "封禁" in (await calls.yqcloud(Scenario(variant="ban", fragment=1))).text


async def test_too_long_is_a_429(calls):
    reply = await calls.yqcloud(Scenario(variant="too_long_429"))
    assert (reply.status, reply.text) == (429, "文字过长，请删减后重试。")


async def test_the_prompt_limit_is_a_setting(sandbox, calls):
    sandbox.settings.yqcloud_prompt_limit = 5
    assert [(await calls.yqcloud(prompt="x" * size)).status for size in (5, 6)] == [200, 429]


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": 1},
        {"prompt": ""},
        {"userId": "me"},
        {"network": "yes"},
        {"system": None},
        {"withoutContext": 1},
        {"stream": "true"},
        {"extra": 1},
    ],
)
async def test_a_wrong_field_is_refused(sandbox, calls, body):
    reply = await calls.yqcloud(**body)
    assert (reply.status, reply.text[:9]) == (400, "sandbox: ")
    assert sandbox.received[0].outcome == "refused"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://example.com", "Referer": "https://example.com/"}, 403),
        ({"Origin": None}, 403),
        ({"Referer": None}, 403),
        ({"Referer": "https://chat9.yqcloud.top.example.com/"}, 403),
        ({"Accept": "*/*"}, 406),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_a_wrong_header_is_refused(calls, headers, status):
    assert (await calls.yqcloud(headers=headers)).status == status


async def test_no_origins_mean_any_origin(sandbox, calls):
    sandbox.settings.yqcloud_origins = set()
    assert (await calls.yqcloud(headers={"Origin": None, "Referer": None})).status == 200


async def test_an_unknown_query_is_refused(sandbox, calls):
    url = sandbox.url("yqcloud") + "/api/generateStream"
    statuses = [
        (await calls.send("POST", url + query, HEADERS, None, None, json={"prompt": "x"})).status
        for query in ("?refer__1360=x", "?other=1")
    ]
    assert statuses == [200, 400]


HEADERS = {"Accept": "text/plain", "Origin": "https://chat9.yqcloud.top", "Referer": "https://chat9.yqcloud.top/"}
