"""Takes requests in: finds service, route and scenario, keeps the record, and sees every answer to its end."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterable

from aiohttp import web

from freeproviders.sandbox import login
from freeproviders.sandbox.answer import Answer, Refusal
from freeproviders.sandbox.brain import Brain
from freeproviders.sandbox.delivery import Delivery
from freeproviders.sandbox.gate import Gate
from freeproviders.sandbox.override import check_variant, override
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.scenario import HEADER, Scenario
from freeproviders.sandbox.service import Exchange, Route, Service
from freeproviders.sandbox.settings import Settings

_WELL = Scenario()
_LOG = logging.getLogger(__name__)


class Plan:
    """What scenario comes next: a queue, and one for all requests beside it. Any thread may change it."""

    def __init__(self) -> None:
        self.scenario: Scenario | None = None
        self._script: deque[Scenario | None] = deque()
        self._lock = threading.Lock()

    def script(self, steps: Iterable[Scenario | None]) -> None:
        """Queue scenarios for the next requests."""
        with self._lock:
            self._script.extend(steps)

    def reset(self) -> None:
        """Forget the queue and the scenario for all."""
        with self._lock:
            self._script.clear()
            self.scenario = None

    def next_for(self, endpoint: str, header: str | None) -> Scenario:
        """Choose the scenario of a request.

        Args:
            endpoint: Its endpoint; queue entries for another endpoint stay where they are.
            header: Its own scenario as JSON, which beats the rest.

        Returns:
            The scenario.

        Raises:
            Refusal: 400 for a header that is no scenario.
        """
        if header is not None:
            return _only_for(endpoint, _parsed(header))
        with self._lock:
            if self._script and (self._script[0] or _WELL).applies_to(endpoint):
                return self._script.popleft() or _WELL
            return _only_for(endpoint, self.scenario or _WELL)


class App:
    """The request handler of one listener.

    Args:
        services: The services it speaks; a lone service with an empty name has no prefix.
        plan: Where scenarios come from.
        gate: Where held answers wait.
        brain: What answers.
    """

    def __init__(self, services: Iterable[Service], plan: Plan, gate: Gate, brain: Brain) -> None:
        self._services = {service.name: service for service in services}
        self._plan = plan
        self._gate = gate
        self._brain = brain
        self._active: set[asyncio.Transport] = set()
        self._stopping = False
        self.settings: Settings = Settings()
        self.image_url = ""
        self.received: list[Received] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, whatever it is."""
        name, _, rest = request.path.removeprefix("/").partition("/")
        if rest == "login":
            return login.respond(request, name, self.settings)
        if request.path == "/" and request.method == "GET":
            places = " ".join(f"/{service}" for service in self._services)
            return web.Response(text=f"sandbox: simulated chat services below {places}\n")
        service = self._services.get(name)
        if service is None:
            return web.Response(status=404, text=f"sandbox: no service {name!r}; known: {', '.join(self._services)}")
        body = await request.read()
        route, problem = _route(service, request.method, "/" + rest)
        received = Received(
            request=request, provider=name, endpoint=route.endpoint if route else "unknown", path="/" + rest, body=body
        )
        self.received.append(received)
        return await self._watched(request, received, service, route or problem)

    def begin(self) -> None:
        """Get ready to serve, for the first time or again."""
        self._stopping = False

    def abort(self) -> None:
        """Break off all answers under way; the outcome of each becomes "cut"."""
        self._stopping = True
        for transport in list(self._active):
            transport.abort()

    async def _watched(
        self, request: web.Request, received: Received, service: Service, found: Route | Refusal
    ) -> web.StreamResponse:
        transport = request.transport
        if transport is not None:
            self._active.add(transport)
        try:
            return await self._respond(request, received, service, found)
        except (asyncio.CancelledError, ConnectionResetError) as gone:
            received.finish("cut" if self._stopping else "client closed")
            # A client that leaves is no error of the server: aiohttp is silent about the one and logs the other.
            raise asyncio.CancelledError from gone
        except Exception:
            # a brain that fails in mid-answer: the client must not take what it has for the whole
            received.finish("cut")
            raise
        finally:
            self._active.discard(transport)

    async def _respond(
        self, request: web.Request, received: Received, service: Service, found: Route | Refusal
    ) -> web.StreamResponse:
        try:
            route = _found(found)
            scenario = self._plan.next_for(received.endpoint, request.headers.get(HEADER))
            check_variant(scenario, route, service)
            answer = await self._answer(received, service, route, scenario)
        except Refusal as refused:
            return await Delivery(request, received, _WELL, self._gate).send(service.refusal(refused), "refused")
        except Exception as error:  # noqa: BLE001  # a brain is anybody's code
            _LOG.exception("the brain or a handler failed")
            failed = service.error(500, f"sandbox: no answer: {error!r}")
            return await Delivery(request, received, _WELL, self._gate).send(failed)
        return await Delivery(request, received, scenario, self._gate).send(answer)

    async def _answer(self, received: Received, service: Service, route: Route, scenario: Scenario) -> Answer:
        exchange = Exchange(
            received=received,
            scenario=scenario,
            settings=self.settings,
            brain=self._brain,
            image_url=self.image_url,
        )
        answer = override(scenario, await route.handler(exchange), service)
        if scenario.set_cookies:
            service.sent_cookies(exchange)
        return answer


def _found(found: Route | Refusal) -> Route:
    if isinstance(found, Refusal):
        raise found
    return found


def _only_for(endpoint: str, scenario: Scenario) -> Scenario:
    return scenario if scenario.applies_to(endpoint) else _WELL


def _parsed(header: str) -> Scenario:
    try:
        return Scenario.from_json(header)
    except (TypeError, ValueError) as error:
        raise Refusal(400, f"sandbox: {error}") from error


def _route(service: Service, method: str, path: str) -> tuple[Route | None, Refusal]:
    found = [route for route in service.routes if route.matches(path)]
    for route in found:
        if route.method == method:
            return route, Refusal(500, "")
    if found:
        methods = ", ".join(sorted({route.method for route in found}))
        return None, Refusal(405, f"sandbox: {path} wants {methods}, not {method}")
    return None, Refusal(404, f"sandbox: {service.name} has no path {path}")
