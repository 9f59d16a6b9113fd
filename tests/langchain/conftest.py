"""One sandbox for this folder's tests, and a chat model of every service that speaks to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import langchain_freeproviders as package
from freeproviders.sandbox import Sandbox, Scenario, Settings

CHAT_CLASSES = [
    package.ChatPi,
    package.ChatPizzagpt,
    package.ChatAiChats,
    package.ChatYqcloud,
    package.ChatFlowGpt,
    package.ChatOpenAICompatible,
]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.settings = Settings()
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(params=CHAT_CLASSES, ids=lambda cls: cls.provider_name)
def chat_class(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def make(chat_class: Any, sandbox: Sandbox) -> Callable[..., Any]:
    """Makes a chat model of the service under test that speaks to the sandbox."""
    return lambda **words: chat_class(**{"base_url": sandbox.url(chat_class.provider_name), **words})


@pytest.fixture
def chat(make: Callable[..., Any]) -> Any:
    return make()


@pytest.fixture
def yqcloud(sandbox: Sandbox) -> Callable[..., package.ChatYqcloud]:
    return lambda **words: package.ChatYqcloud(**{"base_url": sandbox.url("yqcloud"), **words})


@pytest.fixture
def server(sandbox: Sandbox) -> Callable[..., package.ChatOpenAICompatible]:
    """Makes a chat model that speaks to the sandbox as to an OpenAI-compatible server."""
    return lambda **words: package.ChatOpenAICompatible(**{"base_url": sandbox.url("openai_compatible"), **words})


@pytest.fixture
def behaving(sandbox: Sandbox) -> Callable[..., Any]:
    """Makes a chat model of a service, by its name, that the sandbox serves in a way of its own."""

    def make(name: str, scenario: Scenario | None = None, **words: Any) -> Any:
        [service] = [cls for cls in CHAT_CLASSES if cls.provider_name == name]
        headers = {} if scenario is None else scenario.as_header()
        return service(**{"base_url": sandbox.url(name), "default_headers": headers, **words})

    return make


@pytest.fixture
def routed(behaving: Callable[..., Any]) -> Callable[..., package.ChatFreeRouter]:
    """Makes a router; by default its first candidate, Yqcloud, is broken, and its second, FlowGPT, well."""

    def make(*candidates: Any, **words: Any) -> package.ChatFreeRouter:
        default = (behaving("yqcloud", Scenario(status=500)), behaving("flowgpt"))
        return package.ChatFreeRouter(**{"candidates": candidates or default, **words})

    return make
