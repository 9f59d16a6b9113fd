"""The short form of the storm: a few hundred calls of all kinds, judged, counted and cleaned up after."""

import json
import subprocess
import sys

from soak.plans import KINDS

SEED = 7


def _soak(*arguments):
    # In a process of its own: what else runs in this one would count as left behind.
    command = [sys.executable, "-W", "error", "-m", "soak", "--seed", str(SEED), "--settle", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_hundreds_of_calls_of_all_kinds_end_as_they_must(tmp_path):
    path = tmp_path / "report.json"
    done = _soak("--calls", "400", "--in-flight", "50", "--block", "200", "--report", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(path.read_text())
    assert (report["clean"], report["wrong"], report["hung"], report["cross_talk"]) == (True, 0, 0, 0)
    assert set(report["leaks"].values()) == {0}
    assert set(report["endings"]) == set(KINDS)
    assert report["calls"] >= 400


def test_one_call_of_a_storm_is_repeated_alone():
    done = _soak("--only", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Plan(number=3" in done.stdout
    assert "1 calls" in done.stdout
