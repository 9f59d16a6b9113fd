"""Shared by all suites: no connection leaves this machine, no setting leaks in from outside, one sandbox per worker."""

import os
from collections.abc import Iterator

import hypothesis
import pytest
from loopback_guard import strays

from freeproviders.sandbox import Sandbox, Settings

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

# The same examples on every machine, however busy it is, and no directory left behind.
hypothesis.settings.register_profile("steady", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _at_home() -> Iterator[None]:
    strays.clear()
    yield
    assert not strays, strays


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FREEPROVIDERS_") or name.lower() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _running_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(_running_sandbox: Sandbox) -> Sandbox:
    """A sandbox without memory, with default strictness."""
    _running_sandbox.settings = Settings()
    _running_sandbox.reset()
    return _running_sandbox
