"""Rate limits of LLMs: their own, shared ones, copies, dumps, and what a router makes of them."""

import copy
import json
import pickle
from typing import Any

import pytest
from kit.calls import CALLS, Call
from pydantic import ValidationError

from freeproviders import Limiter, Limits, errors
from freeproviders.sandbox import Sandbox
from llamaindex_freeproviders import AiChats, FreeProvider, FreeRouter, Pi, Yqcloud

ONE_A_DAY = Limits(per_day=1)
EVERY_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)


@EVERY_CALL
async def test_every_class_and_call_keeps_its_limits(make: Any, llm_class: Any, call: Call) -> None:
    llm = make(llm_class, limits=ONE_A_DAY)
    await call.responses(llm)
    with pytest.raises(errors.LimitReached, match="per_day=1"):
        await call.responses(llm)


def test_several_llms_share_a_limiter(make: Any) -> None:
    limiter = Limiter(ONE_A_DAY)
    assert make(Yqcloud, limits=limiter).complete("Hello.").text
    with pytest.raises(errors.LimitReached):
        make(AiChats, limits=limiter).complete("Hello.")


@pytest.mark.parametrize("limits", [ONE_A_DAY, Limiter(ONE_A_DAY)], ids=["limits", "limiter"])
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda llm: llm.model_copy(), lambda llm: llm])
def test_a_limit_counts_for_all_copies(make: Any, limits: Any, way: Any) -> None:
    llm = make(Yqcloud, limits=copy.deepcopy(limits))
    llm.complete("Hello.")
    with pytest.raises(errors.LimitReached):
        way(llm).complete("Hello.")
    assert pickle.loads(pickle.dumps(llm)).complete("Hello.").text, "another process counts for itself"


@pytest.mark.parametrize("limits", [ONE_A_DAY, Limiter(ONE_A_DAY)], ids=["limits", "limiter"])
def test_a_dump_has_the_numbers(make: Any, limits: Any) -> None:
    dump = json.loads(make(Yqcloud, limits=limits).to_json())
    assert dump["limits"]["per_day"] == 1
    assert Yqcloud.from_dict(dump).limits == ONE_A_DAY
    assert make(Yqcloud).to_dict()["limits"] is None


def test_any_service_takes_limits(sandbox: Sandbox) -> None:
    llm = FreeProvider(provider="pi", base_url=sandbox.url("pi"), limits=ONE_A_DAY)
    llm.complete("Hello.")
    with pytest.raises(errors.LimitReached):
        llm.complete("Hello.")


def test_assigning_limits_takes_effect(make: Any) -> None:
    llm = make(Yqcloud, limits=ONE_A_DAY)
    llm.complete("Hello.")
    llm.limits = None
    assert llm.complete("Hello.").text


@pytest.mark.parametrize("limits", [{"per_day": -1}, {"per_day": 1.5}])
def test_malformed_limits_are_refused(limits: Any) -> None:
    with pytest.raises((errors.InvalidSetting, ValueError), match="per_day"):
        Pi(limits=limits)


@EVERY_CALL
async def test_a_router_moves_on_from_who_has_no_turn_left(make: Any, call: Call) -> None:
    llm = FreeRouter(candidates=[make(Yqcloud, limits=ONE_A_DAY), make(AiChats)])
    answers = [(await call.responses(llm))[-1].raw["candidate"] for _ in range(3)]
    assert answers == ["yqcloud", "aichats", "aichats"]
    assert llm.snapshot()["yqcloud"].failures == 0


def test_a_wrong_word_among_the_limits_is_no_limit_less() -> None:
    with pytest.raises(ValidationError, match="per_hour"):
        Yqcloud(limits={"per_hour": 2})
    with pytest.raises(ValidationError, match="consequtive"):
        FreeRouter(candidates=["pi"], breaker={"consequtive": 2})
