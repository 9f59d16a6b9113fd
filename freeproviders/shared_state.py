"""The records of circuit breakers in a SQLite file, so that several processes know the same and send one probe in all.

A transaction takes tens of microseconds, so breakers may be asked on an event loop. What lives here is the keeping; the
rules are in ``freeproviders.circuit``.
"""

import dataclasses
import functools
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from freeproviders.breaker import Memory, Step
from freeproviders.circuit import Record
from freeproviders.sqlite_file import SqliteFile

__all__ = ["SharedState"]

T = TypeVar("T")

_log = logging.getLogger("freeproviders.breaker")

_SCHEMA = "CREATE TABLE IF NOT EXISTS breakers (key TEXT PRIMARY KEY, record TEXT NOT NULL)"
_READ = "SELECT record FROM breakers WHERE key = ?"
_WRITE = "INSERT OR REPLACE INTO breakers VALUES (?, ?)"

# Far longer than transactions take; but a caller on an event loop waits for it, and all others there with it.
_PATIENCE_SECONDS = 2.0


class SharedState:
    """Keeps the records of breakers in a file: ``Breaker(store=SharedState("breakers.sqlite"), key="yqcloud")``.

    Moments are wall time, the one clock that processes have in common across restarts and reboots. Putting it back
    prolongs no opening beyond its own length, putting it forward ends openings early: one probe finds out.

    A file that cannot be used during a call does not fail the call: this process goes on with what it knew, writes a
    warning to the log ``freeproviders.breaker``, and tries the file again after a pause. What stands there then holds.

    A copy, by pickle or ``copy``, uses the same file.

    Args:
        path: The file; it is made when it is missing, its folder is not.
        pause: Seconds for which a file that could not be used is left alone.
        now: The wall clock, in seconds.

    Raises:
        InvalidSetting: The file cannot be opened, or is no database.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, pause: float = 30.0, now: Callable[[], float] = time.time
    ) -> None:
        self._file = SqliteFile(path, (_SCHEMA,), patience=_PATIENCE_SECONDS)
        self._pause = pause
        self._now = now
        self._known = Memory(now)
        self._alone_until: float | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._file.path!r})"

    def __reduce__(self) -> tuple[Callable[[], "SharedState"], tuple[()]]:
        return functools.partial(SharedState, self._file.path, pause=self._pause, now=self._now), ()

    def close(self) -> None:
        """Closes the file; a later call opens it again."""
        self._file.close()

    def change(self, key: str, step: Step[T], /) -> T:
        """Runs a step on the record of that key with no other in between, and returns the step's result."""
        if self._alone_until is None or time.monotonic() >= self._alone_until:
            try:
                return self._together(key, step)
            except sqlite3.Error as error:
                self._left_alone(error)
        return self._known.change(key, step)

    def _together(self, key: str, step: Step[T]) -> T:
        with self._file.transaction() as connection:
            row = connection.execute(_READ, (key,)).fetchone()
            before = Record() if row is None else _read(row[0])
            record, result = step(before, self._now())
            if record != before:
                connection.execute(_WRITE, (key, json.dumps(dataclasses.astuple(record))))
        self._known.put(key, record)
        if self._alone_until is not None:
            self._alone_until = None
            _log.info("%s can be used again", self._file.path)
        return result

    def _left_alone(self, error: sqlite3.Error) -> None:
        if self._alone_until is None:
            _log.warning(
                "cannot use %s (%s): this process goes on alone; see that it is a database that can be written to",
                self._file.path,
                error,
            )
        self._alone_until = time.monotonic() + self._pause


def _read(text: str) -> Record:
    """The record, or a fresh one where another version wrote something else: it is worth less than the call."""
    try:
        generation, consecutive, outcomes, until, span, grown, lease, last_error, last_message = json.loads(text)
        return Record(
            generation=int(generation),
            consecutive=int(consecutive),
            outcomes=tuple((float(moment), bool(failed)) for moment, failed in outcomes),
            until=None if until is None else float(until),
            span=float(span),
            grown=float(grown),
            lease=None if lease is None else float(lease),
            last_error=str(last_error),
            last_message=str(last_message),
        )
    except (TypeError, ValueError, OverflowError, RecursionError):
        return Record()
