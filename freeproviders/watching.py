"""Watches a response from beside its reader: for silence, and for a connection that breaks where it should end."""

import asyncio

import aiohttp

__all__ = ["Ending", "IdleWatch"]


class IdleWatch:
    """Closes a response that has been silent for too long while somebody waited for it.

    One timer runs per stream and looks back when it fires, so that a read costs no timer of its own.

    Args:
        limit: Seconds of silence.
        response: What is closed after them.
    """

    def __init__(self, limit: float, response: aiohttp.ClientResponse) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._response = response
        self._waiting_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.expired: bool = False

    def __enter__(self) -> None:
        self._waiting_since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._limit, self._look)

    def __exit__(self, *_: object) -> None:
        self._waiting_since = None

    def stop(self) -> None:
        """Ends the watch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def message(self) -> str:
        """What to say once the limit has passed."""
        return f"the answer paused for more than {self._limit:g} s"

    def _look(self) -> None:
        now = self._loop.time()
        since = now if self._waiting_since is None else self._waiting_since
        left = since + self._limit - now
        if left <= 0:
            self.expired = True
            # What aiohttp raises in the reader of a closed response is one object for all: it would keep every
            # reader's frames, with what was asked and answered, as long as the process lives.
            self._response.content.set_exception(aiohttp.ClientConnectionError(self.message))
            self._response.close()
        else:
            self._timer = self._loop.call_later(left, self._look)


class Ending:
    """Tells whether a body that only the end of its connection ends was cut by a reset.

    aiohttp takes a reset for the end of such a body (one with neither a length nor chunks), and the answer would be
    short without a word.

    Args:
        response: A response of which the head has just arrived.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._closed: asyncio.Future[None] | None = None
        framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
        if response.connection is not None and not framed:
            self._closed = getattr(response.connection.protocol, "closed", None)
        if self._closed is not None:
            self._closed.add_done_callback(_failure)

    @property
    def error(self) -> BaseException | None:
        """What broke the connection, if anything has."""
        return None if self._closed is None or not self._closed.done() else _failure(self._closed)


def _failure(closed: "asyncio.Future[None]") -> BaseException | None:
    # Asking marks the exception as seen; asyncio would complain about it in the log.
    return None if closed.cancelled() else closed.exception()
