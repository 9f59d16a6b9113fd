"""A SQLite file written to by threads, processes and forks, some of which are killed."""

import copy
import pickle
import sqlite3
import subprocess
import sys
import threading

import pytest

from freeproviders.errors import InvalidSetting
from freeproviders.sqlite_file import SqliteFile

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, number INTEGER NOT NULL)",
    "INSERT OR IGNORE INTO counts VALUES ('all', 0)",
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")


def add(file: SqliteFile, times: int = 1) -> None:
    for _ in range(times):
        with file.transaction() as connection:
            (number,) = connection.execute("SELECT number FROM counts").fetchone()
            connection.execute("UPDATE counts SET number = ?", (number + 1,))


def total(file: SqliteFile) -> int:
    with file.transaction() as connection:
        return connection.execute("SELECT number FROM counts").fetchone()[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "counts.sqlite"


@pytest.fixture
def file(path):
    made = SqliteFile(path, SCHEMA)
    yield made
    made.close()


HEAD = f"""
import os, signal, sys, threading
from freeproviders.sqlite_file import SqliteFile
SCHEMA = {SCHEMA!r}

def add(file, times=1):
    for _ in range(times):
        with file.transaction() as connection:
            (number,) = connection.execute("SELECT number FROM counts").fetchone()
            connection.execute("UPDATE counts SET number = ?", (number + 1,))
"""  # noqa: S608  # a script, not a query


def started(script: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", HEAD + script, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_a_transaction_writes_stays(file, path):
    add(file, 3)
    other = SqliteFile(path, SCHEMA)
    assert (total(file), total(other)) == (3, 3)
    other.close()


def test_what_a_failing_transaction_wrote_is_taken_back(file):
    with pytest.raises(KeyError), file.transaction() as connection:
        connection.execute("UPDATE counts SET number = 99")
        raise KeyError("x")
    assert total(file) == 0


def test_threads_wait_for_each_other(file):
    threads = [threading.Thread(target=add, args=(file, 100)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(file) == 1000


def test_processes_open_a_new_file_at_once_and_wait_for_each_other(path):
    script = "print('ready', flush=True); input(); add(SqliteFile(sys.argv[1], SCHEMA), 100)"
    children = [started(script, path) for _ in range(4)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    assert [child.returncode for child in children] == [0] * 4
    assert total(SqliteFile(path, SCHEMA)) == 400


@posix
def test_a_killed_process_leaves_neither_a_lock_nor_half_a_transaction(file, path):
    script = """
with SqliteFile(sys.argv[1], SCHEMA).transaction() as connection:
    connection.execute("UPDATE counts SET number = 99")
    print("inside", flush=True)
    signal.pause()
"""
    for round_number in range(5):
        child = started(script, path)
        assert child.stdout.readline() == "inside\n"
        child.kill()
        child.communicate()
        add(file)
        assert total(file) == round_number + 1


@posix
def test_forks_amid_transactions_of_other_threads_do_no_harm(path):
    script = """
file = SqliteFile(sys.argv[1], SCHEMA)
busy = threading.Thread(target=add, args=(file, 2000))
busy.start()
for _ in range(20):
    child = os.fork()
    if not child:
        add(file, 20)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
busy.join()
"""
    child = started(script, path)
    child.communicate()
    assert child.returncode == 0
    file = SqliteFile(path, SCHEMA)
    assert total(file) == 2000 + 20 * 20
    with file.transaction() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_lock_held_too_long_is_an_error_and_nothing_more(path):
    file = SqliteFile(path, SCHEMA, patience=0.01)
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            add(file)
    other.close()
    add(file)
    assert total(file) == 1


def test_a_thread_that_takes_too_long_is_an_error_for_the_others(path):
    file = SqliteFile(path, SCHEMA, patience=0.01)
    raised: list[str] = []

    def wait() -> None:
        with pytest.raises(sqlite3.OperationalError) as caught:
            add(file)
        raised.append(str(caught.value))

    with file.transaction():
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()
    assert raised == ["database is locked by another thread"]
    assert total(file) == 0


def test_tables_that_were_lost_are_made_again(file, path):
    add(file)
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE counts")
    other.close()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        total(file)
    assert total(file) == 0


def test_a_closed_file_opens_again(file):
    add(file)
    file.close()
    file.close()
    assert total(file) == 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_another_connection_to_the_same_file(file, copied):
    twin = copied(file)
    add(twin)
    twin.close()
    assert (total(file), twin.path) == (1, file.path)


def test_a_relative_path_means_the_folder_it_was_given_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = SqliteFile("counts.sqlite", SCHEMA)
    file.close()
    monkeypatch.chdir("/")
    add(file)
    assert repr(file) == f"SqliteFile({str(tmp_path / 'counts.sqlite')!r})"


@pytest.mark.parametrize("name", ["", "missing/counts.sqlite", "text.sqlite"])
def test_what_cannot_be_opened_is_named(tmp_path, name):
    (tmp_path / "text.sqlite").write_text("no database " * 100)
    with pytest.raises(InvalidSetting, match="cannot use") as caught:
        SqliteFile(tmp_path / name, SCHEMA)
    assert str(tmp_path / name) in str(caught.value)
