"""What only Pi has: sessions, conversations it keeps, two routes, three places of an id, history and voice."""

import json
import re

import pytest

from freeproviders import Prompt, Retry, Turn, errors
from freeproviders.providers.pi_archive import history, voice
from freeproviders.sandbox import Scenario
from freeproviders.testing import ProviderContract
from freeproviders.testing.clock import ManualClock
from freeproviders.testing.kit import ANSWER, client_of, collected, says

SESSION = {"__Host-session": "signed-in-session"}


class TestPi(ProviderContract):
    provider = "pi"
    # It takes an answer without text for an expired session: one fresh start, then its cookies are asked for.
    meanings = dict.fromkeys(("400", "403", "empty", "white space", "garbage"), errors.LoginRequired)
    body = {
        "text": "System: Be brief.\nUser: I am Ann.\nAssistant: Hello!\nUser: Who am I?\nAssistant:",
        "conversation": re.compile(r"[A-Za-z0-9_-]{21}"),
    }
    headers = {"Accept": "text/event-stream", "Origin": "https://pi.ai", "Referer": "https://pi.ai/talk"}
    choices = {"route": ("v1", "v2"), "start": ("conversations", "start")}
    fragments = (
        *(b"event: partial\n", b'{"sid": "s"}', b"Misuse detected"),
        *(b'event: partial\ndata: {"text": "\\ud83d"}\n\n', b'event: partial\ndata: {"text": "\\ude00"}\n\n'),
    )
    first_reply = b'{"sid": "abc"}'


def _asks(text: str, thread: dict | None) -> Prompt:
    return Prompt(turns=Prompt.of(text).turns, thread=thread)


def _paths(sandbox) -> list[str]:
    return [item.path for item in sandbox.received]


@pytest.fixture
def pi(sandbox):
    return client_of(sandbox, "pi")


@pytest.mark.parametrize("place", ["sid_conversations", "sid_main", "sid_top"])
async def test_the_conversation_is_found_in_all_three_places(sandbox, pi, place):
    sandbox.script(Scenario(on="start", variant=place))
    answer = await pi.acomplete(_asks("hello", {}))
    assert sandbox.received[-1].json["conversation"] == answer.metadata["thread"]["conversation"]


async def test_a_start_without_an_id_is_a_bad_reply(sandbox, pi):
    sandbox.scenario = Scenario(on="start", variant="no_sid")
    with pytest.raises(errors.BadReply, match="sid"):
        await pi.acomplete("hello")


async def test_conversations_can_begin_on_the_other_route(sandbox):
    answer = await client_of(sandbox, "pi", start="conversations").acomplete("hello")
    assert answer.text
    assert _paths(sandbox) == ["/api/conversations", "/api/chat"]


async def test_where_v1_is_gone_v2_is_asked(sandbox, pi):
    sandbox.script(Scenario(variant="v1_gone"), says())
    assert (await pi.acomplete("hello")).text == ANSWER
    assert _paths(sandbox) == ["/api/chat/start", "/api/chat", "/api/v2/chat"]


@pytest.mark.parametrize(("route", "path"), [("v1", "/api/chat"), ("v2", "/api/v2/chat")])
async def test_a_route_can_be_chosen(sandbox, route, path):
    await client_of(sandbox, "pi", route=route).acomplete("hello")
    assert _paths(sandbox) == ["/api/chat/start", path]


async def test_v2_names_the_conversation_in_its_referer(sandbox):
    await client_of(sandbox, "pi", route="v2").acomplete("hello")
    sent = sandbox.received[-1]
    assert sent.headers["Referer"] == f"https://pi.ai/talk/{sent.json['conversation']}"
    assert sent.headers["X-Api-Version"] == "5"


@pytest.mark.parametrize(("setting", "word"), [("route", "v3"), ("start", "begin")])
def test_an_unknown_choice_is_refused(sandbox, setting, word):
    with pytest.raises(errors.InvalidSetting, match=setting):
        client_of(sandbox, "pi", **{setting: word})


EXPIRIES = ["expired_400", "expired_401", "expired_403", "expired_empty", "no_events"]


@pytest.mark.parametrize("expiry", EXPIRIES)
async def test_an_expired_session_gets_one_fresh_start(sandbox, pi, expiry):
    sandbox.script(Scenario(variant=expiry), says())
    assert await collected(pi) == ANSWER
    assert _paths(sandbox) == ["/api/chat/start", "/api/chat"] * 2


@pytest.mark.parametrize("expiry", EXPIRIES)
async def test_a_session_that_stays_expired_asks_for_cookies(sandbox, pi, expiry):
    sandbox.scenario = Scenario(variant=expiry)
    with pytest.raises(errors.LoginRequired, match="cookies"):
        await collected(pi)
    assert _paths(sandbox) == ["/api/chat/start", "/api/chat"] * 2


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (Scenario(on="start", status=401), errors.LoginRequired),
        (Scenario(on="start", variant="no_sid"), errors.LoginRequired),
        (Scenario(on="start", page="cloudflare"), errors.Blocked),
        (Scenario(on="start", status=500), errors.ServerFailed),
    ],
)
async def test_a_fresh_start_that_fails_tells_why(sandbox, pi, start, kind):
    sandbox.script(Scenario(on="start"), Scenario(variant="expired_401"), start)
    with pytest.raises(kind):
        await pi.acomplete("hello")


async def test_a_fresh_start_leaves_the_dead_session_behind(sandbox):
    client = client_of(sandbox, "pi", cookies={**SESSION, "cf": "1"})
    sandbox.script(Scenario(variant="expired_401"), says())
    await client.acomplete("hello")
    assert sandbox.received[2].cookies == {"cf": "1"}
    assert sandbox.received[3].cookies["__Host-session"] != "signed-in-session"


async def test_a_fresh_anonymous_session_does_not_become_the_callers_own(sandbox):
    client = client_of(sandbox, "pi", cookies=SESSION)
    sandbox.script(Scenario(variant="expired_401"), says())
    await client.acomplete("hello")
    await client.acomplete("hello")
    assert sandbox.received[-1].cookies == SESSION


async def test_the_callers_own_session_follows_its_rotation(sandbox):
    client = client_of(sandbox, "pi", cookies=SESSION)
    sandbox.script(says(set_cookies={"__Host-session": "rotated"}))
    await client.acomplete("hello")
    await client.acomplete("hello")
    assert sandbox.received[-1].cookies == {"__Host-session": "rotated"}


async def test_two_anonymous_conversations_keep_their_sessions_apart(sandbox):
    client = client_of(sandbox, "pi", cookies={"cf": "1"})
    threads = [(await client.acomplete(_asks(f"My name is {name}.", {}))).metadata["thread"] for name in ("Ann", "Bob")]
    answers = [(await client.acomplete(_asks("What is my name?", thread))).text for thread in threads]
    assert ["Ann" in answers[0], "Bob" in answers[1]] == [True, True]
    assert threads[0]["cookies"] != threads[1]["cookies"]


async def test_a_thread_is_json_and_stays_as_it_is(sandbox, pi):
    thread = (await pi.acomplete(_asks("My name is Ann.", {}))).metadata["thread"]
    kept = json.loads(json.dumps(thread))
    sandbox.script(says(set_cookies={"__Host-session": "rotated"}))
    newer = (await pi.acomplete(_asks("What is my name?", thread))).metadata["thread"]
    assert thread == kept
    assert newer == {"conversation": thread["conversation"], "cookies": {"__Host-session": "rotated"}}


async def test_a_thread_goes_on_with_the_newest_words_alone(sandbox, pi):
    thread = (await pi.acomplete(_asks("My name is Ann.", {}))).metadata["thread"]
    turns = (
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="My name is Ann."),
        Turn(role="assistant", text="Hello."),
        Turn(role="user", text="What is my name?"),
    )
    answer = await pi.acomplete(Prompt(turns=turns, thread=thread))
    assert sandbox.received[-1].json["text"] == "What is my name?"
    assert "Ann" in answer.text


async def test_a_stateless_call_tells_no_thread(pi):
    assert "thread" not in (await pi.acomplete("hello")).metadata


@pytest.mark.parametrize("thread", [{"userId": "#/chat/1"}, {"conversation": 5}, {"conversation": "a", "cookies": "x"}])
async def test_a_thread_of_another_service_is_refused(sandbox, pi, thread):
    with pytest.raises(errors.InvalidSetting, match="thread"):
        await pi.acomplete(_asks("hello", thread))
    assert sandbox.received == []


async def test_no_header_comes_in_by_a_thread(sandbox, pi):
    thread = {"conversation": "a", "cookies": {"a": "1\r\nX-Evil: 1"}}
    with pytest.raises(errors.InvalidSetting, match="Cookie"):
        await pi.acomplete(_asks("hello", thread))
    assert sandbox.received == []


VARIANTS = ["two_objects", "title_first", "title_last", "text_not_first_key", "multi_line_data"]


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("variant", VARIANTS)
async def test_every_form_of_the_event_stream_is_read(sandbox, pi, variant, size):
    sandbox.scenario = says(variant=variant, fragment=size)
    assert await collected(pi) == ANSWER


async def test_a_used_up_trial_asks_for_a_login_at_once(sandbox, pi):
    sandbox.scenario = Scenario(variant="trial")
    with pytest.raises(errors.LoginRequired, match="trial"):
        await pi.acomplete("hello")
    assert _paths(sandbox) == ["/api/chat/start", "/api/chat"]


async def test_an_error_object_among_the_events_is_no_answer(sandbox, pi):
    sandbox.scenario = Scenario(body='event: error\ndata: {"error": "Too many requests"}\n\n')
    with pytest.raises(errors.BadReply, match="Too many requests"):
        await pi.acomplete("hello")


async def test_a_cut_json_event_is_a_bad_reply(sandbox, pi):
    sandbox.scenario = Scenario(body='event: partial\ndata: {"text": "a\n\n')
    with pytest.raises(errors.BadReply, match="expected JSON"):
        await pi.acomplete("hello")


# The archive.


async def _conversation(pi, count: int) -> tuple[dict, str]:
    thread: dict = {}
    for number in range(count):
        answer = await pi.acomplete(_asks(f"number {number}", thread))
        thread = answer.metadata["thread"]
    return thread, answer.metadata["message_sid"]


async def test_the_history_is_read_page_by_page(sandbox, pi):
    thread, _ = await _conversation(pi, 3)
    messages = await pi.arun(lambda: history(pi.provider, thread))
    assert len(messages) == 6
    assert len([item for item in sandbox.received if item.endpoint == "history"]) == 3


async def test_an_empty_history_means_a_dead_session(sandbox, pi):
    thread, _ = await _conversation(pi, 1)
    sandbox.scenario = Scenario(on="history", variant="empty_messages")
    with pytest.raises(errors.LoginRequired):
        await pi.arun(lambda: history(pi.provider, thread))


async def test_an_error_in_place_of_a_page_is_never_kept(sandbox, pi):
    thread, _ = await _conversation(pi, 2)
    sandbox.script(Scenario(on="history"), Scenario(on="history", variant="error_object"))
    with pytest.raises(errors.BadReply, match="Too many requests"):
        await pi.arun(lambda: history(pi.provider, thread))


def test_an_answer_can_be_spoken(pi):
    first = pi.complete(_asks("hello", {}))
    audio, kind = pi.run(lambda: voice(pi.provider, first.metadata["thread"], first.metadata["message_sid"]))
    assert (audio[:4], kind) == (b"RIFF", "audio/wav")


@pytest.mark.parametrize("fault", [{"empty": True}, {"body": '{"error": 1}', "content_type": "application/json"}])
async def test_what_is_no_sound_is_a_bad_reply(sandbox, pi, fault):
    thread, sid = await _conversation(pi, 1)
    sandbox.scenario = Scenario(on="voice", **fault)
    with pytest.raises(errors.BadReply, match="no audio"):
        await pi.arun(lambda: voice(pi.provider, thread, sid))


async def test_a_plain_request_is_retried_too(sandbox):
    client = client_of(sandbox, "pi", retry=Retry(attempts=2), clock=ManualClock().clock)
    thread, _ = await _conversation(client, 1)
    sandbox.script(Scenario(on="history", status=500))
    assert len(await client.arun(lambda: history(client.provider, thread))) == 2


async def test_a_challenge_in_place_of_a_page_is_blocked(sandbox, pi):
    thread, _ = await _conversation(pi, 1)
    sandbox.scenario = Scenario(on="history", page="cloudflare", status=200)
    with pytest.raises(errors.Blocked):
        await pi.arun(lambda: history(pi.provider, thread))
