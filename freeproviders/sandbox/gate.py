"""The gate at which held answers wait. It starts closed; any thread may open or close it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Gate:
    """Lets coroutines of one loop wait for a word from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open = asyncio.Event()

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve the coroutines of this loop from now on; the gate stays as it was, open or closed."""
        was_open = self._open.is_set()
        self._loop, self._open = loop, asyncio.Event()
        if was_open:
            self._open.set()

    def release(self) -> None:
        """Let all go on which wait now or come later, until `close`."""
        self._call(self._open.set)

    def close(self) -> None:
        """Let those wait which come from now on."""
        self._call(self._open.clear)

    async def wait(self) -> None:
        """Wait until the gate is open."""
        await self._open.wait()

    def _call(self, action: Callable[[], None]) -> None:
        if self._loop is None:
            action()
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(action)
