"""Circuit breakers of several processes that share a file: they know the same and send one probe in all."""

import copy
import logging
import pickle
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy
from freeproviders.circuit import Record
from freeproviders.shared_state import SharedState

POLICY = BreakerPolicy(lease=3600.0)
HOUR = 3600.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")


class Wall:
    """A wall clock, ahead of the true one by what the test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "breakers.sqlite"


@pytest.fixture
def state(path, wall) -> Iterator[SharedState]:
    made = SharedState(path, now=wall)
    yield made
    made.close()


@pytest.fixture
def breaker(state):
    return Breaker(POLICY, store=state, key="pi")


def fail(breaker: Breaker, times: int = 1, error: BaseException | None = None) -> None:
    for _ in range(times):
        breaker.permit().failed(error or errors.ServerFailed("down"))


HEAD = """
import sys, threading
from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy
from freeproviders.circuit import Record
from freeproviders.shared_state import SharedState
breaker = Breaker(BreakerPolicy(lease=3600.0), store=SharedState(sys.argv[1]), key="pi")
print("ready", flush=True)
input()
"""


def started(script: str, path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", HEAD + script, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def go(children: "list[subprocess.Popen[str]]") -> None:
    """Lets all begin once all are ready."""
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()


def ended(children: "list[subprocess.Popen[str]]") -> list[str]:
    outputs = [child.communicate() for child in children]
    assert [(error, child.returncode) for (_, error), child in zip(outputs, children, strict=True)] == [
        ("", 0) for _ in children
    ]
    return [output for output, _ in outputs]


# Several processes.


def test_failures_of_all_processes_count_together(breaker, path):
    children = [started("breaker.permit().failed(errors.TimedOut('slow'))", path) for _ in range(3)]
    go(children)
    ended(children)
    seen = breaker.snapshot()
    assert (seen.state, seen.consecutive, seen.last_error, seen.last_message) == ("open", 3, "TimedOut", "slow")


def test_threads_of_four_processes_send_one_probe_in_all(breaker, wall, path):
    wall.ahead = -HOUR  # so that the opening is over by the true time
    fail(breaker, 3)
    script = """
permits = []
threads = [threading.Thread(target=lambda: permits.append(breaker.permit())) for _ in range(25)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(permits), sum(permit is not None and permit.probe for permit in permits), flush=True)
input()  # keeps its permits until all have asked
"""
    children = [started(script, path) for _ in range(4)]
    go(children)
    counted = [tuple(map(int, child.stdout.readline().split())) for child in children]
    assert [asked for asked, _ in counted] == [25] * 4
    assert sum(probes for _, probes in counted) == 1
    for child in children:
        child.stdin.write("end\n")
    ended(children)


@posix
def test_after_the_lease_of_a_killed_process_another_probe_may_go(breaker, wall, path):
    wall.ahead = -HOUR
    fail(breaker, 3)
    wall.ahead = 0.0
    child = started("permit = breaker.permit()\nprint(permit.probe, flush=True)\ninput()", path)
    go([child])
    assert child.stdout.readline() == "True\n"
    child.kill()
    child.communicate()
    assert breaker.permit() is None
    wall.ahead = HOUR
    probe = breaker.permit()
    assert probe.probe
    assert breaker.permit() is None
    probe.succeeded()
    assert breaker.snapshot().state == "closed"


@posix
def test_a_forked_child_shares_the_file_and_leaves_the_parents_probe_alone(path):
    script = """
import os, time
now = [time.time()]
state = SharedState(sys.argv[1], now=lambda: now[0])
breaker = Breaker(BreakerPolicy(consecutive=1), store=state, key="pi")
breaker.permit().failed(errors.ServerFailed("down"))
now[0] += 15
probe = breaker.permit()
for speaking in (True, False):
    child = os.fork()
    if not child:
        if speaking:
            probe.succeeded()
        del probe
        assert breaker.permit() is None
        Breaker(BreakerPolicy(consecutive=1), store=state, key="yqcloud").reset()
        Breaker(BreakerPolicy(consecutive=1), store=state, key="yqcloud").permit().failed(errors.TimedOut("slow"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
assert breaker.permit() is None
assert Breaker(store=state, key="yqcloud").snapshot().last_error == "TimedOut"
probe.succeeded()
assert breaker.snapshot().state == "closed"
"""
    child = started(script, path)
    go([child])
    ended([child])


# One file.


def test_keys_are_apart(state, breaker):
    fail(breaker, 3)
    assert breaker.permit() is None
    assert Breaker(POLICY, store=state, key="yqcloud").permit()


def test_a_restarted_process_knows_what_was_known(path, breaker):
    fail(breaker, error=errors.RateLimited("busy", retry_after=HOUR))
    again = Breaker(POLICY, store=SharedState(path), key="pi")
    assert again.permit() is None
    assert HOUR - 600 < again.opens_in() <= HOUR
    assert again.snapshot().last_message == "busy"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_shares_the_file(path, copied):
    breaker = Breaker(POLICY, store=SharedState(path), key="pi")
    fail(breaker, 3)
    twin = copied(breaker)
    assert twin.permit() is None
    twin.reset()
    assert breaker.permit()


def test_a_store_needs_a_key(state):
    with pytest.raises(errors.InvalidSetting, match="key"):
        Breaker(store=state)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    path = tmp_path / "missing" / "breakers.sqlite"
    with pytest.raises(errors.InvalidSetting, match=str(path)):
        SharedState(path)


def test_it_is_shown_by_its_path(state, path):
    assert repr(state) == f"SharedState({str(path)!r})"


# The wall clock.


def test_a_clock_put_back_prolongs_no_opening_beyond_its_length(breaker, wall):
    fail(breaker, error=errors.RateLimited("x", retry_after=100.0))
    wall.ahead = -1000 * HOUR
    assert 99 < breaker.opens_in() <= 100
    wall.ahead += 100
    assert breaker.permit().probe


def test_a_clock_put_back_prolongs_no_lease_beyond_its_length(breaker, wall):
    fail(breaker, 3)
    wall.ahead = 900.0
    probe = breaker.permit()
    wall.ahead = -1000 * HOUR
    assert breaker.permit() is None
    wall.ahead += HOUR
    assert breaker.permit().probe
    probe.abandoned()


def test_a_clock_put_back_keeps_outcomes_no_longer_than_the_window(breaker, wall):
    fail(breaker, 2)
    wall.ahead = -1000 * HOUR
    assert breaker.snapshot().calls == 2
    wall.ahead += 61
    assert breaker.snapshot().calls == 0


def test_a_clock_put_forward_ends_an_opening_by_one_probe(breaker, wall):
    fail(breaker, 3)
    wall.ahead = 1000 * HOUR
    probe = breaker.permit()
    assert probe.probe
    assert breaker.permit() is None


# Trouble with the file.


def damaged(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE breakers")
    other.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


def test_a_locked_file_is_warned_of_once_and_calls_go_on_with_what_was_known(breaker, path, caplog):
    fail(breaker, 2)
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        assert breaker.snapshot().consecutive == 2
        fail(breaker)
        assert breaker.permit() is None
    other.close()
    assert breaker.snapshot().state == "open"
    assert len(warnings(caplog)) == 1
    assert str(path) in warnings(caplog)[0]
    assert caplog.records[0].name == "freeproviders.breaker"


def test_after_a_pause_the_file_is_used_again(path, caplog):
    caplog.set_level(logging.INFO, "freeproviders.breaker")
    state = SharedState(path, pause=0.0)
    breaker = Breaker(POLICY, store=state, key="pi")
    fail(breaker, 3)
    damaged(path)
    assert breaker.permit() is None  # as it remembers
    assert breaker.permit()  # as the file says, made anew
    fail(breaker, 3)
    assert Breaker(POLICY, store=SharedState(path), key="pi").permit() is None
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_what_is_no_database_any_more_is_warned_of_once_however_often_it_is_tried(path, caplog):
    state = SharedState(path, pause=0.0)
    breaker = Breaker(POLICY, store=state, key="pi")
    state.close()
    path.write_text("no database " * 1000)
    fail(breaker, 3)
    assert breaker.permit() is None
    assert len(warnings(caplog)) == 1
    path.unlink()
    assert breaker.permit()


@pytest.mark.parametrize(
    "written",
    ["", "nonsense", "{}", "[]", "[1, 2, 3]", '["x", 0, [], null, 0, 0, null, "", ""]', "[Infinity" + ", 0" * 8 + "]"],
)
def test_a_record_that_cannot_be_read_is_begun_afresh(breaker, path, written):
    fail(breaker, 3)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE breakers SET record = ?", (written,))
    other.close()
    assert breaker.snapshot().state == "closed"
    fail(breaker, 3)
    assert breaker.permit() is None


def test_every_field_of_a_record_survives_the_file(state, path):
    record = Record(
        generation=7,
        consecutive=2,
        outcomes=((1.1, True), (1e9 / 3, False)),
        until=2e9 / 3,
        span=0.1,
        grown=30.0,
        lease=1e9,
        last_error="TimedOut",
        last_message='langsam: "größer"\n\0',
    )
    state.change("pi", lambda *_: (record, None))
    assert SharedState(path).change("pi", lambda kept, _: (kept, kept)) == record
