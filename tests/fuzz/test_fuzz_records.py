"""Stored records of breakers and limits: what another version, or anybody, has written there fails no call."""

import dataclasses
import json
import math
import sqlite3
from contextlib import closing

import pytest
from fuzz_kit import JSON, tried
from hypothesis import example, given
from hypothesis import strategies as st

from freeproviders import errors
from freeproviders.breaker import Breaker
from freeproviders.circuit import Record
from freeproviders.limit_stores import SqliteStore
from freeproviders.limits import Limits
from freeproviders.shared_state import SharedState

FIELDS = len(dataclasses.fields(Record))
MOMENTS = st.none() | st.floats() | st.integers(min_value=-(10**12), max_value=10**12)
RECORDS = st.lists(
    JSON | MOMENTS | st.lists(st.tuples(MOMENTS, st.booleans()), max_size=3), min_size=FIELDS, max_size=FIELDS
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


def _write(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@given(text=st.text(max_size=20) | JSON.map(json.dumps) | RECORDS.map(json.dumps))
@example(text="[" * 100_000)
@example(text='[1, 1, [], Infinity, Infinity, 0, null, "", ""]')
def test_a_breaker_goes_on_whatever_its_record(folder, text):
    path = folder / "breakers.sqlite"
    with closing(SharedState(path)) as state:
        breaker = Breaker(store=state, key="any")
        breaker.reset()
        _write(path, "UPDATE breakers SET record = ?", text.encode("utf-8", "replace").decode())
        permit = breaker.permit()
        assert breaker.opens_in() >= 0
        assert breaker.snapshot().state in ("closed", "open", "half_open")
        if permit is not None:
            permit.failed(errors.ServerFailed("x"))
        breaker.reset()
        assert breaker.permit() is not None


@given(at=st.floats(allow_nan=False) | st.text(alphabet="ab1.", max_size=4) | st.binary(max_size=4))
def test_a_turn_of_any_moment_makes_nobody_wait_for_longer_than_its_window(folder, at):
    path = folder / "limits.sqlite"
    windows = Limits(per_minute=1).windows
    SqliteStore(path, key="any").reserve(windows, 0)
    _write(path, "UPDATE turns SET at = ?", at)
    waits, error = tried(lambda: SqliteStore(path, key="any").reserve(windows, 0))
    assert error in (None, errors.ConnectionFailed)
    assert all(0 <= wait <= windows[0].seconds and math.isfinite(wait) for wait in waits or ())
