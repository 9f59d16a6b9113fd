"""Argument beats environment beats default, for every setting of every service; words nobody knows are refused."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields

import pytest

from freeproviders import errors, registry
from freeproviders.provider import Provider
from freeproviders.sandbox import Sandbox
from freeproviders.settings import variable
from freeproviders.testing.kit import ANSWER, says
from freeproviders.testing.promises.base import Contract
from freeproviders.transport import Client
from freeproviders.wire import Prompt

__all__ = ["OwnSettings"]

_BY_TYPE: Mapping[type, tuple[object, object]] = {
    int: (4711, 4712),
    float: (4.5, 2.5),
    str: ("first", "second"),
    tuple: (("one", "two"), ("three",)),
    dict: ({"a": "1"}, {"b": "2"}),
}
_CHOICES: Mapping[str, tuple[object, object]] = {
    "base_url": ("http://127.0.0.1:1/a", "http://127.0.0.1:2/b"),
    "tool_style": ("react", "pythonic"),
}


def _default(provider: type[Provider], setting: str) -> object:
    item = next(item for item in fields(provider) if item.name == setting)
    if item.default_factory is not MISSING:
        return item.default_factory()
    return item.default


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


class OwnSettings(Contract):
    """Argument beats environment beats default."""

    def _two_values(self, setting: str) -> tuple[object, object]:
        choices: Mapping[str, tuple[object, object]] = {**_CHOICES, **self.choices}
        if setting in choices:
            return choices[setting]
        default = _default(registry.get(self.provider), setting)
        return (not default, default) if isinstance(default, bool) else _BY_TYPE[type(default)]

    def test_the_environment_beats_the_default(self, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
        value, _ = self._two_values(setting)
        monkeypatch.setenv(variable(self.provider, setting), _as_text(value))
        assert getattr(self.configured().provider, setting) == value

    def test_the_argument_beats_the_environment(self, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
        given, other = self._two_values(setting)
        monkeypatch.setenv(variable(self.provider, setting), _as_text(other))
        assert getattr(self.configured(**{setting: given}).provider, setting) == given

    def test_none_counts_as_not_given(self, setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
        value, _ = self._two_values(setting)
        monkeypatch.setenv(variable(self.provider, setting), _as_text(value))
        assert getattr(self.configured(**{setting: None}).provider, setting) == value

    def test_the_sandbox_variable_sends_every_service_there(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
        sandbox.scenario = says()
        assert self.configured().complete("hello").text == ANSWER

    def test_a_services_own_address_beats_the_sandbox_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FREEPROVIDERS_SANDBOX", "http://127.0.0.1:1")
        monkeypatch.setenv(variable(self.provider, "base_url"), "http://127.0.0.1:2")
        assert self.configured().provider.base_url == "http://127.0.0.1:2"

    def test_a_misspelt_setting_names_the_nearest(self, setting: str) -> None:
        with pytest.raises(errors.InvalidSetting, match=f"Did you mean '{setting}'"):
            self.configured(**{f"{setting}_": "x"})

    @pytest.mark.parametrize("number", ["prompt_cap", "max_body_bytes", "max_line_bytes"])
    def test_a_variable_that_does_not_fit_is_named(self, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(variable(self.provider, number), "many")
        with pytest.raises(errors.InvalidSetting, match=variable(self.provider, number)):
            self.configured()

    def test_an_argument_of_another_type_is_refused(self, setting: str) -> None:
        with pytest.raises(errors.InvalidSetting, match=setting):
            self.configured(**{setting: object()})

    @pytest.mark.parametrize(
        "url", ["", "pi.ai", "ftp://pi.ai", "http://", "http://[::1", "http://a:99999", "http://a b"]
    )
    async def test_an_address_that_is_none_is_refused(self, url: str) -> None:
        with pytest.raises(errors.InvalidSetting, match="base_url"):
            await self.configured(base_url=url).acomplete("hello")

    def test_a_configured_provider_is_taken_as_it_is(self, sandbox: Sandbox) -> None:
        configured = registry.get(self.provider).configure({"base_url": sandbox.url(self.provider)})
        assert Client(configured, user_agent=None).provider == configured

    def test_settings_for_one_call_do_not_stay(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        client.complete(Prompt(turns=Prompt.of("hi").turns, settings={"user_agent": "Once/1"}))
        client.complete("hi")
        answers = [item.headers["User-Agent"] for item in sandbox.received if item.endpoint == "answer"]
        assert answers[0] == "Once/1"
        assert answers[1] == client.provider.user_agent
