"""Words of the wrong kind are told where they are given, by an error that shows what to write."""

import pytest

from freeproviders import Candidate, Client, Prompt, Retry, Router, Timeouts, Turn, errors
from freeproviders.breaker import Breaker, BreakerPolicy
from freeproviders.images import save
from freeproviders.limits import Limiter, Limits
from freeproviders.sandbox import Sandbox


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"candidates": "pi"}, r"\['pi'\]"),
        ({"candidates": [5]}, "a name, a Client or a Candidate"),
        ({"hedge_after": "2"}, "seconds"),
        ({"retry": 3}, r"Retry\(attempts=2"),
        ({"breaker": {"consecutive": 2}}, r"BreakerPolicy\(consecutive=2\)"),
        ({"on_interrupt": "begin"}, "'restart'"),
    ],
)
def test_a_router_tells_at_once(words, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        Router(**{"candidates": ["pi"], **words})


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"retry": 3}, r"Retry\(attempts=2"),
        ({"timeouts": 20}, r"Timeouts\(first_byte=20\)"),
        ({"proxy": 8080}, "http://"),
        ({"default_headers": {5: "five"}}, "must be texts"),
        ({"default_headers": {"X-Number": 5}}, "must be texts"),
        ({"cookies": {"session": 5}}, "must be texts"),
    ],
)
def test_a_client_tells_at_once(words, hint):
    with pytest.raises(errors.InvalidSetting, match=hint):
        Client("yqcloud", **words)


@pytest.mark.parametrize("value", ["20", None, True, 0, float("nan")])
def test_times_and_attempts_are_numbers(value):
    for kind, word in ((Timeouts, "connect"), (Retry, "deadline"), (Retry, "attempts")):
        with pytest.raises(errors.InvalidSetting, match=f"{word}.*number"):
            kind(**{word: value})


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({"model": 5}, "name of a model"),
        ({"turns": "hello"}, "tuple of Turn"),
        ({"stop": "END"}, "tuple of texts"),
        ({"stop": (5,)}, "tuple of texts"),
    ],
)
async def test_a_prompts_parts_are_of_their_kinds(sandbox: Sandbox, words, hint):
    client = Client("yqcloud", base_url=sandbox.url("yqcloud"))
    prompt = Prompt(**{"turns": (Turn(role="user", text="hello"),), **words})
    for face in (client, Router([Candidate(client=client)])):
        with pytest.raises(errors.InvalidSetting, match=hint):
            await face.acomplete(prompt)
    assert not sandbox.received


@pytest.mark.parametrize("limits", [20, {"per_minute": 20}, Limits])
def test_limits_must_be_limits(limits):
    with pytest.raises(errors.InvalidSetting, match="per_minute=20"):
        Client("pi", limits=limits)


def test_a_limiters_store_is_no_name_of_a_file():
    with pytest.raises(errors.InvalidSetting, match="SqliteStore"):
        Limiter(Limits(per_minute=20), store="limits.sqlite")


@pytest.mark.parametrize("word", ["consecutive", "rate", "window", "first_open"])
def test_a_breakers_numbers_are_numbers(word):
    with pytest.raises(errors.InvalidSetting, match=f"{word}.*number"):
        BreakerPolicy(**{word: "3"})
    with pytest.raises(errors.InvalidSetting, match="BreakerPolicy"):
        Breaker(3)


@pytest.mark.parametrize("routed", [False, True])
def test_a_thread_of_another_kind_reaches_nobody(sandbox: Sandbox, routed):
    client = Client("yqcloud", base_url=sandbox.url("yqcloud"), retry=Retry(attempts=1))
    face = Router([Candidate(client=client)]) if routed else client
    with pytest.raises(errors.InvalidSetting, match="thread must be"):
        face.complete(Prompt(turns=(Turn(role="user", text="hello"),), thread="abc"))
    with pytest.raises(errors.InvalidSetting, match="a text or a Prompt"):
        face.complete(None)
    assert not sandbox.received


def test_base64_is_no_image_yet(tmp_path):
    with pytest.raises(errors.InvalidSetting, match="b64decode"):
        save("iVBORw0KGgo=", tmp_path / "image.png")


def test_a_port_that_is_none_is_told_and_not_waited_for():
    with pytest.raises(OverflowError, match="port"), Sandbox(port=99_999):
        pass


@pytest.mark.parametrize("name", [5, None, ["pi"]])
def test_a_provider_has_a_name(name):
    with pytest.raises(errors.InvalidSetting, match="named by a text"):
        Client(name)
