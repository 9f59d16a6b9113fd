"""The benchmarks run end to end in a short form. No speed is judged: only what does not depend on the machine."""

import json
import math
import shutil
import subprocess
import sys
import urllib.request

import pytest

from benchmarks import __main__ as program
from benchmarks import loops, measures, processes, samples, startup, wires
from benchmarks.clients import CLIENTS

TINY = measures.Sizes(
    rounds=2,
    burst=40,
    paced=3,
    calls=3,
    streams=3,
    chunks=(10, 40),
    history=(1, 3),
    tools=(640, 1280),
    at_once=(1, 2),
    sequence=2,
    start=0,
    peers=False,
)
OWN = ("freeproviders", "langchain_freeproviders", "llamaindex_freeproviders")
# Every kind of client and both ways of asking; each process imports a framework, so they are few.
CHOSEN = (
    "bare aiohttp",
    "freeproviders",
    "freeproviders, leased",
    "langchain_freeproviders, blocking",
    "langchain_freeproviders, tool",
    "llamaindex_freeproviders",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    assert program.measured(TINY, folder, clients=CHOSEN) == 0
    return folder


@pytest.fixture(scope="module")
def found(results):
    return json.loads((results / "results.json").read_text(encoding="utf-8"))


def values(found, measure, figure, client, wire):
    return [
        one["value"]
        for one in found["samples"]
        if (one["measure"], one["figure"], one["client"], one["wire"]) == (measure, figure, client, wire)
    ]


def test_nothing_fails(found):
    assert found["failures"] == []


def test_every_measure_has_its_table_and_every_client_its_rows(results):
    table = (results / "table.md").read_text(encoding="utf-8")
    for measure in measures.measures(TINY):
        if (measure.loop == "uvloop" and not loops.has_uvloop()) or (measure.secure and not shutil.which("openssl")):
            continue
        _, heading, rest = table.partition(f"(`{measure.name}`)")
        assert heading, measure.name
        rows = rest.partition("\n## ")[0]
        for client in map(CLIENTS.get, CHOSEN):
            for wire in measure.wires_of(client):
                assert f"| {client.name} | {wire} |" in rows, (measure.name, client.name, wire)


def test_each_round_has_a_ratio_to_the_bare_client(found):
    for wire in ("yqcloud", "pi", "flowgpt"):
        assert len(values(found, "burst", "cpu_us_per_chunk", "freeproviders", wire)) == TINY.rounds
        assert len(values(found, "burst", "cpu_us_per_chunk", "bare aiohttp", wire)) == TINY.rounds


def test_what_has_arrived_is_handed_on_as_few_pieces(found):
    for wire in ("yqcloud", "pi", "flowgpt"):
        # The whole answer comes in one write; even cut into a few reads it is far from a piece a chunk.
        assert max(values(found, "burst", "pieces_per_reply", "freeproviders", wire)) <= TINY.burst / 4


def test_held_connections_serve_all_calls_and_leased_ones_a_call_each(found):
    if not values(found, "tls", "connections", "bare aiohttp", "yqcloud"):
        pytest.skip("openssl makes the certificate")
    held = values(found, "tls", "connections", "freeproviders", "yqcloud")
    assert sum(held) == 1  # in all rounds together: the process keeps it
    assert values(found, "tls", "connections", "freeproviders, leased", "yqcloud") == [TINY.calls + 1] * TINY.rounds


def test_the_server_sends_what_the_plan_says():
    with processes.serving() as server:
        for wire in wires.WIRES:
            plan = wires.Plan(wire=wire, count=3, size=4)
            with urllib.request.urlopen(f"{server.origin}{plan.path}/any") as response:  # noqa: S310  # loopback
                body = response.read()
            assert [body.count(text.encode()) for text in ("000 ", "001 ", "002 ")] == [1, 1, 1], wire
        assert server.counts() == {"connections": 5, "requests": 5}


def test_a_plan_survives_its_way_through_a_url():
    plan = wires.Plan(wire="pi", count=7, size=8, pace=9, tool=True)
    assert wires.Plan.of(f"{plan.path}/api/chat") == plan
    with pytest.raises(ValueError, match="no wire is called 'morse'"):
        wires.Plan.of("/morse.1.2.3.0/")


def test_an_answer_that_is_short_is_no_result():
    with processes.serving() as server:
        worker = processes.Worker(server, "bare aiohttp")
        # Paced chunks hold the moment of their sending, in fewer characters than are asked for here.
        job = measures.Job(task="calls", plan=wires.Plan(wire="yqcloud", count=2, size=99, pace=1))
        with pytest.raises(RuntimeError, match="characters came where at least"):
            worker.run(job)
        worker.close()


def test_a_crowd_finds_its_connections_open():
    with processes.serving() as server:
        worker = processes.Worker(server, "bare aiohttp")
        job = measures.Job(task="streams", plan=wires.Plan(wire="yqcloud", count=2, pace=1), streams=3)
        asked = worker.run(job)
        worker.close()
    assert (asked["requests"], asked["connections"]) == (6, 3)


def test_growth_is_the_power_of_the_size():
    assert math.isclose(samples.exponent({10: 5.0, 100: 50.0, 1000: 500.0}), 1.0)
    assert math.isclose(samples.exponent({10: 1.0, 100: 100.0}), 2.0)


def test_a_client_that_is_not_known_is_an_error(capsys):
    with pytest.raises(SystemExit):
        program.main(["--clients", "nobody"])
    assert "no client is called nobody" in capsys.readouterr().err


@pytest.mark.parametrize("name", OWN)
def test_importing_loads_no_more_than_it_must(name):
    # Counts of modules do not depend on the machine; seconds do, and are the benchmarks' alone.
    line = [sys.executable, "-c", startup.IMPORTING, *startup.IMPORTS[name].split()]
    modules = set(json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)["names"])
    others = {"langchain_core", "llama_index", "langchain_freeproviders", "llamaindex_freeproviders"}
    mine = {"langchain_freeproviders": {"langchain_core", name}, "llamaindex_freeproviders": {"llama_index", name}}
    assert modules & others == mine.get(name, set())
    assert not [module for module in modules if module.startswith("freeproviders.sandbox")]
    assert not modules & {"playwright", "redis", "rich", "aiohttp_socks"}
