"""Before the first event a router moves on from every failure that another service may not have, and says so."""

import asyncio
import itertools
import pickle
from dataclasses import dataclass

import pytest
from router_kit import (
    FAILS,
    GOOD,
    NAMES,
    PIECES,
    SILENT,
    WHOLE,
    Ear,
    asked_of,
    attempts_of,
    both_ways,
    client,
    collected,
    every_provider,
    every_way,
    other,
    outcomes,
    read,
    router,
)

from freeproviders import Candidate, Client, Prompt, Retry, Router, Timeouts, Turn, errors
from freeproviders.providers.yqcloud import Yqcloud
from freeproviders.reports import FailedOver
from freeproviders.sandbox import Scenario
from freeproviders.testing.clock import ManualClock
from freeproviders.wire import Exchange

NOWHERE = "http://127.0.0.1:9"
# What each scenario is to the first candidate; Pi gives some of them a meaning of its own (see docs/wire).
FAULTS: dict[str, tuple[Scenario, tuple[type[errors.ProviderError], ...]]] = {
    "no reply": (Scenario(cut_before_headers=True), (errors.ConnectionFailed,)),
    "cut at the start": (Scenario(pieces=PIECES, cut_at=0), (errors.ConnectionFailed,)),
    "silence": (SILENT, (errors.TimedOut,)),
    "500": (FAILS, (errors.ServerFailed,)),
    "503": (Scenario(status=503), (errors.ServerFailed,)),
    "429": (Scenario(status=429), (errors.RateLimited,)),
    "402": (Scenario(status=402), (errors.RateLimited,)),
    "ban": (Scenario(page="cloudflare"), (errors.Blocked,)),
    "ban with 200": (Scenario(page="cloudflare", status=200), (errors.Blocked,)),
    "empty": (Scenario(empty=True), (errors.EmptyAnswer, errors.LoginRequired)),
    "garbage": (Scenario(garbage=True), (errors.BadReply, errors.LoginRequired)),
    "login page": (Scenario(page="login"), (errors.LoginRequired,)),
    "too long": (Scenario(status=413), (errors.PromptTooLong,)),
    "moved": (Scenario(status=410), (errors.RequestRejected,)),
}
every_fault = pytest.mark.parametrize(("fault", "kinds"), FAULTS.values(), ids=FAULTS)
# Silence is to be noticed soon; an answer of the sandbox may take longer than this on a busy machine.
SOON = Timeouts(first_byte=0.1)


@every_fault
@both_ways
@every_provider
async def test_the_next_candidate_answers_in_place_of_one_that_cannot(sandbox, name, ask, fault, kinds):
    limits = {"timeouts": SOON} if fault is SILENT else {}
    text, metadata = read(await ask(router(client(sandbox, name, fault, **limits), client(sandbox, other(name)))))
    assert (text, metadata["candidate"]) == (WHOLE, other(name))
    assert [one["candidate"] for one in metadata["tried"]] == [name]
    assert metadata["tried"][0]["error"] in [kind.__name__ for kind in kinds]
    assert metadata["tried"][0]["message"]


@every_way
@every_provider
def test_every_way_to_ask_moves_on(sandbox, name, ask):
    text, metadata = ask(router(client(sandbox, name, FAILS), client(sandbox, other(name))))
    assert (text, metadata["provider"], metadata["candidate"]) == (WHOLE, other(name), other(name))


@both_ways
@every_provider
async def test_a_service_that_is_not_there_is_passed_over(sandbox, name, ask):
    gone = Client(name, base_url=NOWHERE)
    asked = router(gone, client(sandbox, other(name)))
    assert await ask(asked)
    assert asked_of(sandbox) == [other(name)]
    assert asked.snapshot()[name].last_error == "ConnectionFailed"


@both_ways
@every_provider
async def test_a_prompt_that_is_too_long_for_one_service_goes_to_the_next(sandbox, name, ask):
    asked = router(client(sandbox, name, prompt_cap=2), client(sandbox, other(name)))
    assert await ask(asked)
    assert asked_of(sandbox) == [other(name)]
    assert asked.snapshot()[name].failures == 0


@both_ways
@every_provider
async def test_who_fails_is_asked_once_and_the_others_in_order(sandbox, name, ask):
    order = [name, *(one for one in NAMES if one != name)]
    asked = router(*(client(sandbox, one, FAILS) for one in order[:-1]), client(sandbox, order[-1]))
    ear = Ear()
    assert await ask(asked, listen=ear)
    assert asked_of(sandbox) == order
    moves = [(report.provider, report.to, type(report.error)) for report in ear.of(FailedOver)]
    assert moves == [(left, to, errors.ServerFailed) for left, to in itertools.pairwise(order)]


async def test_the_first_candidate_alone_is_asked_where_it_answers(sandbox):
    asked = router(*(client(sandbox, name) for name in NAMES))
    answer = await asked.acomplete("hello")
    assert (asked_of(sandbox), answer.metadata["candidate"], answer.metadata["tried"]) == ([NAMES[0]], NAMES[0], [])


@both_ways
async def test_all_that_was_said_is_told_when_all_fail(sandbox, ask):
    kinds = [FAULTS[key] for key in ("500", "429", "ban", "too long", "no reply")]
    asked = router(*(client(sandbox, name, fault) for name, (fault, _) in zip(NAMES, kinds, strict=True)))
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(asked)
    failure = raised.value
    assert attempts_of(failure) == [(name, kind) for name, (_, (kind,)) in zip(NAMES, kinds, strict=True)]
    for one in failure.attempts:
        assert f"{one.candidate}: {type(one.error).__name__}: {one.error.message}" in str(failure)
        assert one.seconds > 0
    assert failure.retry_after is None  # some of them may be asked at once


def test_the_failure_of_all_travels_between_processes(sandbox):
    with pytest.raises(errors.AllProvidersFailed) as raised:
        router(client(sandbox, "pi", FAILS)).complete("hello")
    twin = pickle.loads(pickle.dumps(raised.value))
    assert str(twin) == str(raised.value)
    assert attempts_of(twin) == [("pi", errors.ServerFailed)]


@dataclass(frozen=True, kw_only=True)
class Particular(Yqcloud):
    """A service that cannot carry what it is asked."""

    def exchange(self, prompt: Prompt) -> Exchange:
        raise errors.UnsupportedContent("no smiles, please", provider="yqcloud")


@both_ways
@every_provider
async def test_content_that_one_service_cannot_carry_goes_to_the_next(sandbox, name, ask):
    first = Candidate(client=Client(Particular(base_url=sandbox.url("yqcloud"))), name="particular")
    asked = router(first, client(sandbox, name))
    text, metadata = read(await ask(asked))
    assert (text, metadata["candidate"], metadata["tried"][0]["error"]) == (WHOLE, name, "UnsupportedContent")
    assert asked.snapshot()["particular"].failures == 0


@both_ways
@every_provider
async def test_the_callers_own_fault_is_told_at_once(sandbox, name, ask):
    wrong = client(sandbox, name, extra_body={"not json": object()})
    with pytest.raises(errors.InvalidSetting, match="extra_body"):
        await ask(router(wrong, client(sandbox, other(name))))
    assert asked_of(sandbox) == []


@pytest.mark.parametrize("prompt", ["", "  \n", Prompt(turns=()), Prompt(turns=(Turn(role="user", text=""),))])
async def test_an_empty_prompt_is_sent_nowhere(sandbox, prompt):
    asked = router(client(sandbox, "pi"), client(sandbox, "yqcloud"))
    with pytest.raises(errors.UnsupportedContent):
        await asked.acomplete(prompt)
    with pytest.raises(errors.UnsupportedContent):
        await collected(asked, prompt)
    assert sandbox.received == []


@both_ways
@every_provider
async def test_a_second_round_follows_where_it_may_help(sandbox, name, ask):
    watch = ManualClock()
    sandbox.script(FAILS, FAILS, GOOD)
    plain = [client(sandbox, one, None) for one in (name, other(name))]
    assert await ask(Router(plain, retry=Retry(attempts=2, base=1.0), clock=watch.clock))
    assert asked_of(sandbox) == [name, other(name), name]
    assert len(watch.waits) == 1
    assert 0 <= watch.waits[0] <= 1.0


@both_ways
async def test_no_second_round_follows_where_it_cannot_help(sandbox, ask):
    watch = ManualClock()
    asked = Router([client(sandbox, name, Scenario(status=413)) for name in NAMES], clock=watch.clock)
    with pytest.raises(errors.AllProvidersFailed):
        await ask(asked)
    assert (len(asked_of(sandbox)), watch.waits) == (len(NAMES), [])


@every_provider
async def test_a_whole_answer_that_breaks_off_is_begun_anew_without_a_word(sandbox, name):
    half = Scenario(pieces=PIECES, cut_at=8)
    answer = await router(client(sandbox, name, half), client(sandbox, other(name))).acomplete("hello")
    assert (answer.text, answer.metadata["candidate"]) == (WHOLE, other(name))
    assert len(answer.metadata["tried"]) == 1


@both_ways
@every_provider
async def test_the_deadline_is_one_for_all_candidates(sandbox, name, ask):
    watch = ManualClock()
    order = [name, *(one for one in NAMES if one != name)]

    async def slow(report) -> None:
        watch.now += 4.0 if type(report).__name__ == "AttemptStarted" else 0.0

    asked = Router(
        [client(sandbox, one, FAILS) for one in order], retry=Retry(attempts=9, deadline=10.0), clock=watch.clock
    )
    with pytest.raises(errors.AllProvidersFailed, match="deadline") as raised:
        await ask(asked, listen=slow)
    assert asked_of(sandbox) == order[:3]
    unasked = [(one, None) for one in order[3:]]
    assert attempts_of(raised.value) == [(one, errors.ServerFailed) for one in order[:3]] + unasked
    assert watch.waits == []


@both_ways
async def test_a_candidate_has_what_the_others_have_left_of_the_time(sandbox, ask):
    asked = router(client(sandbox, "yqcloud", FAILS), client(sandbox, "pi", SILENT), retry=Retry(deadline=1.0))
    began = asyncio.get_running_loop().time()
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(asked)
    assert attempts_of(raised.value)[:2] == [("yqcloud", errors.ServerFailed), ("pi", errors.TimedOut)]
    assert asyncio.get_running_loop().time() - began >= 0.9
    assert await outcomes(sandbox, "pi") == ["client closed"]


async def test_a_listener_that_raises_ends_the_call(sandbox):
    async def refuse(report) -> None:
        raise KeyError("enough")

    asked = router(client(sandbox, "pi"), client(sandbox, "yqcloud"))
    with pytest.raises(KeyError, match="enough"):
        await asked.acomplete("hello", listen=refuse)
    with pytest.raises(KeyError, match="enough"):
        await collected(asked, listen=refuse)
    assert asked_of(sandbox) == []
    assert len(asyncio.all_tasks()) == 1


async def test_what_candidates_said_twice_is_told_once(sandbox):
    asked = router(client(sandbox, "pi", FAILS), client(sandbox, "flowgpt", FAILS), retry=Retry(attempts=2, base=0.001))
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await asked.acomplete("hello")
    assert [one.candidate for one in raised.value.attempts] == ["pi", "flowgpt", "pi", "flowgpt"]
    assert str(raised.value).count("flowgpt: ServerFailed") == 1
