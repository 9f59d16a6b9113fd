"""Limits that several processes share, by a file or by Redis: exact, whoever is killed, and honest when in trouble."""

import asyncio
import contextlib
import copy
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import traceback

import pytest
from limits_kit import Worker, most_in

from freeproviders import errors
from freeproviders.limit_stores import RedisStore, SqliteStore
from freeproviders.limits import Limiter, Limits

PASSWORD = "pa55word"
SECOND = Limits(per_second=1).windows
PREFIX = "freeproviders:limits:"


class InFile:
    """A file's turns."""

    def __init__(self, path):
        self.path = path
        self.expression = f"SqliteStore({str(path)!r}, key='shared')"

    def store(self):
        return SqliteStore(self.path, key="shared")

    def moments(self):
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return [at for (at,) in connection.execute("SELECT at FROM turns WHERE key = 'shared' ORDER BY at")]

    def put_clock_back(self, seconds):
        with contextlib.closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute("UPDATE turns SET at = at + ?", (seconds,))


class InRedis:
    """A server's turns."""

    def __init__(self, port, client):
        self.client = client
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        self.expression = f"RedisStore({self.url!r}, key='shared')"

    def store(self):
        return RedisStore(self.url, key="shared")

    def moments(self):
        return [int(moment) / 1e6 for moment in self.client.lrange(PREFIX + "shared", 0, -1)]

    def put_clock_back(self, seconds):
        key = PREFIX + "shared"
        for number, moment in enumerate(self.client.lrange(key, 0, -1)):
            self.client.lset(key, number, int(moment) + seconds * 1_000_000)


@contextlib.contextmanager
def server(folder):
    """A Redis server of this test's own: its port, and a client."""
    redis = pytest.importorskip("redis", reason="pip install 'freeproviders[redis]'")
    if (program := shutil.which("redis-server")) is None:
        pytest.skip("redis-server is missing: apt install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = f"--port {port} --bind 127.0.0.1 --dir {folder} --requirepass {PASSWORD} --appendonly no --save".split()
    with subprocess.Popen([program, *words, ""], stdout=subprocess.PIPE, text=True) as process:
        assert any("Ready to accept connections" in line for line in process.stdout)
        with redis.Redis(port=port, password=PASSWORD) as client:
            yield port, client
        process.kill()


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    with server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["file", "redis"])
def shared(request, tmp_path):
    if request.param == "file":
        return InFile(tmp_path / "limits.sqlite")
    port, client = request.getfixturevalue("redis_server")
    client.flushdb()
    return InRedis(port, client)


@contextlib.contextmanager
def four(shared, turns, **words):
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(shared.expression, turns, **words)) for _ in range(4)]
        for worker in workers:
            worker.go()
        yield workers


def check(moments, turns):
    """The store's own log keeps the limit, and what the processes saw agrees with that log."""
    assert most_in(moments, 1.0) <= 10
    asked, had = sorted(before for before, _ in turns), sorted(after for _, after in turns)
    assert len(moments) >= len(turns)
    if len(moments) == len(turns):
        # A turn is written down after it was asked for, and before it is used (by a clock of microseconds).
        assert all(moment >= before - 1e-5 for moment, before in zip(moments, asked, strict=True))
        assert all(moment <= after + 1e-5 for moment, after in zip(moments, had, strict=True))


def test_four_processes_never_take_more_than_ten_turns_in_a_second(shared):
    with four(shared, 10) as workers:
        turns = [turn for worker in workers for turn in worker.rest()]
    assert len(turns) == len(shared.moments()) == 40
    check(shared.moments(), turns)


def test_four_processes_that_grab_what_they_can_get_no_turn_too_many(shared):
    with four(shared, 2000, grabs=True) as workers:
        turns = [worker.rest() for worker in workers]
    assert sum(count for (count,) in turns) == len(shared.moments()) == 2000


def test_processes_that_are_killed_take_nothing_with_them(shared):
    """Others are killed again and again while four take turns; they were always about to take one."""
    with four(shared, 10) as workers:
        turns = []
        for _ in range(4):
            with Worker(shared.expression, 0) as victim:
                victim.go()
                turns.append(victim.turn())
                victim.process.send_signal(signal.SIGKILL)
        turns += [turn for worker in workers for turn in worker.rest()]
    assert len(turns) == 44
    check(shared.moments(), turns)


_HOLDS_THE_LOCK = """
import sys, time
from freeproviders.limit_stores import SqliteStore
from freeproviders.limits import Limits

def now():
    print("in the transaction", flush=True)
    sys.stdin.read()

SqliteStore(sys.argv[1], key="shared", now=now).reserve(Limits(per_second=1).windows, 0)
"""


def test_a_process_killed_in_its_transaction_gives_back_the_lock(tmp_path):
    store = SqliteStore(tmp_path / "limits.sqlite", key="shared")
    for _ in range(3):
        command = [sys.executable, "-c", _HOLDS_THE_LOCK, str(tmp_path / "limits.sqlite")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "in the transaction\n"
            process.send_signal(signal.SIGKILL)
    assert store.reserve(SECOND, 0) == [0.0]
    assert len(InFile(tmp_path / "limits.sqlite").moments()) == 1


def test_a_turn_is_taken_by_the_first_alone_and_only_if_all_windows_have_one(shared):
    store, windows = shared.store(), Limits(per_minute=2, per_day=3).windows
    assert list(store.reserve(windows, 1)) == [0.0, 0.0]
    assert shared.moments() == []
    for _ in range(2):
        assert list(store.reserve(windows, 0)) == [0.0, 0.0]
    full = store.reserve(windows, 0)
    assert full[1] == 0.0 < full[0] <= 60.05
    later = store.reserve(windows, 5)
    assert 2 * 60.05 < later[0] <= 3 * 60.05
    assert 86_400.05 < later[1] <= 2 * 86_400.05
    assert len(shared.moments()) == 2


def test_a_clock_put_back_makes_nobody_wait_longer_than_a_window(shared):
    store, windows = shared.store(), Limits(per_second=3).windows
    for _ in range(3):
        assert list(store.reserve(windows, 0)) == [0.0]
    shared.put_clock_back(3600)
    assert 1.0 < store.reserve(windows, 0)[0] <= 1.05
    time.sleep(0.2)
    assert store.reserve(windows, 0)[0] <= 0.85


def test_a_clock_put_forward_frees_turns_early(tmp_path):
    now = 1000.0
    store = SqliteStore(tmp_path / "limits.sqlite", key="shared", now=lambda: now)
    assert store.reserve(SECOND, 0) == [0.0]
    assert store.reserve(SECOND, 0) == [pytest.approx(1.05)]
    now += 3600
    assert store.reserve(SECOND, 0) == [0.0]
    assert InFile(tmp_path / "limits.sqlite").moments() == [4600.0]


def test_keys_are_counted_apart(tmp_path):
    for key in ("one", "two"):
        assert SqliteStore(tmp_path / "limits.sqlite", key=key).reserve(SECOND, 0) == [0.0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda limiter: pickle.loads(pickle.dumps(limiter))])
def test_copies_of_a_limiter_share_its_store(shared, copied):
    limiter = Limiter(Limits(per_day=2), store=shared.store())

    async def main():
        await limiter.acquire(within=10)
        await copied(limiter).acquire(within=10)
        with pytest.raises(errors.LimitReached, match="per_day=2") as caught:
            await limiter.acquire(within=10)
        return caught.value.retry_after

    assert asyncio.run(main()) == pytest.approx(86_400, abs=60)


def test_one_store_serves_one_loop_after_another(shared):
    limiter = Limiter(Limits(per_minute=3), store=shared.store())
    assert [asyncio.run(limiter.acquire(within=10)).waited for _ in range(3)] == [0.0, 0.0, 0.0]


async def test_a_store_that_waits_does_not_hold_up_the_loop(tmp_path):
    limiter = Limiter(Limits(per_second=1), store=SqliteStore(tmp_path / "limits.sqlite", key="shared"))
    with contextlib.closing(sqlite3.connect(tmp_path / "limits.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        turn = asyncio.ensure_future(limiter.acquire(within=10))
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert not turn.done()
        other.execute("ROLLBACK")
    await turn


async def test_a_file_in_trouble_is_an_error_and_not_a_turn(tmp_path):
    limiter = Limiter(Limits(per_second=1), store=SqliteStore(tmp_path / "limits.sqlite", key="shared"))
    with contextlib.closing(sqlite3.connect(tmp_path / "limits.sqlite")) as other:
        other.execute("DROP TABLE turns")
    with pytest.raises(errors.ConnectionFailed, match=r"limits\.sqlite.*store="):
        await limiter.acquire(within=10)
    await limiter.acquire(within=10)


async def test_a_server_that_is_gone_is_an_error_that_keeps_the_password(tmp_path):
    with server(tmp_path) as (port, _):
        store = RedisStore(f"redis://:{PASSWORD}@127.0.0.1:{port}/0?password={PASSWORD}", key="shared")
        await Limiter(Limits(per_second=1), store=store).acquire(within=10)
    with pytest.raises(errors.ConnectionFailed, match=rf"redis://127\.0\.0\.1:{port} .*store=") as caught:
        await Limiter(Limits(per_second=1), store=store).acquire(within=10)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


async def test_a_server_that_refuses_is_an_error(redis_server):
    store = RedisStore(f"redis://:wrong@127.0.0.1:{redis_server[0]}/0", key="shared")
    with pytest.raises(errors.ConnectionFailed) as caught:
        await Limiter(Limits(per_second=1), store=store).acquire(within=10)
    assert ":wrong" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://me:pa55word@host:6379/0", "redis://host:6379"),
        ("redis://host?password=pa55word", "redis://host"),
        ("unix://me:pa55word@/run/redis.sock?password=pa55word", "unix:///run/redis.sock"),
        ("unix:///run/redis.sock?password=pa55word", "unix:///run/redis.sock"),
    ],
)
def test_a_password_is_in_no_repr(url, shown):
    pytest.importorskip("redis", reason="pip install 'freeproviders[redis]'")
    assert repr(RedisStore(url, key="k")) == f"RedisStore({shown!r}, key='k')"


@pytest.mark.parametrize("url", ["http://pa55word@host", "redis://me:pa55/word@host", "redis://host:pa55word"])
def test_a_url_that_cannot_be_used_is_not_quoted(url):
    pytest.importorskip("redis", reason="pip install 'freeproviders[redis]'")
    with pytest.raises(errors.InvalidSetting, match="redis://") as caught:
        RedisStore(url, key="k")
    assert "pa55" not in "".join(traceback.format_exception(caught.value)).replace(url, "")


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(errors.InvalidSetting, match=r"pip install 'freeproviders\[redis\]'"):
        RedisStore("redis://host", key="k")


def test_a_folder_that_is_missing_is_told_at_once(tmp_path):
    with pytest.raises(errors.InvalidSetting, match="folder"):
        SqliteStore(tmp_path / "missing" / "limits.sqlite", key="k")


def test_the_repr_says_where_turns_are_counted(tmp_path):
    limiter = Limiter(Limits(per_second=1), store=SqliteStore(tmp_path / "limits.sqlite", key="groq"))
    assert "limits.sqlite', key='groq')" in repr(limiter)
