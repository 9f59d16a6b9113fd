"""Asking services whether they work: results, the file they are kept in, and the order they give a router."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from freeproviders import Router, errors
from freeproviders.checking import Check, check, fastest_first, read, save
from freeproviders.sandbox import Scenario


async def _results(sandbox, *names: str, **words) -> dict[str, Check]:
    return {one.provider: one async for one in check(names, **words)}


@pytest.fixture(autouse=True)
def _at_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


async def test_every_service_is_asked_once(sandbox):
    results = await _results(sandbox)
    assert all(one.works and one.first is not None and one.verified for one in results.values())
    assert sorted(results) == ["aichats", "flowgpt", "pi", "pizzagpt", "yqcloud"]


async def test_one_that_fails_says_what_to_do_and_spoils_nothing(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_PIZZAGPT_BASE_URL", "http://127.0.0.1:9")
    results = await _results(sandbox, "pizzagpt", "yqcloud")
    assert (results["yqcloud"].works, results["pizzagpt"].works) == (True, False)
    assert results["pizzagpt"].error == "ConnectionFailed"
    assert "base_url" in results["pizzagpt"].message


async def test_a_bad_setting_of_one_service_is_its_result(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_YQCLOUD_BASE_URL", "nonsense")
    assert (await _results(sandbox, "yqcloud", "pi"))["yqcloud"].error == "InvalidSetting"


async def test_an_unknown_name_is_told_before_anybody_is_asked(sandbox):
    with pytest.raises(errors.InvalidSetting, match="yqcloud"):
        await _results(sandbox, "yqcloud", "yqclod")
    assert not sandbox.received


async def test_results_come_as_they_are_ready(sandbox):
    # Its answer is held back until another service's result is there: as long as one had to wait for all, none came.
    sandbox.script(Scenario(hold_after=0))
    seen = []
    async for one in check(["yqcloud", "flowgpt", "pizzagpt"]):
        seen.append(one.provider)
        sandbox.release()
    assert sorted(seen) == ["flowgpt", "pizzagpt", "yqcloud"]


async def test_who_stops_listening_ends_all_questions(sandbox):
    sandbox.script(Scenario(), Scenario(stall_before_headers=True), Scenario(stall_before_headers=True))
    results = check(["yqcloud", "flowgpt", "pizzagpt"])
    await anext(results)
    await results.aclose()


def test_results_survive_their_file(tmp_path):
    given = [Check(provider="pi", works=True, first=0.5, seconds=1.0, at=5.0), Check(provider="x", works=False)]
    save(given, tmp_path / "checked.json")
    assert read(tmp_path / "checked.json") == given


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[{"who": 1}]', '[{"provider": "pi", "works": true, "at": "noon"}]', "nonsense"],
)
def test_a_file_of_something_else_is_told(tmp_path, text):
    path = tmp_path / "checked.json"
    path.write_text(text)
    if text == "{}":
        assert read(path) == []
    else:
        with pytest.raises(errors.InvalidSetting, match="check --save"):
            read(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(errors.InvalidSetting, match="check --save"):
        Router(["pi"], checked=tmp_path / "none.json")


def test_those_that_answered_come_first_by_speed_and_those_that_failed_last():
    now = time.time()
    checks = [
        Check(provider="slow", works=True, first=2.0, at=now),
        Check(provider="fast", works=True, first=0.1, at=now),
        Check(provider="dead", works=False, at=now),
        Check(provider="old", works=False, at=now - 100_000),
    ]
    names = ["dead", "slow", "old", "fast", "unknown"]
    assert [names[place] for place in fastest_first(names, checks)] == ["fast", "slow", "old", "unknown", "dead"]


def test_a_router_takes_its_order_from_a_check(tmp_path):
    checks = [
        Check(provider="pi", works=False, at=time.time()),
        Check(provider="yqcloud", works=True, first=0.1, at=time.time()),
    ]
    save(checks, tmp_path / "checked.json")
    router = Router(["pi", "flowgpt", "yqcloud"], checked=tmp_path / "checked.json")
    assert [one.name for one in router.candidates] == ["yqcloud", "flowgpt", "pi"]


class TestCommand:
    """`freeproviders check`."""

    @pytest.fixture
    def run(self, capfd):
        from freeproviders.__main__ import main

        def run(*words: str) -> tuple[int, str, str]:
            code = main(["check", *words])
            shown = capfd.readouterr()
            return code, shown.out, shown.err

        return run

    def test_the_table_has_a_line_for_each_service(self, run):
        code, shown, _ = run()
        assert code == 0
        assert all(name in shown for name in ("pi", "pizzagpt", "aichats", "yqcloud", "flowgpt", "2026-07-27"))

    def test_json_is_an_object_a_line(self, run):
        code, shown, _ = run("--json", "yqcloud", "pi", "pi")
        assert code == 0
        assert sorted(json.loads(line)["provider"] for line in shown.splitlines()) == ["pi", "yqcloud"]

    def test_it_fails_where_none_answers(self, run, sandbox):
        sandbox.scenario = Scenario(status=500)
        code, shown, _ = run("yqcloud")
        assert code == 1
        assert "ServerFailed" in shown

    def test_what_a_service_says_is_not_taken_for_markup(self, run, sandbox):
        sandbox.scenario = Scenario(status=500, body="[bold]boo[/bold]", content_type="text/plain")
        assert "[bold]boo[/bold]" in run("yqcloud")[1]

    def test_an_unknown_name_is_one_line_and_no_table(self, run):
        code, shown, said = run("nope")
        assert (code, shown) == (2, "")
        assert said.startswith("freeproviders: unknown provider 'nope'")
        assert len(said.splitlines()) == 1

    def test_what_a_service_says_stands_below_the_table_and_breaks_no_word(self, run, sandbox):
        sandbox.scenario = Scenario(page="cloudflare")
        _, shown, _ = run("flowgpt")
        table, said = shown.split("flowgpt: ")
        assert "Blocked" in table
        assert "`freeproviders login flowgpt`" in said

    @pytest.mark.parametrize("words", [("--timeout", "0"), ("--timeout", "nan"), ("--proxy", "user:hunter2@proxy")])
    def test_wrong_words_are_told_once_before_anybody_is_asked(self, run, sandbox, words):
        code, shown, said = run("yqcloud", "pi", *words)
        assert (code, shown, len(said.splitlines())) == (2, "", 1)
        assert words[0].strip("-") in said or "first_byte" in said
        assert "hunter2" not in said
        assert not sandbox.received

    def test_results_that_cannot_be_kept_are_one_line(self, run, tmp_path):
        code, _, said = run("yqcloud", "--save", str(tmp_path / "none" / "checked.json"))
        assert code == 2
        assert "cannot be written" in said
        assert len(said.splitlines()) == 1

    def test_a_reader_who_has_had_enough_ends_it_without_a_word(self):
        command = [sys.executable, "-m", "freeproviders", "check", "yqcloud", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
    def test_an_output_that_is_full_is_one_line(self):
        command = [sys.executable, "-m", "freeproviders", "check", "yqcloud"]
        with Path("/dev/full").open("wb") as full:
            ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert ended.returncode == 2
        assert len(ended.stderr.splitlines()) == 1

    def test_results_can_be_kept(self, run, tmp_path):
        run("yqcloud", "--save", str(tmp_path / "checked.json"))
        assert [one.provider for one in read(tmp_path / "checked.json")] == ["yqcloud"]
