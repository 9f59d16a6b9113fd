"""The five LLMs and the router in the standard kit; each says here what it can do."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest
from kit import LLMIntegrationTests, LLMUnitTests
from under_test import call_block, result_block, service_of

from freeproviders import errors
from freeproviders.breaker import BreakerPolicy
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.sandbox.brain import pieces_of
from llamaindex_freeproviders import AiChats, FlowGpt, FreeProvider, FreeRouter, OpenAICompatible, Pi, Pizzagpt, Yqcloud

SECRETS = {
    "cookies": {"session": "s3cret-cookie"},
    "default_headers": {"X-Token": "s3cret-header"},
    "api_key": "s3cret-key",
}


class Ours:
    """What all of them have in common."""

    own_secrets: ClassVar[Mapping[str, Any]] = {}
    supports_function_calling = True
    call_text = staticmethod(call_block)
    result_text = staticmethod(result_block)
    call_marks = ("<", "{", "tool_call")

    @pytest.fixture(autouse=True)
    def _speaks_to_the_sandbox(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @property
    def answering(self) -> str:
        """The service that answers."""
        return service_of(self.llm_class)

    @property
    def llm_params(self) -> dict[str, Any]:
        return {"api_base": self.sandbox.url(self.answering)}

    @property
    def settings(self) -> dict[str, Any]:
        return {"timeout": 7.5, "max_retries": 1, "stop": ["END"], "image_format": "url", "prompt_cap": 9000}

    @property
    def secrets(self) -> dict[str, Any]:
        return {**SECRETS, **self.own_secrets}

    @property
    def secret_texts(self) -> tuple[str, ...]:
        return ("s3cret",)

    @property
    def ignored_words(self) -> tuple[str, ...]:
        return ("max_tokens", "temperature")

    @property
    def unknown_word_error(self) -> type[Exception]:
        return errors.InvalidSetting

    @property
    def unsupported_error(self) -> type[Exception]:
        return errors.UnsupportedContent

    @property
    def faults(self) -> Mapping[str, tuple[Callable[[], None], type[Exception]]]:
        return {
            "429": (self._always(status=429), errors.RateLimited),
            "500": (self._always(status=500), errors.ServerFailed),
            "cut": (self._always(cut_before_headers=True), errors.ConnectionFailed),
            "challenge": (self._always(page="cloudflare"), errors.Blocked),
            "empty": (self._always(empty=True), self.empty_error),
        }

    empty_error: type[Exception] = errors.EmptyAnswer

    @property
    def fail_once(self) -> Callable[[], None]:
        return lambda: self.sandbox.script(Scenario(status=503, retry_after="0"))

    @property
    def hold(self) -> Callable[[], Callable[[], None]]:
        def hold() -> Callable[[], None]:
            self.sandbox.script(Scenario(hold_after=1))
            return self.sandbox.release

        return hold

    @property
    def begun(self) -> Callable[[], None]:
        def wait() -> None:
            while not any(request.sent for request in self._answers()):
                time.sleep(0.005)

        return wait

    @property
    def ended(self) -> Callable[[], str]:
        return lambda: self.sandbox.received[-1].wait_closed(5)

    @property
    def received(self) -> Callable[[], str]:
        return lambda: _all_text(self.sandbox.received[-1].question)

    @property
    def asked(self) -> Callable[[], list[str]]:
        return lambda: [_all_text(request.question) for request in self._answers()]

    @property
    def replies(self) -> Callable[..., None]:
        return lambda *texts: self.sandbox.script(*(Scenario(answer=text) for text in texts))

    def _answers(self) -> list[Any]:
        return [r for r in self.sandbox.received if (r.provider, r.endpoint) == (self.answering, "answer")]

    def _always(self, **words: Any) -> Callable[[], None]:
        def fail() -> None:
            self.sandbox.scenario = Scenario(**words)

        return fail


class Streaming(Ours):
    @property
    def break_off(self) -> tuple[Callable[[], None], type[Exception]]:
        return lambda: self.sandbox.script(Scenario(cut_at=self.cut_at)), errors.StreamInterrupted

    cut_at = 200


def _all_text(question: Any) -> str:
    return "\n".join([question.system, *(text for _, text in question.history), question.text])


def _told(request: Any) -> str:
    """The words of a request, and its tools as they travel beside them."""
    return "\n".join([_all_text(request.question), *map(str, request.json.get("tools", ()))])


def _chosen(body: Any) -> str | None:
    choice = body.get("tool_choice")
    return choice["function"]["name"] if isinstance(choice, dict) else None


def _counted(body: Any, answer: str) -> tuple[int, int]:
    """As the sandbox counts: pieces of text, and three for each message."""
    asked = sum(3 + len(pieces_of(message["content"])) for message in body["messages"])
    return asked, len(pieces_of(answer))


def _shown(body: Any) -> list[str]:
    """The addresses of the images in a request, data URLs among them."""
    parts = [part for message in body["messages"] for part in message["content"] or () if isinstance(part, dict)]
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


class OfPi(Streaming):
    cut_at = 600
    llm_class = Pi
    changing_facts = ("message_sid",)
    supports_threads = True
    empty_error = errors.LoginRequired


class OfPizzagpt(Ours):
    llm_class = Pizzagpt
    supports_streaming = False
    own_secrets: ClassVar = {"secret": "s3cret-word"}


class OfAiChats(Streaming):
    llm_class = AiChats
    image_params: ClassVar = {"model": "dalle"}


class OfYqcloud(Streaming):
    llm_class = Yqcloud
    has_system_field = True
    supports_threads = True
    cut_at = 20


class OfFlowGpt(Streaming):
    llm_class = FlowGpt
    has_system_field = True
    ignored_words = ("max_tokens",)
    own_secrets: ClassVar = {"authorization": "Bearer s3cret", "device_id": "s3cret-device-0123456"}


class OfOpenAICompatible(Streaming):
    """Tools, calls and forms travel as data; the model sees images, and its tokens are counted."""

    llm_class = OpenAICompatible
    answering = "openai_compatible"
    ignored_words = ()
    has_system_field = True
    calls_travel_as_data = True
    forms_travel_as_data = True
    cut_at = 700

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "tool_mode": "native", "max_tokens": 900, "temperature": 0.5}

    @property
    def received(self) -> Callable[[], str]:
        return lambda: _told(self.sandbox.received[-1])

    @property
    def asked(self) -> Callable[[], list[str]]:
        return lambda: list(map(_told, self._answers()))

    @property
    def chosen(self) -> Callable[[], list[str | None]]:
        return lambda: [_chosen(request.json) for request in self._answers()]

    correction = "Make the corrected call"
    unfit_error = errors.BadReply

    def broken_call(self, name: str, **arguments: Any) -> str:
        return call_block(name, **arguments).replace(json.dumps(arguments), json.dumps(json.dumps(arguments)[:-3]))

    @property
    def thinks(self) -> Callable[[], str]:
        def think() -> str:
            self.sandbox.scenario = Scenario(variant="reasoning_content")
            return "Let me think."

        return think

    @property
    def shown(self) -> Callable[[], list[str]]:
        return lambda: _shown(self.sandbox.received[-1].json)

    @property
    def counted(self) -> Callable[[str], tuple[int, int]]:
        return lambda answer: _counted(self.sandbox.received[-1].json, answer)


class OfPreset(OfOpenAICompatible):
    """A preset by its name."""

    llm_class = FreeProvider

    @property
    def llm_params(self) -> dict[str, Any]:
        return {"provider": "gemini", "model": "gemini-3.8-flash", **super().llm_params}

    @property
    def settings(self) -> dict[str, Any]:
        return {name: value for name, value in super().settings.items() if name != "tool_mode"}


class OfRouter(Streaming):
    """Pizzagpt always fails, so every call goes on to Yqcloud."""

    llm_class = FreeRouter
    answering = "yqcloud"
    attempts = 2
    changing_facts = ("tried",)
    has_system_field = True
    supports_threads = True
    cut_at = 20

    @property
    def llm_params(self) -> dict[str, Any]:
        return {"candidates": [self._broken(), self._of(Yqcloud)]}

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "weights": [1.0, 2.0],
            "timeout": 7.5,
            "max_retries": 3,
            "breaker": BreakerPolicy(consecutive=2),
            "hedge_after": 7.5,
            "on_interrupt": "restart",
            "wait_for_cooldown": True,
            "stop": ["END"],
            "image_format": "url",
        }

    @property
    def secrets(self) -> dict[str, Any]:
        return {"candidates": [self._broken(secret="s3cret-word"), self._of(Yqcloud, **SECRETS)]}

    @property
    def image_params(self) -> dict[str, Any]:
        return {"model": "dalle", "candidates": [self._broken(), self._of(Yqcloud), self._of(AiChats)]}

    @property
    def faults(self) -> Mapping[str, tuple[Callable[[], None], type[Exception]]]:
        return {name: (fail, errors.AllProvidersFailed) for name, (fail, _) in super().faults.items()}

    def _broken(self, **words: Any) -> Pizzagpt:
        return self._of(Pizzagpt, default_headers=Scenario(status=500).as_header(), **words)

    def _of(self, cls: Any, **words: Any) -> Any:
        return cls(api_base=self.sandbox.url(service_of(cls)), **words)


class TestPiUnit(OfPi, LLMUnitTests): ...


class TestPizzagptUnit(OfPizzagpt, LLMUnitTests): ...


class TestAiChatsUnit(OfAiChats, LLMUnitTests): ...


class TestYqcloudUnit(OfYqcloud, LLMUnitTests): ...


class TestFlowGptUnit(OfFlowGpt, LLMUnitTests): ...


class TestOpenAICompatibleUnit(OfOpenAICompatible, LLMUnitTests): ...


class TestPresetUnit(OfPreset, LLMUnitTests): ...


class TestRouterUnit(OfRouter, LLMUnitTests): ...


class TestPi(OfPi, LLMIntegrationTests): ...


class TestPizzagpt(OfPizzagpt, LLMIntegrationTests): ...


class TestAiChats(OfAiChats, LLMIntegrationTests): ...


class TestYqcloud(OfYqcloud, LLMIntegrationTests): ...


class TestFlowGpt(OfFlowGpt, LLMIntegrationTests): ...


class TestOpenAICompatible(OfOpenAICompatible, LLMIntegrationTests): ...


class TestPreset(OfPreset, LLMIntegrationTests): ...


class TestRouter(OfRouter, LLMIntegrationTests): ...
