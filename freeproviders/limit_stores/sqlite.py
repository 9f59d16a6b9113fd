"""Counts turns in a SQLite file, for the processes of one machine."""

import functools
import os
import sqlite3
import time
from collections.abc import Callable, Sequence

from freeproviders.errors import ConnectionFailed
from freeproviders.limits import Window
from freeproviders.sqlite_file import SqliteFile

__all__ = ["SqliteStore"]

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS turns (key TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS turns_in_order ON turns (key, at)",
)
_BRING_BACK = "UPDATE turns SET at = :now WHERE key = :key AND at > :now"
_TURN_AGO = "SELECT at FROM turns WHERE key = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
_TAKE = "INSERT INTO turns VALUES (?, ?)"
_FORGET = "DELETE FROM turns WHERE key = ? AND at < ?"


class SqliteStore:
    """Counts turns in a file: ``Limiter(limits, store=SqliteStore("limits.sqlite", key="groq"))``.

    A process that is killed leaves at most a turn that nobody used. Moments are wall time, the one clock processes
    have in common across restarts. If it is put back, turns that seem to lie in the future count as taken now, so
    nobody waits longer than a window; if it is put forward, windows end early.

    A copy, by pickle or ``copy``, uses the same file.

    Args:
        path: The file; it is made when it is missing, its folder is not. It must be on a disk of this machine.
        key: Whose turns these are. A file holds any number of keys; limiters that share one need the same limits.
        now: The wall clock, in seconds.

    Raises:
        InvalidSetting: The file cannot be opened, or is no database.
    """

    def __init__(self, path: str | os.PathLike[str], *, key: str, now: Callable[[], float] = time.time) -> None:
        self._file = SqliteFile(path, _SCHEMA)
        self._key = key
        self._now = now

    def __repr__(self) -> str:
        return f"SqliteStore({self._file.path!r}, key={self._key!r})"

    def __reduce__(self) -> tuple[Callable[[], "SqliteStore"], tuple[()]]:
        return functools.partial(SqliteStore, self._file.path, key=self._key, now=self._now), ()

    def reserve(self, windows: Sequence[Window], ahead: int) -> Sequence[float]:
        """Takes a turn, as ``Store`` says; waits 5 s at most for other processes.

        Raises:
            ConnectionFailed: The file is locked for longer, damaged, or the disk is full.
        """
        try:
            with self._file.transaction() as connection:
                return self._reserve(connection, windows, ahead)
        except sqlite3.Error as error:
            raise ConnectionFailed(
                f"the rate limits cannot be read from {self._file.path} ({error}): free the file or name another, or "
                f"leave out store= to count in this process alone"
            ) from error

    def _reserve(self, connection: sqlite3.Connection, windows: Sequence[Window], ahead: int) -> Sequence[float]:
        def turn_ago(number: int) -> float | None:
            row = connection.execute(_TURN_AGO, (self._key, number - 1)).fetchone()
            return None if row is None else float(row[0])

        now = self._now()
        connection.execute(_BRING_BACK, {"now": now, "key": self._key})
        waits = [window.wait(ahead, now, turn_ago) for window in windows]
        if not ahead and not any(waits):
            connection.execute(_TAKE, (self._key, now))
            connection.execute(_FORGET, (self._key, now - max(window.seconds for window in windows)))
        return waits
