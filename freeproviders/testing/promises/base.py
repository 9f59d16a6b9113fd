"""The ground of all promises: what a provider under test declares, and what each test is given. No test lives here."""

import asyncio
import functools
import inspect
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from freeproviders import registry
from freeproviders.errors import ProviderError
from freeproviders.provider import Card
from freeproviders.sandbox import Sandbox, Settings
from freeproviders.testing.guard import at_home
from freeproviders.testing.kit import client_of
from freeproviders.transport import Client

__all__ = ["Contract", "only_if", "streaming"]

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

F = TypeVar("F", bound=Callable[..., Any])


def only_if(condition: Callable[[type["Contract"]], bool]) -> Callable[[F], F]:
    """Marks a test that is collected only for contracts of which this is true."""

    def mark(test: F) -> F:
        test.only_if = condition  # type: ignore[attr-defined]  # functions take attributes
        return test

    return mark


def streaming(test: F) -> F:
    """Marks a test that is collected only for services whose answers come piece by piece."""
    return only_if(lambda contract: contract.card().streaming)(test)


@functools.cache  # one for the process; it stops at its exit
def _running_sandbox() -> Sandbox:
    sandbox = Sandbox()
    sandbox.start()
    return sandbox


def _in_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def run(*arguments: Any, **words: Any) -> None:
        async def whole() -> None:
            await test(*arguments, **words)

        asyncio.run(whole())

    return run


class Contract:
    """A provider under test; a subclass names it and declares what differs from other services.

    Coroutine tests run in a loop of their own, so no plugin for them is needed. Tests that do not apply to the service,
    as its card says, are not collected.

    Attributes:
        provider: Its name in the registry, and that of its service in the sandbox.
        meanings: By fault (the keys of ``freeproviders.testing.promises.faults.FAULTS``), the error of a service to
            which it means something else than usual.
        body: What the service gets when it is sent ``freeproviders.testing.kit.CONVERSATION``, as JSON; a compiled
            pattern stands for a value that the provider makes up. None does not look.
        headers: Headers that come with it, besides those of any browser.
        choices: Two values of each setting that takes only certain words.
        fragments: Pieces of which the service's bodies are made, for bodies nobody has thought of.
        first_reply: What plain requests before the answer's are answered with, in tests without a service.
    """

    provider: ClassVar[str] = ""
    meanings: ClassVar[Mapping[str, type[ProviderError]]] = {}
    body: ClassVar[Mapping[str, Any] | None] = None
    headers: ClassVar[Mapping[str, str]] = {}
    choices: ClassVar[Mapping[str, tuple[str, str]]] = {}
    fragments: ClassVar[Sequence[bytes]] = ()
    first_reply: ClassVar[bytes] = b"{}"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, test in list(vars(cls).items()):
            if name.startswith("test") and inspect.iscoroutinefunction(test):
                setattr(cls, name, _in_a_loop(test))
        if cls.provider:
            for name in dir(cls):
                condition = getattr(getattr(cls, name), "only_if", None)
                if condition is not None and not condition(cls):
                    setattr(cls, name, None)  # which pytest does not collect

    @classmethod
    def card(cls) -> Card:
        """What is known of the service."""
        return registry.get(cls.provider).card

    def client(self, sandbox: Sandbox, **words: Any) -> Client:
        """A client of the provider that asks the sandbox; see ``freeproviders.testing.kit.client_of``."""
        return client_of(sandbox, self.provider, **words)

    def configured(self, **words: Any) -> Client:
        """A client of the provider as anybody makes it, for tests that ask nothing of a service."""
        return Client(self.provider, **words)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Gives each setting of the provider to the tests that ask for ``setting``."""
        if "setting" in metafunc.fixturenames:
            metafunc.parametrize("setting", registry.get(self.provider).setting_names())

    @pytest.fixture(autouse=True)
    def _stays_at_home(self) -> Iterator[None]:
        with at_home() as strays:
            yield
        assert strays == []

    @pytest.fixture(autouse=True)
    def _clean_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in list(os.environ):
            if name.startswith("FREEPROVIDERS_") or name.lower() in _PROXIES:
                monkeypatch.delenv(name)

    @pytest.fixture
    def sandbox(self) -> Sandbox:
        """A sandbox without memory, with default strictness."""
        running = _running_sandbox()
        running.settings = Settings()
        running.reset()
        return running
