"""Shared by all suites: no connection leaves this machine, no setting leaks in from outside, one sandbox per worker."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from freeproviders.presets import presets
from freeproviders.sandbox import Sandbox, Settings
from freeproviders.testing.guard import at_home

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

# The same examples on every machine, however busy it is, and no directory left behind.
hypothesis.settings.register_profile("steady", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _at_home() -> Iterator[None]:
    with at_home():
        yield


@pytest.fixture(autouse=True, scope="session")
def _hears_signals() -> Iterator[None]:
    """A shell starts jobs in the background deaf to Ctrl-C, nohup to the end of the terminal; children inherit that."""
    heard = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in heard.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def strays() -> Iterator[list[str]]:
    """Attempts of the test to leave this machine; what is left of them at its end is a failure."""
    with at_home() as attempts:
        yield attempts
    assert attempts == []


@pytest.fixture(scope="session")
def _no_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, _no_config: Path) -> None:
    for name in list(os.environ):
        if name.startswith("FREEPROVIDERS_") or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("FREEPROVIDERS_CONFIG", str(_no_config))  # neither presets nor logins of whoever runs the tests
    for preset in presets().values():  # nor their keys
        for name in (*preset.key_variables, *re.findall(r"{(\w+)}", preset.base_url)):
            monkeypatch.delenv(name, raising=False)


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
