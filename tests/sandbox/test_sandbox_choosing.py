"""Which scenario a request gets, and what is wrong with one that is refused."""

from __future__ import annotations

import pytest

from freeproviders.sandbox import Scenario

BUSY = Scenario(status=503)
SLOW_DOWN = Scenario(status=429)


async def test_the_servers_scenario_serves_every_request(sandbox, calls):
    sandbox.scenario = BUSY
    assert [(await calls.yqcloud()).status, (await calls.pizzagpt()).status] == [503, 503]


async def test_a_script_serves_one_request_each_then_the_scenario_applies_again(sandbox, calls):
    sandbox.scenario = BUSY
    sandbox.script(SLOW_DOWN, None)
    assert [(await calls.yqcloud()).status for _ in range(3)] == [429, 200, 503]


async def test_a_header_beats_the_script_and_leaves_it_alone(sandbox, calls):
    sandbox.script(SLOW_DOWN)
    assert (await calls.yqcloud(BUSY)).status == 503
    assert (await calls.yqcloud()).status == 429


async def test_a_start_is_spared_by_default(sandbox, calls):
    sandbox.scenario = BUSY
    assert (await calls.pi_start()).status == 200


async def test_a_script_waits_for_the_endpoint_it_is_for(sandbox, calls):
    sandbox.script(Scenario(on="start", status=502))
    assert (await calls.yqcloud()).status == 200
    assert (await calls.pi_start()).status == 502


async def test_any_means_every_endpoint(sandbox, calls):
    sandbox.scenario = Scenario(on="any", status=500)
    assert [(await calls.pi_start()).status, (await calls.yqcloud()).status] == [500, 500]


async def test_a_header_may_be_long(calls):
    assert (await calls.yqcloud(Scenario(answer="long " * 20_000))).text == "long " * 20_000


async def test_an_unknown_field_is_named(calls):
    reply = await calls.yqcloud(headers={"x-sandbox-scenario": '{"colour": 1, "status": 500}'})
    assert (reply.status, "colour" in reply.text) == (400, True)


@pytest.mark.parametrize("header", ["{", "[]", '{"status": "x"}', '{"cut_at": true}', '{"page": "x"}', '{"delay": -1}'])
async def test_a_header_that_is_no_scenario_is_refused(calls, header):
    assert (await calls.yqcloud(headers={"x-sandbox-scenario": header})).status == 400


@pytest.mark.parametrize("provider", ["pi", "pizzagpt", "aichats", "yqcloud", "flowgpt"])
async def test_an_unknown_variant_is_refused_with_the_known_ones(sandbox, calls, provider):
    reply = await calls.chat(provider, Scenario(variant="nonsense"))
    assert reply.status == 400
    assert any(name in reply.text for name in sandbox.variants[provider])


async def test_a_variant_of_another_endpoint_is_refused(calls):
    assert (await calls.pi_chat(Scenario(variant="sid_main"))).status == 400


async def test_on_any_takes_a_variant_of_any_endpoint(calls):
    assert (await calls.pi_chat(Scenario(on="any", variant="sid_main"))).status == 200


async def test_a_strict_error_beats_the_scenario(calls):
    assert (await calls.yqcloud(Scenario(answer="x"), prompt=1)).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"on": "nowhere"},
        {"page": "blank"},
        {"compress": "lzma"},
        {"fragment": 0},
        {"cut_at": -1},
    ],
)
def test_a_value_out_of_its_choices_is_an_error(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        Scenario(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "500"},
        {"delay": "1"},
        {"bom": 1},
        {"pieces": ["a"]},
        {"pieces": (1,)},
        {"headers": {"a": 1}},
        {"on": None},
    ],
)
def test_a_value_of_the_wrong_type_is_an_error(fields):
    with pytest.raises(TypeError, match=next(iter(fields))):
        Scenario(**fields)


def test_a_scenario_survives_the_header():
    scenario = Scenario(status=429, headers={"a": "b"}, pieces=("x", "ü"), cut_at=0, bom=True)
    assert Scenario.from_json(scenario.as_header()["x-sandbox-scenario"]) == scenario


def test_the_header_of_a_default_scenario_is_empty():
    assert Scenario().as_header() == {"x-sandbox-scenario": "{}"}
