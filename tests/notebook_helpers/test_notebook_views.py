"""Cards, presets, routers and errors have a tidy, harmless, self-contained HTML without secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from notebook_kit import HOSTILE, client, text_of

from freeproviders import Router, errors, registry
from freeproviders.limits import Limits
from freeproviders.notebook.markup import link
from freeproviders.presets import Published, presets
from freeproviders.sandbox import Scenario
from freeproviders.testing.clock import ManualClock
from langchain_freeproviders import ChatFreeRouter, ChatYqcloud
from llamaindex_freeproviders import FreeRouter, Yqcloud

REFUSED = Scenario(status=429, retry_after="30")
GONE = Scenario(page="cloudflare")


@pytest.fixture(autouse=True)
def _sent_to_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


@pytest.mark.parametrize("card", registry.cards(), ids=lambda card: card.name)
def test_a_card_says_what_is_known(card):
    text = text_of(card._repr_html_())
    for word in (card.title, card.site, card.models[0], card.verified, card.evidence):
        assert " ".join(word.split()) in text
    assert ("login" in text) == (card.login or "login" in card.evidence)


def test_a_card_names_what_the_service_can_and_keeps_many_models_short():
    card = replace(
        registry.get("pi").card,
        models=tuple(f"model-{number}" for number in range(20)),
        native_json="schema",
        login=False,
        limits=Limits(per_minute=3),
    )
    text = text_of(card._repr_html_())
    assert "model-7 and 12 more" in text
    assert "model-8" not in text
    assert "streams threads JSON by schema" in text
    assert "limits kept 3 a minute verified" in text


def test_a_card_of_a_service_with_other_models_besides_says_so():
    card = replace(registry.get("pi").card, open_models=True)
    assert "pi and others" in text_of(card._repr_html_())


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_says_what_is_known(preset):
    text = text_of(preset._repr_html_())
    for word in (preset.title, preset.name, preset.status, preset.site, preset.verified_on, *preset.key_variables):
        assert word in text
    assert ("(needed)" in text) == preset.key_needed


def test_a_preset_names_its_free_limits():
    preset = next(iter(presets().values()))
    told = Published(rpm=30, rpd=1000, per_period=5, period="week", scope="account")
    text = text_of(replace(preset, limits=told)._repr_html_())
    assert "30 requests a minute, 1000 requests a day, 5 requests a week (for each account)" in text
    assert "free limits" not in text_of(replace(preset, limits=Published())._repr_html_())


def test_a_router_says_who_is_asked_and_who_is_left_alone(sandbox):
    router = Router([client(sandbox, "pizzagpt", REFUSED), client(sandbox, "flowgpt", GONE), "pi", "yqcloud"])
    assert text_of(router._repr_html_()).count("is asked no calls") == 4
    router.complete("hello")
    text = text_of(router._repr_html_())
    assert "pizzagpt Pizzagpt left alone for 30 s 1 of 1 failed RateLimited: the service answered" in text
    assert "flowgpt FlowGPT left alone for" in text
    assert "Blocked:" in text
    assert "pi Pi is asked 0 of 1 failed yqcloud Yqcloud is asked no calls" in text
    assert "asked in this order" in text


def test_a_router_says_who_is_tried_again(sandbox):
    clock = ManualClock()
    router = Router([client(sandbox, "pizzagpt", REFUSED), "pi"], clock=clock.clock, weighted=True)
    for _ in range(20):  # an order drawn by chance asks the failing one sooner or later
        router.complete("hello")
    clock.now += 31
    text = text_of(router._repr_html_())
    assert "pizzagpt Pizzagpt is tried again" in text
    assert "order drawn by weights" in text


def test_the_routers_of_both_frameworks_look_the_same(sandbox):
    core = Router(["pi", "yqcloud"])._repr_html_()
    assert ChatFreeRouter(candidates=["pi", "yqcloud"])._repr_html_() == core
    assert FreeRouter(candidates=["pi", "yqcloud"])._repr_html_() == core


def test_an_error_says_what_happened_and_what_to_do(sandbox):
    with pytest.raises(errors.RateLimited) as caught:
        client(sandbox, "pizzagpt", REFUSED).complete("hello")
    text = text_of(caught.value._repr_html_())
    assert text.startswith("RateLimited error asking again may help")
    assert caught.value.message in text
    assert "service pizzagpt status HTTP 429 ask again in 30 s" in text


def test_an_error_without_a_service_is_short():
    assert text_of(errors.InvalidSetting("no such thing")._repr_html_()) == "InvalidSetting error no such thing"


def test_a_broken_answer_is_shown_on_a_click():
    error = errors.StreamInterrupted("it broke off", partial="Once upon", provider="pi")
    text = text_of(error._repr_html_())
    assert text.endswith("what had come: 9 characters Once upon")
    assert "what had come" not in text_of(errors.StreamInterrupted("it broke off")._repr_html_())


def test_a_router_without_an_answer_says_what_each_one_said(sandbox):
    router = Router([client(sandbox, "pizzagpt", REFUSED), client(sandbox, "flowgpt", GONE)])
    with pytest.raises(errors.AllProvidersFailed):
        router.complete("hello")
    with pytest.raises(errors.AllProvidersFailed) as caught:
        router.complete("hello")
    text = text_of(caught.value._repr_html_())
    assert "candidate asked what it said ask again" in text
    assert "pizzagpt no left alone after RateLimited in" in text
    assert "flowgpt no left alone after Blocked in" in text


def test_the_attempts_of_a_call_have_their_errors_and_times():
    tried = errors.Tried(candidate="pi", error=errors.TimedOut("too slow"), seconds=2.5)
    silent = errors.Tried(candidate="yqcloud", seconds=1.0)
    text = text_of(errors.AllProvidersFailed("nobody", attempts=(tried, silent))._repr_html_())
    assert "pi 2.5 s TimedOut too slow at once yqcloud 1.0 s slower than another at once" in text


def test_an_error_of_the_langchain_package_looks_as_the_cores(sandbox):
    with pytest.raises(errors.RateLimited) as caught:
        ChatYqcloud(default_headers=REFUSED.as_header(), max_retries=0).invoke("hello")
    assert text_of(caught.value._repr_html_()).startswith("RateLimited error")


# Whatever a service says is text.


@pytest.mark.parametrize(
    "shown",
    [
        replace(
            registry.get("pi").card, title=HOSTILE, site=HOSTILE, models=(HOSTILE,), evidence=HOSTILE, name=HOSTILE
        ),
        replace(next(iter(presets().values())), title=HOSTILE, site=HOSTILE, note=HOSTILE, data_use=HOSTILE),
        errors.StreamInterrupted(HOSTILE, partial=HOSTILE, provider=HOSTILE),
        errors.AllProvidersFailed(
            HOSTILE, attempts=(errors.Tried(candidate=HOSTILE, error=errors.Blocked(HOSTILE), last=HOSTILE),)
        ),
    ],
    ids=["card", "preset", "broken answer", "failed router"],
)
def test_hostile_text_is_inert(shown):
    assert "<script>window.hit = 1</script>" in text_of(shown._repr_html_())


def test_hostile_words_of_a_service_are_inert_in_a_router(sandbox):
    page = Scenario(status=400, body="<script>window.hit = 1</script>")
    router = Router([client(sandbox, "flowgpt", page), "pi"])
    router.complete("hello")
    assert "RequestRejected" in text_of(router._repr_html_())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//host", "", 'ftp://x/"><script>'])
def test_only_web_addresses_are_links(url):
    assert "<a" not in link(url)
    text_of(link(url))


def test_a_web_address_is_a_link_whatever_is_in_it():
    assert link('https://x/"onclick="y') == (
        '<a href="https://x/&quot;onclick=&quot;y" target="_blank" rel="noopener noreferrer">'
        "https://x/&quot;onclick=&quot;y</a>"
    )


def test_no_secret_is_shown(sandbox):
    secret = "s3cr3t-value"
    words = {"cookies": {"session": secret}, "default_headers": {"Authorization": secret}}
    pizza = client(sandbox, "pizzagpt").provider.with_settings({"secret": secret})
    chats = [ChatYqcloud(**words), ChatYqcloud(name="other", proxy=f"http://user:{secret}@127.0.0.1:9")]
    llms = [Yqcloud(**words)]
    shown = [Router([pizza]), ChatFreeRouter(candidates=chats), FreeRouter(candidates=llms), pizza.card]
    assert [one for one in shown if secret in one._repr_html_()] == []
