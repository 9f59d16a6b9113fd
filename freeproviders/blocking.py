"""Synchronous calls over asynchronous code: one background event loop for the whole process.

It works in scripts, in threads and inside a notebook's running loop, without touching any loop but its own. It starts
with the first call, is forgotten after a fork (the child starts its own) and closes its connections at exit.
A synchronous call blocks the thread it is made in, and with it an event loop that runs there: a server on that same
loop cannot answer, so use the asynchronous calls there.
"""

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from typing import Any, Generic, TypeVar

from freeproviders import sessions
from freeproviders.errors import ProviderError

__all__ = ["Portal", "portal"]

T = TypeVar("T")

# Items a stream may run ahead of its reader before it pauses.
_RUN_AHEAD = 64
_CLEAN_UP_SECONDS = 10.0


class Portal:
    """A background thread with an event loop, started on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine function on the background loop, in the caller's context, and returns its result.

        An interrupt of the waiting thread cancels the coroutine.

        Raises:
            RuntimeError: When called on the background loop itself, which it would block for ever.
            ProviderError: When the program is ending and the loop has not been started before.
        """
        loop = self._started()
        future = asyncio.run_coroutine_threadsafe(function(), loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def batches(self, function: Callable[[], AsyncGenerator[T, None]]) -> Generator[list[T], None, None]:
        """Iterates an asynchronous generator from this thread, giving all that has arrived since the last time.

        Closing the iterator closes the generator.
        """
        loop = self._started()
        pipe: _Pipe[T] = _Pipe(loop)
        filled = asyncio.run_coroutine_threadsafe(pipe.fill(function()), loop)
        try:
            yield from pipe.drain()
        except BaseException:
            self._end(loop, pipe, filled)
            raise
        filled.result()  # the generator has ended by itself, perhaps with an error

    def _end(
        self, loop: asyncio.AbstractEventLoop, pipe: "_Pipe[Any]", filled: "concurrent.futures.Future[None]"
    ) -> None:
        """Ends a stream and waits for its generator's own clean-up: when this returns, its connection is closed."""
        if self._loop is not loop:
            return  # the portal was closed, and all its tasks with it; or this is a forked child, and they are not ours
        with contextlib.suppress(RuntimeError):  # closed since
            loop.call_soon_threadsafe(pipe.stop)
        # An abandoned iterator is closed by the garbage collector, which runs wherever it likes: on this very loop too.
        if self._thread is not threading.current_thread():
            # Limited, as the collector may also have struck while this thread held a lock the loop wants.
            concurrent.futures.wait([filled], timeout=_CLEAN_UP_SECONDS)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._thread is threading.current_thread():
            raise RuntimeError("a synchronous call on freeproviders' own event loop would wait for itself: use await")
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="freeproviders", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError as error:  # the interpreter is ending, and lets no thread begin
                    self._loop.close()
                    self._loop = self._thread = None
                    raise ProviderError("the program is ending: a first blocking call can no longer begin") from error
            return self._loop

    def close(self) -> None:
        """Stops the loop and closes its connections; a later call starts a new one."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def forget(self) -> None:
        """Drops the loop without touching it: after a fork it belongs to the parent, its selector included."""
        self.__init__()  # type: ignore[misc]  # a new lock too: the parent's may have been taken at the fork


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    holding = loop.create_task(sessions.hold())
    loop.run_forever()
    tasks = asyncio.all_tasks(loop) | {holding}
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


class _Pipe(Generic[T]):
    """Hands items from a task on the loop to a thread, with a bounded lead."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Each item in a tuple of its own; an empty one is the end.
        self._items: queue.SimpleQueue[tuple[T, ...]] = queue.SimpleQueue()
        self._room = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False

    async def fill(self, generator: AsyncGenerator[T, None]) -> None:
        self._task = asyncio.current_task()
        try:
            async with contextlib.aclosing(generator):
                if not self._stopped:
                    async for item in generator:
                        self._items.put((item,))
                        if self._items.qsize() >= _RUN_AHEAD:
                            self._room.clear()
                            await self._room.wait()
        finally:
            self._items.put(())

    def stop(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def drain(self) -> Iterator[list[T]]:
        more = True
        while more:
            taken = [self._items.get()]
            while not self._items.empty():
                taken.append(self._items.get())
            # It has paused only if there were so many, and then they were all taken here.
            if len(taken) >= _RUN_AHEAD:
                self._loop.call_soon_threadsafe(self._room.set)
            more = bool(taken[-1])
            if items := [item for part in taken for item in part]:
                yield items


portal: Portal = Portal()
"""The process's portal."""

atexit.register(portal.close)
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=portal.forget)
