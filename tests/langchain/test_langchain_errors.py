"""Failures: this package's class and LangChain's at once, fallbacks that see them, nothing served as an answer."""

import pickle

import pytest
from langchain_core import exceptions as core
from pydantic import ValidationError

from freeproviders import errors
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatFlowGpt, ChatYqcloud
from langchain_freeproviders import errors as twins

KINDS = [
    (Scenario(cut_before_headers=True), errors.ConnectionFailed, core.ModelConnectionError),
    (Scenario(stall_before_headers=True), errors.TimedOut, core.ModelTimeoutError),
    (Scenario(status=429, retry_after="0"), errors.RateLimited, core.ModelRateLimitError),
    (Scenario(status=502), errors.ServerFailed, core.ModelAPIError),
    (Scenario(empty=True), errors.EmptyAnswer, core.ModelAPIError),
    (Scenario(variant="ban"), errors.Blocked, core.ModelPermissionDeniedError),
    (Scenario(status=401), errors.LoginRequired, core.ModelAuthenticationError),
    (Scenario(variant="too_long_429"), errors.PromptTooLong, core.ContextOverflowError),
    (Scenario(status=404), errors.RequestRejected, core.ModelInvalidRequestError),
]


@pytest.mark.parametrize(("scenario", "ours", "theirs"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_failure_is_both_classes_and_keeps_its_facts(yqcloud, sandbox, scenario, ours, theirs):
    sandbox.scenario = scenario
    chat = yqcloud(max_retries=0, timeout=0.5)
    for call in (chat.invoke, lambda text: list(chat.stream(text))):
        with pytest.raises(ours) as caught:
            call("hi")
        assert isinstance(caught.value, theirs)
        assert caught.value.provider == "yqcloud"


def every_error():
    values = (getattr(errors, name) for name in errors.__all__ if name != "ProviderError")
    return [value for value in values if issubclass(value, Exception)]


@pytest.mark.parametrize("cls", every_error(), ids=lambda cls: cls.__name__)
def test_every_error_has_a_twin_that_agrees_on_retrying(cls):
    raised = cls("why")
    raised.provider, raised.status = "pi", 418
    with pytest.raises(cls) as caught, twins.translated():
        raise raised
    error = caught.value
    assert isinstance(error, core.ModelError)
    assert error.is_retryable == cls.retryable
    assert (error.message, error.provider, error.status) == ("why", "pi", 418)
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "[pi] why (HTTP 418)"


def test_an_error_of_a_third_partys_own_class_passes_unchanged():
    class Own(errors.ProviderError):
        pass

    with pytest.raises(Own), twins.translated():
        raise Own("why")


def test_retry_after_is_kept(yqcloud, sandbox):
    sandbox.scenario = Scenario(status=429, retry_after="7")
    with pytest.raises(errors.RateLimited) as caught:
        yqcloud(max_retries=0).invoke("hi")
    assert caught.value.retry_after == 7


def test_a_broken_stream_tells_what_had_arrived(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("one ", "two ", "three"), cut_at=8, pause=0.05)
    seen = []
    with pytest.raises(errors.StreamInterrupted) as caught:
        for chunk in yqcloud().stream("hi"):
            seen.append(chunk.text)
    assert caught.value.partial == "".join(seen) == "one two "
    assert not caught.value.is_retryable
    assert len(sandbox.received) == 1


def test_a_fallback_takes_over_before_the_first_chunk(yqcloud, sandbox):
    sandbox.script(Scenario(variant="ban"))
    chat = yqcloud().with_fallbacks([ChatFlowGpt(base_url=sandbox.url("flowgpt"))])
    assert "".join(chunk.text for chunk in chat.stream("what is 6*7?")) == "42"


def test_bad_arguments_are_this_packages_errors():
    with pytest.raises(twins.InvalidSetting, match="base_url"):
        ChatYqcloud(base_url="ftp://x")


@pytest.mark.parametrize("word", ["cookies", "default_headers", "proxy"])
def test_a_value_of_the_wrong_kind_is_not_quoted(word):
    with pytest.raises(ValidationError, match=word) as raised:
        ChatYqcloud(**{word: ["hunter2"]})
    assert "hunter2" not in str(raised.value)
