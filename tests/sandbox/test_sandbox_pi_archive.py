"""Simulated Pi's history and voice keep to the wire page."""

from __future__ import annotations

import io
import json
import wave

import pytest

from freeproviders.sandbox import Scenario

TALK = Scenario(pieces=("Sure", ", here"))


def sid_of(text, position):
    """The sid of the event at a position."""
    return json.loads(text.split("\n\n")[position].partition("data: ")[2])["sid"]


async def test_history_comes_in_pages_newest_first(calls):
    thread = sid, cookie = await calls.pi_thread()
    for text in ("one", "two"):
        await calls.pi_chat(Scenario(answer=f"re {text}"), text=text, thread=thread)
    seen, cursor = [], ""
    while cursor is not None:
        params = {"conversation": sid, **({"cursor": cursor} if cursor else {})}
        page = (await calls.pi("GET", "/api/chat/history", None, cookie, params=params)).json
        assert len(page["messages"]) == 2
        seen, cursor = seen + page["messages"], page["cursor"]
    assert [message["text"] for message in seen] == ["re two", "two", "re one", "one"]
    assert all(set(message) == {"sid", "text", "sentAt"} for message in seen)


@pytest.mark.parametrize(("variant", "key"), [("empty_messages", "messages"), ("error_object", "error")])
async def test_history_goes_wrong(calls, variant, key):
    sid, cookie = await calls.pi_thread()
    scenario = Scenario(on="history", variant=variant)
    reply = await calls.pi("GET", "/api/chat/history", scenario, cookie, params={"conversation": sid})
    assert reply.status == 200
    assert next(iter(reply.json)) == key
    assert not reply.json.get("messages")


@pytest.mark.parametrize("params", [{"conversation": "x"}, {"cursor": "x"}, {}])
async def test_history_refuses_what_it_never_gave(calls, params):
    sid, cookie = await calls.pi_thread()
    reply = await calls.pi(
        "GET", "/api/chat/history", None, cookie, params={"conversation": sid, **params} if params else {}
    )
    assert reply.status in {400, 401}


async def voice(calls, position, **changed):
    thread = _, cookie = await calls.pi_thread()
    sid = sid_of((await calls.pi_chat(TALK, thread=thread)).text, position)
    params = {"mode": "eager", "voice": "voice1", "messageSid": sid, **changed}
    return await calls.pi("GET", "/api/chat/voice", None, cookie, params=params)


async def test_the_voice_is_a_playable_sound(calls):
    reply = await voice(calls, 1)
    assert reply.headers["Content-Type"] == "audio/wav"
    with wave.open(io.BytesIO(reply.body)) as sound:
        assert sound.getnframes() > 0


async def test_a_users_message_has_no_voice(calls):
    assert (await voice(calls, 0)).status == 404


@pytest.mark.parametrize(
    ("changed", "status"), [({"messageSid": "x"}, 404), ({"voice": "x"}, 400), ({"mode": "x"}, 400)]
)
async def test_a_wrong_voice_is_refused(calls, changed, status):
    assert (await voice(calls, 1, **changed)).status == status


async def test_a_range_from_the_first_byte_gets_all(calls):
    thread = _, cookie = await calls.pi_thread()
    sid = sid_of((await calls.pi_chat(TALK, thread=thread)).text, 1)
    params = {"mode": "eager", "voice": "voice1", "messageSid": sid}
    reply = await calls.pi("GET", "/api/chat/voice", None, {**cookie, "Range": "bytes=0-"}, params=params)
    assert (reply.status, reply.body[:4]) == (206, b"RIFF")
