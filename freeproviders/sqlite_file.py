"""A SQLite database that several processes and threads write to. What the tables hold is the business of its users.

A transaction takes the write lock at its beginning (BEGIN IMMEDIATE), so what it reads stays true until it has written.
The lock belongs to the process: the system gives it back when that is killed, and nothing of the transaction remains.
"""

import contextlib
import functools
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator

from freeproviders.errors import InvalidSetting

__all__ = ["SqliteFile"]

_RETRY_SECONDS = 0.01


class SqliteFile:
    """A database file with its tables; one connection a process, shared by its threads, opened anew after a fork.

    A copy, by pickle or ``copy``, is another connection to the same file.

    Args:
        path: The file; it is made when it is missing, its folder is not.
        schema: Statements that make the tables, each harmless when they exist (``CREATE TABLE IF NOT EXISTS``).
        patience: Seconds a transaction waits for those of other threads and processes; 5 by default.

    Raises:
        InvalidSetting: The file cannot be opened, or is no database.
    """

    def __init__(self, path: str | os.PathLike[str], schema: tuple[str, ...], *, patience: float = 5.0) -> None:
        self.path: str = os.path.abspath(path)  # noqa: PTH100  # resolving links would change the name the user knows
        self._schema = schema
        self._patience = patience
        self._lock = threading.Lock()
        self._close: Callable[[], object] = _nothing
        self._connection: sqlite3.Connection | None = None
        with _registry_lock:
            _files.add(self)
        try:
            with self.transaction():
                pass
        except sqlite3.Error as error:
            raise InvalidSetting(
                f"cannot use {self.path} as a SQLite database ({error}): name a file in a folder that can be written to"
            ) from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    def __reduce__(self) -> tuple[Callable[[], "SqliteFile"], tuple[()]]:
        return functools.partial(SqliteFile, self.path, self._schema, patience=self._patience), ()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Holds the write lock of the file; commits at the end, or takes all back when the body raises.

        The body must be short, and may neither fork nor begin another transaction on this object.

        Yields:
            The connection, for ``execute``.

        Raises:
            sqlite3.Error: Locked for longer than ``patience``, damaged, or no room left. The next transaction opens
                the file anew.
        """
        if not self._lock.acquire(timeout=self._patience):
            raise sqlite3.OperationalError("database is locked by another thread")
        try:
            with self._opened() as connection:  # commits or rolls back, and does not close
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except sqlite3.Error:
            self._drop()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """Closes the connection; a later transaction opens another."""
        with self._lock:
            self._drop()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            # Autocommit, as this class says itself where a transaction begins.
            connection = sqlite3.connect(
                self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
            )
            self._close = weakref.finalize(self, connection.close)
            self._prepare(connection)
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Write-ahead log, so that a commit need not wait for the disk; a file system without it keeps its journal."""
        give_up = time.monotonic() + self._patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait here when several processes open a new file at once.
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(_RETRY_SECONDS)
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in self._schema:
            connection.execute(statement)

    def _drop(self) -> None:
        self._close()
        self._connection, self._close = None, _nothing

    def hold(self) -> None:
        """Before a fork: no transaction under way, no connection open. SQLite's own locks do not survive one."""
        self._lock.acquire()
        self._drop()

    def release(self) -> None:
        """After a fork, on both sides."""
        self._lock.release()


def _nothing() -> None:
    pass


_registry_lock = threading.Lock()
_files: "weakref.WeakSet[SqliteFile]" = weakref.WeakSet()
_held: list[SqliteFile] = []


def _before_fork() -> None:
    _registry_lock.acquire()
    _held.extend(_files)
    for file in _held:
        file.hold()


def _after_fork() -> None:
    while _held:
        _held.pop().release()
    _registry_lock.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
