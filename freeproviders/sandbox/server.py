"""The `Sandbox`: the public face. Sockets live in `listeners`, requests in `app`, protocols in the handler files."""

from __future__ import annotations

import atexit
from types import TracebackType

from freeproviders.sandbox.aichats import AiChats
from freeproviders.sandbox.app import App, Plan
from freeproviders.sandbox.brain import Brain
from freeproviders.sandbox.flowgpt import FlowGpt
from freeproviders.sandbox.gate import Gate
from freeproviders.sandbox.listeners import Listeners
from freeproviders.sandbox.openai import OpenAI
from freeproviders.sandbox.pi import Pi
from freeproviders.sandbox.pictures import Pictures
from freeproviders.sandbox.pizzagpt import Pizzagpt
from freeproviders.sandbox.plugged import plugged_in
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.rule_brain import RuleBrain
from freeproviders.sandbox.scenario import Scenario
from freeproviders.sandbox.service import Service
from freeproviders.sandbox.settings import Settings
from freeproviders.sandbox.yqcloud import Yqcloud


class Sandbox:
    """A strict local server that speaks the services' wire protocols, in a thread and a loop of its own.

    Packages add services to it by an entry point ``freeproviders.sandbox``: a name and a subclass of `Service`.
    Use it as a context manager, or call `start` and `stop`. All methods may be called from any thread.

    Args:
        brain: What answers; the rule-based responder by default.
        scenario: How to behave at every request; None behaves well.
        port: Port of the services; 0 takes a free one. The image listener always takes a free one.
        host: Loopback address to listen on.

    Attributes:
        variants: Per service, the variants a `Scenario` may name.
    """

    def __init__(
        self,
        brain: Brain | None = None,
        scenario: Scenario | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self._host, self._port = host, port
        self._plan, self._gate = Plan(), Gate()
        self._plan.scenario = scenario
        self._pictures = Pictures()
        own: tuple[Service, ...] = (Pi(), Pizzagpt(), AiChats(self._pictures), Yqcloud(), FlowGpt(), OpenAI())
        self._services = (*own, *plugged_in({service.name for service in own}))
        answers = brain or RuleBrain()
        self._chat = App(self._services, self._plan, self._gate, answers)
        self._images = App([self._pictures], self._plan, self._gate, answers)
        self._listeners: Listeners | None = None
        self.variants: dict[str, tuple[str, ...]] = {
            service.name: tuple(sorted(service.variants("any"))) for service in self._services
        }

    def __enter__(self) -> Sandbox:  # noqa: PYI034  # typing.Self came with Python 3.11
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and serve; returns when both sockets are open.

        Raises:
            OSError: The port is taken.
            RuntimeError: It runs already.
        """
        if self._listeners is not None:
            raise RuntimeError("the sandbox runs already")
        listeners = Listeners([(self._chat, self._port), (self._images, 0)], self._host, self._gate)
        listeners.start()
        self._listeners = listeners
        self._chat.image_url = self.image_url
        # a notebook that never stops its sandbox shall still end without warnings
        atexit.register(self.stop)

    def stop(self) -> None:
        """Break off all answers and free thread and sockets; does nothing if it does not run."""
        listeners, self._listeners = self._listeners, None
        if listeners is not None:
            listeners.stop()
            atexit.unregister(self.stop)

    def url(self, provider: str | None = None) -> str:
        """Give the address of the server, or of one service.

        Args:
            provider: Name of a service.

        Returns:
            An address without a slash at the end; a client appends the service's own path.

        Raises:
            KeyError: No such service.
            RuntimeError: The sandbox does not run.
        """
        root = self._root(0)
        if provider is None:
            return root
        if provider not in self.variants:
            raise KeyError(f"no service {provider!r}; known: {', '.join(self.variants)}")
        return f"{root}/{provider}"

    @property
    def image_url(self) -> str:
        """Address of the image listener, which is another origin."""
        return self._root(1)

    @property
    def received(self) -> list[Received]:
        """The chat requests so far, in order of arrival."""
        return list(self._chat.received)

    @property
    def received_images(self) -> list[Received]:
        """The image downloads so far, in order of arrival."""
        return list(self._images.received)

    @property
    def scenario(self) -> Scenario | None:
        """How every request is answered which has no scenario of its own."""
        return self._plan.scenario

    @scenario.setter
    def scenario(self, scenario: Scenario | None) -> None:
        self._plan.scenario = scenario

    @property
    def settings(self) -> Settings:
        """How strict the services are; change its fields, or assign a fresh one."""
        return self._chat.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._chat.settings = settings

    def script(self, *steps: Scenario | None) -> None:
        """Queue scenarios: each serves the next request of the endpoint it is for; None behaves well.

        Args:
            steps: Scenarios in order; afterwards `scenario` applies again.
        """
        self._plan.script(steps)

    def release(self) -> None:
        """Let all held answers go on, and those held later too, until `hold` or `reset`."""
        self._gate.release()

    def hold(self) -> None:
        """Hold answers again which reach their `hold_after` from now on."""
        self._gate.close()

    def reset(self) -> None:
        """Forget requests, script, scenario, conversations, sessions and pictures; `settings` stay as they are."""
        self._plan.reset()
        self._gate.close()
        for service in (*self._services, self._pictures):
            service.reset()
        self._chat.received.clear()
        self._images.received.clear()

    def _root(self, listener: int) -> str:
        if self._listeners is None:
            raise RuntimeError("the sandbox does not run; use it as a context manager or call start()")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._listeners.ports[listener]}"
