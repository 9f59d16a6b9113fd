"""The constructor's words and those of a call: where values come from, what they reach, what is refused."""

import copy
import json
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.llms.function_calling import FunctionCallingLLM
from under_test import LLM_CLASSES, service_of

import llamaindex_freeproviders as package
from freeproviders import errors, registry
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import FlowGpt, FreeProvider, FreeRouter, Pi, Pizzagpt, Yqcloud

Make = Callable[..., Any]
SPELLINGS = {"base_url": "api_base", "extra_body": "additional_kwargs"}


def test_every_setting_of_a_service_is_a_field_that_shows_what_is_in_effect(llm: Any, llm_class: Any) -> None:
    provider = registry.get(service_of(llm_class))
    fields = {name: SPELLINGS.get(name, name) for name in provider.setting_names()}
    assert set(fields.values()) - set(llm_class.model_fields) == set()
    plain = provider(base_url=llm.api_base)
    shown = {name: getattr(llm, field) for name, field in fields.items() if name != "device_id"}
    assert shown == {name: getattr(plain, name) for name in shown}


@pytest.mark.parametrize("cls", [*LLM_CLASSES, FreeProvider, FreeRouter])
def test_every_field_is_documented(cls: Any) -> None:
    documentation = "".join(base.__doc__ for base in cls.__mro__ if base.__module__.startswith("llamaindex_free"))
    names = set(cls.model_fields) - set(FunctionCallingLLM.model_fields)
    assert [name for name in names if f"    {name}: " not in documentation] == []


def test_none_is_not_given(llm: Any, make: Make, llm_class: Any) -> None:
    never_none = {"is_chat_model", "is_function_calling_model", "image_format", "pydantic_program_mode"}
    words = dict.fromkeys(set(llm_class.model_fields) - never_none)
    twin = make(llm_class, **{**words, "api_base": llm.api_base})
    assert twin.to_dict() == llm.to_dict()
    assert (twin.timeout, twin.max_retries, twin.metadata) == (60.0, 3, llm.metadata)
    settings = dict.fromkeys(set(registry.get(service_of(llm_class)).setting_names()) - llm.secrets)
    assert twin.complete("What is 12*7?", **settings, stop=None, model=None).text == "84"


def test_all_names_are_exported_in_order() -> None:
    assert package.__all__ == sorted(package.__all__)
    assert {cls.__name__ for cls in LLM_CLASSES} | {"FreeProvider", "FreeRouter", "FreeImageToolSpec"} == set(
        package.__all__
    )


def test_the_environment_comes_after_the_argument_and_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_PATH", "/elsewhere")
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_NETWORK", "no")
    llm = Yqcloud(network=True)
    assert (llm.path, llm.network) == ("/elsewhere", True)


def test_the_sandbox_variable_sends_an_unchanged_program_there(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, llm_class: Any
) -> None:
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    assert llm_class().complete("What is 12*7?").text == "84"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"modle": "x"}, errors.InvalidSetting),
        ({"model": "gpt-17"}, errors.UnknownModel),
        ({"context_window": 511}, errors.InvalidSetting),
        ({"max_tokens": 0}, errors.InvalidSetting),
        ({"max_retries": -1}, errors.InvalidSetting),
        ({"timeout": 0}, errors.InvalidSetting),
        ({"proxy": "ftp://x"}, errors.InvalidSetting),
        ({"api_base": "not a URL"}, errors.InvalidSetting),
        ({"api_base": "http://a", "base_url": "http://b"}, errors.InvalidSetting),
    ],
)
def test_bad_words_are_refused_at_once(words: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        Yqcloud(**words)


def test_both_spellings_work(sandbox: Sandbox) -> None:
    llm = Yqcloud(base_url=sandbox.url("yqcloud"), extra_body={"extra": 1})
    assert (llm.api_base, llm.base_url) == (sandbox.url("yqcloud"),) * 2
    assert llm.additional_kwargs == {"extra": 1}


def test_a_calls_fields_win_over_those_of_the_constructor(make: Make, sandbox: Sandbox) -> None:
    llm = make(Yqcloud, additional_kwargs={"network": False, "stream": True})
    llm.complete("Hello.", additional_kwargs={"network": True})
    assert sandbox.received[-1].json["network"] is True
    llm.complete("Hello.")
    assert sandbox.received[-1].json["network"] is False


async def test_a_call_has_its_own_model_temperature_and_settings(make: Make, sandbox: Sandbox) -> None:
    llm = make(FlowGpt)
    await llm.acomplete("Hello.", model="gemini", temperature=0.1, nsfw=True)
    body = sandbox.received[-1].json
    assert (body["model"], body["temperature"], body["nsfw"]) == ("google-gemini", 0.1, True)
    await llm.acomplete("Hello.")
    assert sandbox.received[-1].json["model"] == llm.model == "gpt-3.5-turbo"


@pytest.mark.parametrize("words", [{"tempratur": 1}, {"timeout": 3}, {"cookies": {}}, {"default_headers": {}}])
def test_a_call_refuses_unknown_words_and_secrets(llm: Any, words: dict[str, Any]) -> None:
    """Core writes the arguments of calls into its events."""
    with pytest.raises(errors.InvalidSetting):
        llm.chat([ChatMessage(content="Hello.")], **words)


def test_a_call_passes_over_what_core_adds(llm: Any) -> None:
    noise = {"tools": None, "tool_choice": None, "tool_required": False, "allow_parallel_tool_calls": False}
    assert llm.chat([ChatMessage(content="What is 12*7?")], **noise).message.content == "84"
    assert llm.complete("What is 12*7?", formatted=True).text == "84"


def test_a_thread_must_be_an_object(yqcloud: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="thread"):
        yqcloud.complete("Hello.", thread="#/chat/1")


def test_a_service_without_threads_says_so(make: Make) -> None:
    with pytest.raises(errors.UnsupportedContent, match="conversations"):
        make(Pizzagpt).complete("Hello.", thread={})


def test_the_raw_answer_says_how_many_attempts_it_took(llm: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(status=503, retry_after="0"))
    raw = llm.complete("Hello.").raw
    assert (raw["attempts"], raw["finish_reason"], raw["provider"]) == (2, "stop", llm.card.name)


def test_an_ignored_word_of_a_call_is_reported(yqcloud: Any) -> None:
    with pytest.warns(IgnoredParameterWarning, match="Yqcloud has no field for temperature"):
        yqcloud.complete("Hello.", temperature=0.5)


def test_copying_reports_nothing_again(make: Make) -> None:
    with pytest.warns(IgnoredParameterWarning):
        llm = make(Yqcloud, temperature=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [copy.deepcopy(llm).temperature, pickle.loads(pickle.dumps(llm)).temperature] == [0.5, 0.5]


def test_flowgpt_has_a_field_for_temperature(make: Make, sandbox: Sandbox) -> None:
    make(FlowGpt, temperature=0.25).complete("Hello.")
    assert sandbox.received[-1].json["temperature"] == 0.25


def test_a_device_stays_with_the_copies_and_is_not_shared(make: Make, sandbox: Sandbox) -> None:
    llm = make(FlowGpt)
    for twin in (llm, copy.deepcopy(llm), pickle.loads(pickle.dumps(llm)), llm.model_copy()):
        twin.complete("Hello.")
        twin.complete("Hello.")
    assert {request.headers["x-flow-device-id"] for request in sandbox.received} == {llm.device_id}
    assert make(FlowGpt).device_id != llm.device_id


def test_assigning_to_a_field_takes_effect(yqcloud: Any, sandbox: Sandbox) -> None:
    yqcloud.complete("Hello.")
    yqcloud.network = False
    yqcloud.complete("Hello.")
    yqcloud.additional_kwargs["network"] = True
    yqcloud.complete("Hello.")
    assert [request.json["network"] for request in sandbox.received] == [True, False, True]


def test_a_copy_takes_changes_in_both_spellings(yqcloud: Any) -> None:
    twin = yqcloud.model_copy(update={"base_url": "http://elsewhere", "model": "gpt-3.5-turbo"})
    assert (twin.api_base, twin.metadata.model_name) == ("http://elsewhere", "gpt-3.5-turbo")
    with pytest.raises(errors.InvalidSetting, match="'model'"):
        yqcloud.model_copy(update={"modle": "x"})


def test_an_error_of_types_quotes_no_secret() -> None:
    with pytest.raises(ValueError, match="default_headers") as raised:
        Yqcloud(default_headers=["s3cret"])
    assert "s3cret" not in str(raised.value)


def test_cookies_renewed_by_the_service_are_sent_again_and_copied(make: Make, sandbox: Sandbox) -> None:
    llm = make(Pi, cookies="__Host-session=signed-in-session")
    sandbox.script(Scenario(set_cookies={"__Host-session": "renewed"}))
    llm.complete("Hello.")
    pickle.loads(pickle.dumps(llm)).complete("Hello.")
    assert sandbox.received[-1].cookies["__Host-session"] == "renewed"


def test_a_dump_has_the_proxy_without_its_credentials() -> None:
    llm = Yqcloud(proxy="http://user:s3cret@proxy.example:8080")
    assert llm.to_dict()["proxy"] == "http://proxy.example:8080"
    assert "s3cret" not in repr(llm)
    assert pickle.loads(pickle.dumps(llm)).proxy == "http://user:s3cret@proxy.example:8080"


class TestFreeProvider:
    def test_answers_as_the_service_it_names(self, sandbox: Sandbox, llm_class: Any) -> None:
        name = service_of(llm_class)
        llm = FreeProvider(provider=name, base_url=sandbox.url(name))
        assert llm.complete("What is 12*7?").text == "84"
        assert llm.metadata == llm_class().metadata

    def test_takes_the_settings_of_the_service_as_words(self, sandbox: Sandbox) -> None:
        llm = FreeProvider(provider="pi", base_url=sandbox.url("pi"), route="v2")
        llm.complete("Hello.")
        assert llm.settings["route"] == "v2"
        assert sandbox.received[-1].path == "/api/v2/chat"

    def test_a_dump_gives_the_same_llm_without_its_secrets(self) -> None:
        llm = FreeProvider(provider="flowgpt", authorization="Bearer s3cret", nsfw=True)
        dump = json.loads(llm.to_json())
        twin = FreeProvider.from_dict(dump)
        assert "s3cret" not in f"{dump}{llm!r}{llm}"
        assert (twin.settings["nsfw"], twin.settings["authorization"]) == (True, "Bearer null")
        assert pickle.loads(pickle.dumps(llm)).settings == llm.settings

    def test_a_copy_keeps_the_settings_it_does_not_change(self) -> None:
        llm = FreeProvider(provider="pi", route="v2")
        twin = llm.model_copy(update={"start": "conversations"})
        assert {**llm.settings, "start": "conversations"} == twin.settings
        assert llm.model_copy().settings == llm.settings

    @pytest.mark.parametrize("words", [{}, {"provider": "yqcluod"}, {"provider": "pi", "network": True}])
    def test_unknown_services_and_words_are_refused(self, words: dict[str, Any]) -> None:
        with pytest.raises(errors.InvalidSetting):
            FreeProvider(**words)
