"""Simulated Pi keeps to its wire page."""

from __future__ import annotations

import json

import pytest

from freeproviders.sandbox import Scenario

SSE = {"X-Api-Version": "3", "Accept": "text/event-stream"}
TALK = Scenario(pieces=("Sure", ", here"))


def events(text):
    """Named events with their data lines joined, as the event-stream rules say."""
    blocks = [block for block in text.split("\n\n") if block]
    parsed = []
    for block in blocks:
        lines = block.split("\n")
        name = next(line[7:] for line in lines if line.startswith("event: "))
        parsed.append((name, "\n".join(line[6:] for line in lines if line.startswith("data: "))))
    return parsed


def varied(variant):
    return Scenario(pieces=("Sure", ", here"), variant=variant)


async def test_events_come_in_order(calls):
    names = [name for name, _ in events((await calls.pi_chat(TALK)).text)]
    assert names == ["received", "message", "partial", "partial", "title"]


async def test_partials_carry_deltas(calls):
    found = events((await calls.pi_chat(TALK)).text)
    assert [json.loads(data) for name, data in found if name == "partial"] == [{"text": "Sure"}, {"text": ", here"}]


async def test_the_conversation_is_remembered(sandbox, calls):
    thread = await calls.pi_thread()
    await calls.pi_chat(Scenario(answer="Hi"), text="one", thread=thread)
    await calls.pi_chat(text="two", thread=thread)
    assert sandbox.received[-1].conversation == (("user", "one"), ("assistant", "Hi"), ("user", "two"))


async def test_a_refused_answer_is_not_remembered(sandbox, calls):
    thread = await calls.pi_thread()
    await calls.pi_chat(Scenario(status=500), text="one", thread=thread)
    await calls.pi_chat(text="two", thread=thread)
    assert sandbox.received[-1].question.history == ()


@pytest.mark.parametrize(
    ("variant", "read"),
    [
        (None, lambda data: data["conversations"][0]["sid"]),
        ("sid_conversations", lambda data: data["conversations"][0]["sid"]),
        ("sid_main", lambda data: data["mainConversation"]["sid"]),
        ("sid_top", lambda data: data["sid"]),
    ],
)
async def test_start_gives_a_sid_that_works(calls, variant, read):
    reply = await calls.pi_start(Scenario(on="start", variant=variant))
    cookie = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}
    assert (await calls.pi_chat(thread=(read(reply.json), cookie))).status == 200


async def test_sid_main_has_no_other_sid(calls):
    assert list((await calls.pi_start(Scenario(on="start", variant="sid_main"))).json) == ["mainConversation"]


async def test_start_without_a_sid(calls):
    assert (await calls.pi_start(Scenario(on="start", variant="no_sid"))).json == {"conversations": []}


async def test_start_sets_a_secure_session_cookie(calls):
    cookie = (await calls.pi_start()).headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Path=/", "Secure", "HttpOnly"} <= set(cookie.split("; "))


async def test_a_known_session_is_kept(calls):
    reply = await calls.pi_start(headers={"Cookie": "__Host-session=signed-in-session"})
    assert "Set-Cookie" not in reply.headers


async def test_start_takes_an_untyped_body(calls):
    headers = {"X-Api-Version": "3", "Content-Type": "text/plain"}
    assert (await calls.pi("POST", "/api/chat/start", None, headers, data="{}")).status == 200


@pytest.mark.parametrize("body", [{}, {"aiOpener": "Hello"}])
async def test_conversations_gives_a_sid_at_the_top(calls, body):
    headers = {"X-Api-Version": "2", "Cookie": "__Host-session=signed-in-session"}
    reply = await calls.pi("POST", "/api/conversations", None, headers, json=body)
    thread = (reply.json["sid"], {"Cookie": "__Host-session=signed-in-session"})
    assert (await calls.pi_chat(thread=thread)).status == 200


async def test_conversations_makes_a_session_where_there_is_none(calls):
    reply = await calls.pi("POST", "/api/conversations", json={})
    assert reply.headers["Set-Cookie"].startswith("__Host-session=")


async def test_conversations_are_listed(calls):
    sid, cookie = await calls.pi_thread()
    reply = await calls.pi("GET", "/api/conversations", None, cookie)
    assert reply.json == {"conversations": [{"sid": sid, "title": None}]}


@pytest.mark.parametrize("body", [{}, {"mode": "BASE"}])
async def test_v1_finds_the_main_thread_by_the_cookie(calls, body):
    _, cookie = await calls.pi_thread()
    assert (
        await calls.pi("POST", "/api/chat", None, {"Accept": "*/*", **cookie}, json={"text": "x", **body})
    ).status == 200


async def test_v1_takes_a_conversation(calls):
    assert (await calls.pi_chat(path="/api/chat")).status == 200


async def test_v1_gone_leaves_v2(sandbox, calls):
    sandbox.scenario = Scenario(variant="v1_gone")
    assert [(await calls.pi_chat(path=path)).status for path in ("/api/chat", "/api/v2/chat")] == [404, 200]


async def test_v2_takes_the_newer_fields(calls):
    sid, cookie = await calls.pi_thread()
    uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    extra = {"eqDistinctId": uuid, "eqSessionId": uuid, "clientId": uuid, "tempChat": False, "previousConversation": ""}
    headers = {**SSE, "X-Api-Version": "5", "Referer": f"https://pi.ai/talk/{sid}", **cookie}
    body = {"text": "x", "conversation": sid, **extra}
    assert (await calls.pi("POST", "/api/v2/chat", None, headers, json=body)).status == 200


async def test_two_objects_share_an_event(calls):
    found = events((await calls.pi_chat(varied("two_objects"))).text)
    assert found[2] == ("partial", '{"text":"Su"}{"text":"re"}')


async def test_the_title_may_come_first(calls):
    names = [name for name, _ in events((await calls.pi_chat(varied("title_first"))).text)]
    assert names == ["received", "message", "title", "partial", "partial"]


async def test_the_title_may_come_last(calls):
    assert events((await calls.pi_chat(varied("title_last"))).text)[-1][0] == "title"


async def test_text_need_not_be_the_first_key(calls):
    data = json.loads(events((await calls.pi_chat(varied("text_not_first_key"))).text)[2][1])
    assert next(iter(data)) != "text"
    assert data["text"] == "Sure"


async def test_data_may_span_lines(calls):
    reply = await calls.pi_chat(varied("multi_line_data"))
    data = events(reply.text)[2][1]
    assert "\n" in data
    assert json.loads(data) == {"text": "Sure"}


async def test_an_expired_session_may_stream_no_text(calls):
    assert [name for name, _ in events((await calls.pi_chat(varied("expired_empty"))).text)] == ["received", "message"]


async def test_no_events_is_an_empty_stream(calls):
    reply = await calls.pi_chat(varied("no_events"))
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize(("status", "arrives"), [(None, 402), (403, 403)])
async def test_the_trial_ends(calls, status, arrives):
    reply = await calls.pi_chat(Scenario(variant="trial", status=status))
    assert (reply.status, reply.json) == (arrives, {"error": "No remaining trial turns."})


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_session_expires_with_a_status(calls, status):
    assert (await calls.pi_chat(Scenario(variant=f"expired_{status}"))).status == status


async def test_a_rotated_session_kills_the_old_cookie(calls):
    sid, old = await calls.pi_thread()
    await calls.pi_chat(Scenario(set_cookies={"__Host-session": "rotated"}), thread=(sid, old))
    new = {"Cookie": "__Host-session=rotated"}
    assert [(await calls.pi_chat(thread=(sid, cookie))).status for cookie in (old, new)] == [401, 200]


@pytest.mark.parametrize("cookie", [{}, {"Cookie": "__Host-session=stranger"}])
async def test_a_chat_without_its_session_is_refused(calls, cookie):
    sid, _ = await calls.pi_thread()
    assert (await calls.pi_chat(thread=(sid, cookie))).status == 401


async def test_another_sessions_conversation_is_refused(calls):
    sid, _ = await calls.pi_thread()
    _, other = await calls.pi_thread()
    assert (await calls.pi_chat(thread=(sid, other))).status == 401


async def test_login_can_be_required(sandbox, calls):
    sandbox.settings.pi_login_required = True
    assert (await calls.pi_chat()).status == 401


async def test_the_prompt_cap_is_a_setting(sandbox, calls):
    sandbox.settings.pi_prompt_cap = 5
    assert [(await calls.pi_chat(text="x" * size)).status for size in (5, 6)] == [200, 400]


async def test_reset_forgets_the_sessions(sandbox, calls):
    thread = await calls.pi_thread()
    sandbox.reset()
    assert (await calls.pi_chat(thread=thread)).status == 401


@pytest.mark.parametrize("version", ["", "4", "5"])
async def test_start_wants_its_version(calls, version):
    assert (await calls.pi_start(headers={"X-Api-Version": version})).status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": None}, 403),
        ({"Referer": "https://pi.ai/discover"}, 403),
        ({"Accept": "text/html"}, 406),
        ({"X-Api-Version": "2"}, 400),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
async def test_a_wrong_header_is_refused(calls, headers, status):
    sid, cookie = await calls.pi_thread()
    body = {"text": "x", "conversation": sid}
    assert (await calls.pi("POST", "/api/v2/chat", None, {**SSE, **cookie, **headers}, json=body)).status == status


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": 1}, {"extra": 1}, {"conversation": None}, {"mode": "BASE"}, {"clientId": "x"}]
)
async def test_a_wrong_field_is_refused(calls, body):
    sid, cookie = await calls.pi_thread()
    given = {"text": "x", "conversation": sid, **body}
    reply = await calls.pi("POST", "/api/v2/chat", None, {**SSE, **cookie}, json=given)
    assert (reply.status, reply.json["error"][:9]) == (400, "sandbox: ")
