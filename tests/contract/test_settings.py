"""Argument beats environment beats default, for every setting of every service; words nobody knows are refused."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields

import pytest
from contract_kit import ANSWER, NAMES, client_of, every_provider, says

from freeproviders import Client, Prompt, errors, providers
from freeproviders.provider import Provider
from freeproviders.settings import variable

# Settings that take only certain words.
CHOICES = {
    "route": ("v1", "v2"),
    "start": ("conversations", "start"),
    "generation": ("2025-02", "2024-01"),
    "tool_style": ("react", "pythonic"),
}


def _default(provider: type[Provider], setting: str) -> object:
    item = next(item for item in fields(provider) if item.name == setting)
    return item.default_factory() if item.default is MISSING else item.default


def _two_values(name: str, setting: str) -> tuple[object, object]:
    default = _default(providers.get(name), setting)
    if setting in CHOICES:
        return CHOICES[setting]
    if setting == "base_url":
        return "http://127.0.0.1:1/a", "http://127.0.0.1:2/b"
    by_type = {
        bool: (not default, default),
        int: (4711, 4712),
        str: ("first", "second"),
        tuple: (("one", "two"), ("three",)),
        dict: ({"a": "1"}, {"b": "2"}),
    }
    return by_type[type(default)]


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


EVERY_SETTING = [(name, setting) for name in NAMES for setting in providers.get(name).setting_names()]
every_setting = pytest.mark.parametrize(("name", "setting"), EVERY_SETTING)


@every_setting
def test_the_environment_beats_the_default(name, setting, monkeypatch):
    value, _ = _two_values(name, setting)
    monkeypatch.setenv(variable(name, setting), _as_text(value))
    assert getattr(Client(name).provider, setting) == value


@every_setting
def test_the_argument_beats_the_environment(name, setting, monkeypatch):
    given, other = _two_values(name, setting)
    monkeypatch.setenv(variable(name, setting), _as_text(other))
    assert getattr(Client(name, **{setting: given}).provider, setting) == given


@every_setting
def test_none_counts_as_not_given(name, setting, monkeypatch):
    value, _ = _two_values(name, setting)
    monkeypatch.setenv(variable(name, setting), _as_text(value))
    assert getattr(Client(name, **{setting: None}).provider, setting) == value


@every_provider
def test_the_sandbox_variable_sends_every_service_there(sandbox, name, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    sandbox.scenario = says()
    assert Client(name).complete("hello").text == ANSWER


@every_provider
def test_a_services_own_address_beats_the_sandbox_variable(name, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", "http://127.0.0.1:1")
    monkeypatch.setenv(variable(name, "base_url"), "http://127.0.0.1:2")
    assert Client(name).provider.base_url == "http://127.0.0.1:2"


@every_setting
def test_a_misspelt_setting_names_the_nearest(name, setting):
    with pytest.raises(errors.InvalidSetting, match=f"Did you mean '{setting}'"):
        Client(name, **{f"{setting}_": "x"})


@pytest.mark.parametrize("setting", ["prompt_cap", "max_body_bytes", "max_line_bytes"])
@every_provider
def test_a_variable_that_does_not_fit_is_named(name, setting, monkeypatch):
    monkeypatch.setenv(variable(name, setting), "many")
    with pytest.raises(errors.InvalidSetting, match=variable(name, setting)):
        Client(name)


@every_setting
def test_an_argument_of_another_type_is_refused(name, setting):
    with pytest.raises(errors.InvalidSetting, match=setting):
        Client(name, **{setting: object()})


@pytest.mark.parametrize("url", ["", "pi.ai", "ftp://pi.ai", "http://", "http://[::1", "http://a:99999", "http://a b"])
@every_provider
async def test_an_address_that_is_none_is_refused(name, url):
    with pytest.raises(errors.InvalidSetting, match="base_url"):
        await Client(name, base_url=url).acomplete("hello")


def test_models_may_be_one_text():
    assert Client("yqcloud", models="gpt-5, gpt-6").provider.models == ("gpt-5", "gpt-6")


def test_an_unknown_provider_names_the_nearest():
    with pytest.raises(errors.InvalidSetting, match="Did you mean 'yqcloud'"):
        Client("yqclod")


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "127.0.0.1:1"])
def test_a_proxy_of_another_kind_is_refused(proxy):
    with pytest.raises(errors.InvalidSetting, match="proxy"):
        Client("yqcloud", proxy=proxy)


@every_provider
def test_a_configured_provider_is_taken_as_it_is(sandbox, name):
    configured = providers.get(name).configure({"base_url": sandbox.url(name)})
    assert Client(configured, user_agent=None).provider == configured


@every_provider
def test_settings_for_one_call_do_not_stay(sandbox, name):
    client = client_of(sandbox, name)
    client.complete(Prompt(turns=Prompt.of("hi").turns, settings={"user_agent": "Once/1"}))
    client.complete("hi")
    answers = [item.headers["User-Agent"] for item in sandbox.received if item.endpoint == "answer"]
    assert answers[0] == "Once/1"
    assert answers[1] == client.provider.user_agent
