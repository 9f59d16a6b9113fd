"""One sandbox for this folder's tests, and a chat model of every service that speaks to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import langchain_freeproviders as package
from freeproviders.sandbox import Sandbox

CHAT_CLASSES = [
    package.ChatPi,
    package.ChatPizzagpt,
    package.ChatAiChats,
    package.ChatYqcloud,
    package.ChatFlowGpt,
]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
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
