"""One sandbox for this folder's tests."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from under_test import LLM_CLASSES, service_of

from freeproviders.sandbox import Sandbox, Settings
from llamaindex_freeproviders import Yqcloud

pytest.register_assert_rewrite("kit")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        # Words that a test can look for where they must not be.
        sandbox.settings = Settings(
            pizzagpt_secrets={"Diavola", "s3cret-word"}, flowgpt_tokens={"Bearer s3cret", "s3cret"}
        )
        yield sandbox


@pytest.fixture(scope="session", autouse=True)
def _no_loop_by_accident() -> None:
    """Before Python 3.12 core's ``asyncio_run`` would have a loop made for the main thread, and nobody closes it."""
    asyncio.set_event_loop(None)


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(params=LLM_CLASSES, ids=service_of)
def llm_class(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def make(sandbox: Sandbox) -> Callable[..., Any]:
    """Makes an LLM that speaks to the sandbox."""
    return lambda cls, **words: cls(**{"api_base": sandbox.url(service_of(cls)), **words})


@pytest.fixture
def llm(make: Callable[..., Any], llm_class: Any) -> Any:
    return make(llm_class)


@pytest.fixture
def yqcloud(make: Callable[..., Any]) -> Yqcloud:
    return make(Yqcloud)
