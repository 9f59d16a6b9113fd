"""The server itself: its life, its records, and the paths it refuses."""

from __future__ import annotations

import asyncio
import socket
import threading

import aiohttp
import pytest

from freeproviders.sandbox import RuleBrain, Sandbox, Scenario
from freeproviders.testing.kit import run_script

LEAVE_OPEN = """
import asyncio, aiohttp
from freeproviders.sandbox import Sandbox, Scenario
HEADERS = {"Accept": "text/plain", "Origin": "https://chat9.yqcloud.top", "Referer": "https://chat9.yqcloud.top/"}
async def main(sandbox):
    url = sandbox.url("yqcloud") + "/api/generateStream"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json={"prompt": "x"}, headers=HEADERS) as response:
            await response.content.readany()
            await asyncio.to_thread(sandbox.stop)
sandbox = Sandbox(scenario=Scenario(hold_after=1))
sandbox.start()
asyncio.run(main(sandbox))
print(sandbox.received[0].outcome)
"""
NEVER_STOPPED = "from freeproviders.sandbox import Sandbox\nsandbox = Sandbox()\nsandbox.start()\nprint('ran')"


@pytest.mark.parametrize(("code", "says"), [(LEAVE_OPEN, "cut\n"), (NEVER_STOPPED, "ran\n")])
def test_nothing_is_left_behind(code, says):
    done = run_script(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, says, "")


def test_the_thread_ends_with_the_sandbox():
    before = set(threading.enumerate())
    with Sandbox():
        assert set(threading.enumerate()) - before
    assert set(threading.enumerate()) <= before


def test_stop_may_be_called_again():
    sandbox = Sandbox()
    sandbox.stop()
    sandbox.start()
    sandbox.stop()
    sandbox.stop()


def test_it_can_be_started_again():
    sandbox = Sandbox()
    for _ in range(2):
        with sandbox:
            assert sandbox.url().startswith("http://127.0.0.1:")


def test_it_cannot_be_started_twice(sandbox):
    with pytest.raises(RuntimeError, match="runs already"):
        sandbox.start()


def test_it_has_no_address_before_the_start():
    with pytest.raises(RuntimeError, match="does not run"):
        Sandbox().url()


def test_a_taken_port_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=taken.getsockname()[1]).start()


def test_a_port_can_be_chosen():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Sandbox(port=port) as sandbox:
        assert sandbox.url("pi") == f"http://127.0.0.1:{port}/pi"


def test_an_unknown_service_has_no_address(sandbox):
    with pytest.raises(KeyError, match="known"):
        sandbox.url("gpt")


async def test_it_runs_beside_a_running_loop():
    with Sandbox() as sandbox:
        async with aiohttp.ClientSession() as session, session.get(sandbox.url()) as response:
            assert response.status == 200


async def test_an_unknown_path_is_refused_and_recorded(sandbox, calls):
    reply = await calls.send("POST", sandbox.url("yqcloud") + "/nowhere", {}, None, None)
    assert (reply.status, sandbox.received[0].endpoint, sandbox.received[0].outcome) == (404, "unknown", "refused")


async def test_a_wrong_method_is_refused(sandbox, calls):
    assert (await calls.send("PUT", sandbox.url("pi") + "/api/chat", {}, None, None)).status == 405


async def test_an_unknown_service_is_not_found(sandbox, calls):
    reply = await calls.send("POST", sandbox.url() + "/gpt/chat", {}, None, None)
    assert (reply.status, sandbox.received) == (404, [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"'])
async def test_a_body_that_is_no_json_object_is_refused(sandbox, calls, body):
    url = sandbox.url("yqcloud") + "/api/generateStream"
    headers = {
        "Accept": "text/plain",
        "Origin": "https://chat9.yqcloud.top",
        "Referer": "https://chat9.yqcloud.top/",
        "Content-Type": "application/json",
    }
    assert (await calls.send("POST", url, headers, None, None, data=body)).status == 400


async def test_the_record_has_all_of_a_request(sandbox, calls):
    await calls.yqcloud(headers={"Cookie": "a=b", "X-Extra": "1"})
    record = sandbox.received[0]
    assert (record.provider, record.endpoint, record.method, record.path) == (
        "yqcloud",
        "answer",
        "POST",
        "/api/generateStream",
    )
    assert (record.cookies, record.headers["x-extra"], record.json["prompt"]) == ({"a": "b"}, "1", "hello")
    assert (record.outcome, record.question.text, dict(record.query)) == ("complete", "hello", {})


async def test_the_bytes_sent_are_counted(sandbox, calls):
    reply = await calls.yqcloud()
    assert sandbox.received[0].sent == len(reply.body)


async def test_a_body_that_is_no_json_has_no_json(sandbox, calls):
    await calls.send("POST", sandbox.url("pi") + "/api/chat", {}, None, None, data=b"{")
    assert sandbox.received[0].json is None


async def test_wait_closed_gives_up_after_its_time(sandbox, calls):
    task = asyncio.ensure_future(calls.yqcloud(Scenario(hold_after=0)))
    while not sandbox.received:
        await asyncio.sleep(0.001)
    assert await asyncio.to_thread(sandbox.received[0].wait_closed, 0.01) == "open"
    sandbox.release()
    await task


async def test_reset_forgets_requests_and_scenarios(sandbox, calls):
    sandbox.scenario = Scenario(status=500)
    sandbox.script(Scenario(status=500))
    await calls.yqcloud()
    sandbox.reset()
    assert (sandbox.received, sandbox.scenario, (await calls.yqcloud()).status) == ([], None, 200)


async def test_many_clients_are_served_at_once(sandbox, calls):
    replies = await asyncio.gather(*(calls.yqcloud(Scenario(answer=str(number))) for number in range(50)))
    assert [reply.text for reply in replies] == [str(number) for number in range(50)]


def test_a_brain_and_a_scenario_can_be_given():
    scenario = Scenario(status=500)
    assert Sandbox(brain=RuleBrain(), scenario=scenario).scenario == scenario


def test_variants_are_listed_for_every_service(sandbox):
    assert set(sandbox.variants) == {"pi", "pizzagpt", "aichats", "yqcloud", "flowgpt", "openai_compatible"}
    assert all(sandbox.variants.values())
