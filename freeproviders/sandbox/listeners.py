"""The thread, the loop and the two sockets of a running sandbox. What is answered there is `app`'s business."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from aiohttp import web

from freeproviders.sandbox.app import App
from freeproviders.sandbox.gate import Gate

_BODY_LIMIT = 64 * 1024 * 1024
_HEADER_LIMIT = 1024 * 1024  # a scenario with a long answer travels in a header
_SHUTDOWN = 0.5  # everything under way is aborted before, so this is never reached in practice


class Listeners:
    """Serves apps from a daemon thread.

    Args:
        apps: (app, port) pairs; port 0 takes a free one.
        host: Address to listen on.
        gate: Bound to the loop of the thread.

    Attributes:
        ports: The ports taken, in the order of the apps.
    """

    def __init__(self, apps: list[tuple[App, int]], host: str, gate: Gate) -> None:
        self._apps = apps
        self._host = host
        self._gate = gate
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._wake = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="freeproviders-sandbox", daemon=True)
        self.ports: list[int] = []

    def start(self) -> None:
        """Begin to serve; returns when both sockets listen.

        Raises:
            OSError: A port is taken, or the address is not this machine's.
            OverflowError: A port is none.
        """
        self._thread.start()
        try:
            self._ready.result()
        except (OSError, OverflowError):
            self._thread.join()
            raise

    def stop(self) -> None:
        """Break off all answers, close the sockets and end the thread."""
        self._ready.result().call_soon_threadsafe(self._wake.set)
        self._thread.join()

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._gate.bind(asyncio.get_running_loop())
        runners: list[web.AppRunner] = []
        try:
            for app, port in self._apps:
                app.begin()
                runners.append(_runner(app))
                self.ports.append(await _listen(runners[-1], self._host, port))
        except (OSError, OverflowError) as error:
            await _close(runners)
            self._ready.set_exception(error)
            return
        self._ready.set_result(asyncio.get_running_loop())
        await self._wake.wait()
        for app, _ in self._apps:
            app.abort()
        await _close(runners)


def _runner(app: App) -> web.AppRunner:
    application = web.Application(client_max_size=_BODY_LIMIT)
    application.router.add_route("*", "/{path:.*}", app.handle)
    # the client's going must be seen at once, or a held answer would wait for ever
    return web.AppRunner(
        application,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=_SHUTDOWN,
        max_field_size=_HEADER_LIMIT,
    )


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return int(runner.addresses[0][1])


async def _close(runners: list[web.AppRunner]) -> None:
    for runner in runners:
        await runner.cleanup()
