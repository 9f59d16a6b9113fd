"""Every fault has its error class, however the network cuts it; the message says who failed and what can be done."""

from dataclasses import replace

import pytest
from aiohttp import compression_utils
from contract_kit import (
    ANSWER,
    MEANINGS,
    NAMES,
    NO_TEXT,
    NOT_THE_PROTOCOL,
    client_of,
    collected,
    every_provider,
    every_streaming_provider,
    says,
)

from freeproviders import Client, Retry, errors
from freeproviders.sandbox import Scenario

LIMITS = {"max_line_bytes": 1000, "max_body_bytes": 1500}
LONG = Scenario(long_line=2000)
BANNED = Scenario(page="cloudflare", status=200)
same = lambda kind: dict.fromkeys(NAMES, kind)  # noqa: E731  # a row of the table below

FAULTS: dict[str, tuple[Scenario, dict[str, type[errors.ProviderError]]]] = {
    **{str(status): (Scenario(status=status), same(errors.ServerFailed)) for status in (500, 502, 503, 504, 520)},
    "429": (Scenario(status=429), same(errors.RateLimited)),
    "402": (Scenario(status=402), same(errors.RateLimited)),
    "408": (Scenario(status=408), same(errors.TimedOut)),
    "413": (Scenario(status=413), same(errors.PromptTooLong)),
    "404": (Scenario(status=404), same(errors.RequestRejected)),
    "401": (Scenario(status=401), {name: MEANINGS.get((name, 401), errors.LoginRequired) for name in NAMES}),
    "403": (Scenario(status=403), {name: MEANINGS.get((name, 403), errors.RequestRejected) for name in NAMES}),
    "400": (Scenario(status=400), {name: MEANINGS.get((name, 400), errors.RequestRejected) for name in NAMES}),
    "challenge 403": (Scenario(page="cloudflare"), same(errors.Blocked)),
    "challenge 200": (Scenario(page="cloudflare", status=200), same(errors.Blocked)),
    "challenge 503": (Scenario(page="cloudflare", status=503), same(errors.Blocked)),
    "blocked 403": (Scenario(page="cloudflare_blocked"), same(errors.Blocked)),
    "blocked 200": (Scenario(page="cloudflare_blocked", status=200), same(errors.Blocked)),
    "cloudfront 403": (Scenario(page="cloudfront"), same(errors.Blocked)),
    "cloudfront 200": (Scenario(page="cloudfront", status=200), same(errors.Blocked)),
    "waf 405": (Scenario(page="waf"), same(errors.Blocked)),
    "waf 202": (Scenario(page="waf", status=202), same(errors.Blocked)),
    "login redirect": (Scenario(page="login"), same(errors.LoginRequired)),
    "empty": (Scenario(empty=True), NO_TEXT),
    "garbage": (Scenario(garbage=True), NOT_THE_PROTOCOL),
    "white space": (Scenario(pieces=(" ", "\n")), NO_TEXT),
    "broken gzip": (Scenario(headers={"Content-Encoding": "gzip"}), same(errors.BadReply)),
}


@pytest.mark.parametrize("size", [None, 1], ids=["whole", "single bytes"])
@pytest.mark.parametrize("fault", FAULTS)
@every_provider
async def test_a_fault_has_its_error_class(sandbox, name, fault, size):
    scenario, classes = FAULTS[fault]
    sandbox.scenario = replace(scenario, fragment=size)
    with pytest.raises(errors.ProviderError) as caught:
        await collected(client_of(sandbox, name))
    assert (type(caught.value), caught.value.provider) == (classes[name], name)
    assert str(caught.value).startswith(f"[{name}] ")


@every_provider
async def test_a_fault_is_the_same_for_a_whole_answer(sandbox, name):
    sandbox.scenario = BANNED
    with pytest.raises(errors.Blocked, match="cookies"):
        await client_of(sandbox, name).acomplete("hello")


@every_provider
async def test_an_over_long_answer_names_its_limit(sandbox, name):
    sandbox.scenario = LONG
    with pytest.raises(errors.BadReply, match=r"max_(line|body)_bytes"):
        await client_of(sandbox, name, **LIMITS).acomplete("hello")


@every_provider
async def test_no_answer_at_all_is_a_failed_connection(sandbox, name):
    sandbox.scenario = Scenario(cut_before_headers=True)
    with pytest.raises(errors.ConnectionFailed):
        await collected(client_of(sandbox, name))


@every_provider
async def test_a_closed_port_is_a_failed_connection(name):
    with pytest.raises(errors.ConnectionFailed, match=name):
        await Client(name, base_url="http://127.0.0.1:9", retry=Retry(attempts=1)).acomplete("hello")


@pytest.mark.skipif(getattr(compression_utils, "HAS_ZSTD", False), reason="zstd can be read here")
@every_provider
async def test_an_encoding_that_was_not_offered_is_a_bad_reply(sandbox, name):
    sandbox.scenario = says(compress="zstd")
    with pytest.raises(errors.BadReply, match="cannot be read"):
        await collected(client_of(sandbox, name))


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None), ("0", 0.0)])
@every_provider
async def test_a_rate_limit_carries_the_wait_the_service_asks_for(sandbox, name, header, seconds):
    sandbox.scenario = Scenario(status=429, retry_after=header)
    with pytest.raises(errors.RateLimited) as caught:
        await client_of(sandbox, name).acomplete("hello")
    assert (caught.value.retry_after, caught.value.status) == (seconds, 429)


@every_provider
async def test_a_retry_after_may_be_a_date(sandbox, name):
    sandbox.scenario = Scenario(status=429, retry_after="Wed, 01 Jan 2098 00:00:00 GMT")
    with pytest.raises(errors.RateLimited) as caught:
        await client_of(sandbox, name).acomplete("hello")
    assert caught.value.retry_after > 0


@every_provider
async def test_an_error_whose_body_breaks_off_keeps_its_class(sandbox, name):
    sandbox.scenario = Scenario(status=429, cut_at=3)
    with pytest.raises(errors.RateLimited):
        await collected(client_of(sandbox, name))


@every_streaming_provider
async def test_an_error_after_the_first_piece_tells_what_had_come(sandbox, name):
    sandbox.scenario = Scenario(pieces=("one", "x" * 3000), hold_after=1)
    events = client_of(sandbox, name, max_line_bytes=1000, max_body_bytes=1000).astream("hello")
    assert (await anext(events)).text == "one"
    sandbox.release()
    with pytest.raises(errors.StreamInterrupted, match=r"max_(line|body)_bytes") as caught:
        await anext(events)
    assert (caught.value.partial, type(caught.value.__cause__)) == ("one", errors.BadReply)


STALE = {
    "pizzagpt, the secret": ("pizzagpt", {"pizzagpt_secrets": {"Quattro"}}, errors.RequestRejected, "secret"),
    "pizzagpt, the body": ("pizzagpt", {"pizzagpt_generations": set()}, errors.RequestRejected, "generation"),
    "yqcloud, the origin": ("yqcloud", {"yqcloud_origins": {"https://new.example"}}, errors.RequestRejected, "origin"),
    "flowgpt, the route": ("flowgpt", {"flowgpt_skew": -1.0}, errors.LoginRequired, "authorization"),
    "pi, the session": ("pi", {"pi_login_required": True}, errors.LoginRequired, "cookies"),
    "aichats, the cookies": ("aichats", {"aichats_cookies_required": True}, errors.Blocked, "cookies"),
    "yqcloud, the length": ("yqcloud", {"yqcloud_prompt_limit": 3}, errors.PromptTooLong, "too long"),
}


@pytest.mark.parametrize(("name", "strictness", "kind", "word"), STALE.values(), ids=STALE)
async def test_a_refusal_names_the_setting_that_went_stale(sandbox, name, strictness, kind, word):
    for setting, value in strictness.items():
        setattr(sandbox.settings, setting, value)
    with pytest.raises(kind, match=word):
        await collected(client_of(sandbox, name))


@every_provider
async def test_a_service_that_has_moved_is_told_by_its_path(sandbox, name):
    sandbox.scenario = Scenario(status=404)
    with pytest.raises(errors.RequestRejected, match="base_url"):
        await collected(client_of(sandbox, name))


@every_provider
def test_errors_reach_a_blocking_caller_unchanged(sandbox, name):
    sandbox.scenario = Scenario(status=500)
    client = client_of(sandbox, name)
    with pytest.raises(errors.ServerFailed):
        client.complete("hello")
    with pytest.raises(errors.ServerFailed):
        list(client.stream("hello"))


@every_provider
async def test_a_client_works_on_after_an_error(sandbox, name):
    client = client_of(sandbox, name)
    sandbox.script(Scenario(status=500), says())
    with pytest.raises(errors.ServerFailed):
        await client.acomplete("hello")
    assert (await client.acomplete("hello")).text == ANSWER
