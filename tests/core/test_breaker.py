"""The circuit breaker of one caller, by a clock that the test moves."""

import asyncio
import copy
import pickle
from random import Random

import pytest

from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy, BreakerState, counts
from freeproviders.policy import Clock


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class NoLuck(Random):
    """Always the longest opening."""

    def random(self) -> float:
        return 0.0


COUNTED = [
    errors.ConnectionFailed,
    errors.TimedOut,
    errors.RateLimited,
    errors.ServerFailed,
    errors.BadReply,
    errors.EmptyAnswer,
    errors.Blocked,
    errors.LoginRequired,
    errors.StreamInterrupted,
    errors.RequestRejected,
]
NOT_COUNTED = [
    errors.PromptTooLong,
    errors.UnknownModel,
    errors.UnsupportedContent,
    errors.InvalidSetting,
    errors.LimitReached,
]


@pytest.fixture
def time():
    return Time()


def made(time: Time, policy: BreakerPolicy | None = None) -> Breaker:
    return Breaker(policy, clock=Clock(monotonic=time), random=NoLuck())


def fail(breaker: Breaker, times: int = 1, error: BaseException | None = None) -> None:
    for _ in range(times):
        breaker.permit().failed(error or errors.ServerFailed("down"))


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.permit().succeeded()


def opened(time: Time, policy: BreakerPolicy | None = None) -> Breaker:
    breaker = made(time, policy)
    fail(breaker, breaker.policy.consecutive)
    return breaker


def half_open(time: Time, policy: BreakerPolicy | None = None) -> Breaker:
    breaker = opened(time, policy)
    time.now += breaker.opens_in()
    return breaker


# Closed, and when it opens.


def test_a_new_one_lets_everybody_through(time):
    breaker = made(time)
    permits = [breaker.permit() for _ in range(100)]
    assert [permit.probe for permit in permits] == [False] * 100
    assert breaker.opens_in() == 0.0


def test_failures_in_a_row_open_it(time):
    breaker = made(time)
    fail(breaker, 2)
    assert breaker.snapshot().state == "closed"
    fail(breaker)
    assert breaker.snapshot().state == "open"
    assert (breaker.permit(), breaker.opens_in()) == (None, 15.0)


def test_a_success_ends_the_row(time):
    breaker = made(time, BreakerPolicy(least=100))
    for _ in range(10):
        fail(breaker, 2)
        succeed(breaker)
    assert (breaker.snapshot().state, breaker.snapshot().consecutive) == ("closed", 0)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("+-+-", "closed"),  # too few
        ("++-+-", "closed"),  # two of five
        ("+-+--", "open"),
        ("--+-+", "closed"),  # a success does not open it, whatever the rate
        ("--+-+-", "open"),
    ],
)
def test_the_rate_of_failures_opens_it(time, outcomes, state):
    breaker = made(time, BreakerPolicy(consecutive=99))
    for outcome in outcomes:
        fail(breaker) if outcome == "-" else succeed(breaker)
    assert breaker.snapshot().state == state


def test_what_has_left_the_window_is_forgotten(time):
    breaker = made(time, BreakerPolicy(consecutive=99))
    fail(breaker, 4)
    time.now += 59.9
    assert (breaker.snapshot().calls, breaker.snapshot().failures) == (4, 4)
    time.now += 0.1
    assert (breaker.snapshot().calls, breaker.snapshot().failures) == (0, 0)
    succeed(breaker, 3)
    fail(breaker)
    assert (breaker.snapshot().calls, breaker.snapshot().state) == (4, "closed")


def test_of_many_outcomes_the_latest_hundred_are_remembered(time):
    breaker = made(time, BreakerPolicy(consecutive=99))
    succeed(breaker, 500)
    fail(breaker, 49)
    assert (breaker.snapshot().calls, breaker.snapshot().state) == (100, "closed")
    fail(breaker)
    assert breaker.snapshot().state == "open"


# Whose fault.


@pytest.mark.parametrize("kind", COUNTED)
def test_a_fault_of_the_service_counts(time, kind):
    breaker = made(time)
    fail(breaker, error=kind("x"))
    assert (counts(kind("x")), breaker.snapshot().failures) == (True, 1)


@pytest.mark.parametrize("error", [*(kind("x") for kind in NOT_COUNTED), asyncio.CancelledError(), KeyError("a bug")])
def test_a_fault_of_the_caller_never_counts(time, error):
    breaker = made(time)
    fail(breaker, 20, error)
    assert counts(error) is False
    assert breaker.snapshot() == made(time).snapshot()


def test_every_error_of_the_tree_is_one_or_the_other():
    base = errors.ProviderError
    known = {getattr(errors, name) for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    kinds = {kind for kind in known if issubclass(kind, base)} - {base, errors.AllProvidersFailed}
    assert kinds == {*COUNTED, *NOT_COUNTED}


# For how long.


@pytest.mark.parametrize("kind", [errors.RateLimited, errors.ServerFailed])
def test_a_service_that_names_a_time_is_left_alone_at_once_for_that_long(time, kind):
    breaker = made(time)
    fail(breaker, error=kind("busy", retry_after=2.5))
    assert breaker.opens_in() == 2.5


@pytest.mark.parametrize("wish", [None, 0.0, -5.0, float("nan")])
def test_a_service_that_names_no_time_is_asked_on(time, wish):
    breaker = made(time)
    fail(breaker, 2, errors.RateLimited("busy", retry_after=wish))
    assert breaker.permit() is not None


@pytest.mark.parametrize("wish", [86_401.0, 1e300, float("inf")])
def test_a_service_may_ask_for_a_day_at_most(time, wish):
    breaker = made(time)
    fail(breaker, error=errors.RateLimited("busy", retry_after=wish))
    assert breaker.opens_in() == 86_400.0


@pytest.mark.parametrize("kind", [errors.Blocked, errors.LoginRequired])
def test_what_does_not_heal_in_seconds_opens_at_once_for_longest(time, kind):
    breaker = made(time)
    fail(breaker, error=kind("x"))
    assert breaker.opens_in() == 900.0


def test_the_last_failure_of_a_row_may_ask_for_longer_but_not_for_less(time):
    longer, less = made(time), made(time)
    fail(longer, 2)
    fail(less, 2)
    fail(longer, error=errors.RateLimited("x", retry_after=40))
    fail(less, error=errors.RateLimited("x", retry_after=4))
    assert (longer.opens_in(), less.opens_in()) == (40.0, 15.0)


def test_openings_double_up_to_the_longest(time):
    breaker = half_open(time)
    spans = []
    for _ in range(8):
        fail(breaker)
        spans.append(breaker.opens_in())
        time.now += breaker.opens_in()
    assert spans == [30, 60, 120, 240, 480, 900, 900, 900]


def test_after_a_success_openings_are_short_again(time):
    breaker = half_open(time)
    fail(breaker)
    time.now += breaker.opens_in()
    succeed(breaker)
    fail(breaker, 3)
    assert breaker.opens_in() == 15.0


def test_a_probe_that_fails_after_a_time_the_service_named_opens_by_the_policy(time):
    breaker = made(time)
    wishes = []
    for _ in range(3):
        fail(breaker, error=errors.RateLimited("busy", retry_after=1.0))
        wishes.append(breaker.opens_in())
        time.now += breaker.opens_in()
    assert wishes == [1.0, 15.0, 30.0]


def test_chance_takes_a_quarter_of_an_opening_at_most(time):
    spans = []
    for seed in range(300):
        breaker = Breaker(clock=Clock(monotonic=time), random=Random(seed))
        fail(breaker, 3)
        spans.append(breaker.opens_in())
    assert all(11.25 <= span <= 15.0 for span in spans)
    assert max(spans) - min(spans) > 3.5
    assert len(set(spans)) > 250


def test_chance_does_not_shorten_what_the_service_asks_for(time):
    for seed in range(100):
        breaker = Breaker(clock=Clock(monotonic=time), random=Random(seed))
        fail(breaker, error=errors.RateLimited("x", retry_after=7.0))
        assert breaker.opens_in() == 7.0


# Calls that were under way when it opened.


def test_a_straggler_extends_the_opening_when_it_knows_of_longer(time):
    breaker = made(time)
    stragglers = [breaker.permit() for _ in range(3)]
    fail(breaker, 3)
    for straggler, wish, expected in zip(stragglers, (10, 50, 20), (15, 50, 50), strict=True):
        straggler.failed(errors.RateLimited("x", retry_after=wish))
        assert breaker.opens_in() == expected


def test_many_stragglers_do_not_make_the_opening_grow(time):
    breaker = made(time)
    permits = [breaker.permit() for _ in range(100)]
    for permit in permits:
        permit.failed(errors.ServerFailed("down"))
    assert breaker.opens_in() == 15.0
    time.now += 15
    fail(breaker)
    assert breaker.opens_in() == 30.0


def test_a_straggler_that_succeeds_does_not_close_it(time):
    breaker = made(time)
    straggler = breaker.permit()
    fail(breaker, 3)
    straggler.succeeded()
    assert breaker.permit() is None


def test_what_began_before_the_outage_says_nothing_after_it(time):
    breaker = made(time, BreakerPolicy(consecutive=1))
    old = [breaker.permit(), breaker.permit()]
    fail(breaker)
    time.now += 15
    succeed(breaker)
    old[0].failed(errors.ServerFailed("x"))
    old[1].failed(errors.RateLimited("x", retry_after=60.0))
    assert (breaker.snapshot().state, breaker.snapshot().calls) == ("closed", 0)


# Half open.


def test_one_probe_is_let_through_and_its_success_closes(time):
    breaker = half_open(time)
    probe = breaker.permit()
    assert probe.probe
    assert [breaker.permit() for _ in range(10)] == [None] * 10
    probe.succeeded()
    assert breaker.snapshot().state == "closed"
    assert not breaker.permit().probe


def test_just_before_its_time_is_over_nobody_passes(time):
    breaker = opened(time)
    time.now += 14.999
    assert breaker.permit() is None


@pytest.mark.parametrize("error", [errors.PromptTooLong("x"), asyncio.CancelledError()])
def test_a_probe_that_learnt_nothing_is_given_back(time, error):
    breaker = half_open(time)
    breaker.permit().failed(error)
    assert breaker.opens_in() == 0.0
    assert breaker.permit().probe


def test_a_probe_that_is_dropped_without_a_word_is_given_back(time):
    breaker = half_open(time)
    probe = breaker.permit()
    assert breaker.permit() is None
    del probe
    assert breaker.permit().probe


def test_a_dropped_call_is_no_news_while_closed(time):
    breaker = made(time)
    for _ in range(10):
        assert breaker.permit()
    assert breaker.snapshot().calls == 0


def test_after_its_lease_another_probe_may_go(time):
    breaker = half_open(time)
    silent = breaker.permit()
    assert breaker.opens_in() == 180.0
    time.now += 179.9
    assert breaker.permit() is None
    time.now += 0.1
    second = breaker.permit()
    assert second.probe
    assert breaker.permit() is None
    silent.abandoned()  # the place is not its own any more
    silent.succeeded()
    assert breaker.permit() is None
    second.succeeded()
    assert breaker.permit()


@pytest.mark.parametrize("word", ["failed", "succeeded", "abandoned"])
def test_the_late_word_of_a_probe_is_not_taken_for_that_of_the_next(time, word):
    breaker = half_open(time)
    late = breaker.permit()
    time.now += 180
    second = breaker.permit()
    getattr(late, word)(*[errors.ServerFailed("x")] * (word == "failed"))
    assert (breaker.snapshot().state, breaker.permit()) == ("half_open", None)
    second.succeeded()
    assert breaker.snapshot().state == "closed"


def test_a_slow_probe_is_heard_as_long_as_nobody_took_its_place(time):
    breaker = half_open(time)
    probe = breaker.permit()
    time.now += 10_000
    probe.succeeded()
    assert breaker.snapshot().state == "closed"


# Words.


def test_the_first_word_counts(time):
    breaker = made(time)
    permit = breaker.permit()
    permit.abandoned()
    permit.failed(errors.Blocked("x"))
    permit.succeeded()
    assert breaker.snapshot() == made(time).snapshot()


def test_failing_twice_is_one_failure(time):
    breaker = made(time)
    permit = breaker.permit()
    for _ in range(9):
        permit.failed(errors.ServerFailed("x"))
    assert breaker.snapshot().consecutive == 1


# Looking at it.


def test_the_snapshot_tells_the_story(time):
    breaker = made(time)
    assert breaker.snapshot() == BreakerState(
        state="closed", consecutive=0, calls=0, failures=0, opens_in=0.0, last_error="", last_message=""
    )
    succeed(breaker, 2)
    fail(breaker, 3, errors.TimedOut("no first byte"))
    told = {"consecutive": 3, "calls": 5, "failures": 3, "last_error": "TimedOut", "last_message": "no first byte"}
    assert breaker.snapshot() == BreakerState(state="open", opens_in=15.0, **told)
    time.now += 15
    assert breaker.snapshot() == BreakerState(state="half_open", opens_in=0.0, **told)
    probe = breaker.permit()
    assert breaker.snapshot() == BreakerState(state="half_open", opens_in=180.0, **told)
    probe.succeeded()
    told |= {"consecutive": 0, "calls": 0, "failures": 0}
    assert breaker.snapshot() == BreakerState(state="closed", opens_in=0.0, **told)


def test_a_long_message_is_cut(time):
    breaker = made(time)
    fail(breaker, error=errors.BadReply("x" * 10_000))
    assert len(breaker.snapshot().last_message) == 300


def test_looking_changes_nothing(time):
    breaker = half_open(time)
    for _ in range(3):
        assert (breaker.opens_in(), breaker.snapshot().state) == (0.0, "half_open")
    assert breaker.permit().probe


def test_it_can_be_closed_by_hand(time):
    breaker = made(time)
    straggler = breaker.permit()
    fail(breaker, error=errors.LoginRequired("new cookies are needed"))
    breaker.reset()
    straggler.failed(errors.ServerFailed("x"))
    assert (breaker.snapshot().state, breaker.snapshot().calls) == ("closed", 0)
    assert breaker.permit()


# Copies.


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_has_the_settings_and_a_state_of_its_own(copied):
    breaker = Breaker(BreakerPolicy(consecutive=1), random=Random(1))
    fail(breaker)
    twin = copied(breaker)
    assert (twin.policy, twin.snapshot().state) == (breaker.policy, "closed")
    fail(twin)
    twin.reset()
    assert (twin.snapshot().state, breaker.snapshot().state) == ("closed", "open")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("window", "first_open", "lease") for value in (0, -1, float("nan"), float("inf"))),
        ("longest_retry_after", 0),
        ("longest_open", 14.9),
        ("consecutive", 0),
        ("rate", 0),
        ("rate", 1.1),
        ("rate", float("nan")),
        ("least", 0),
        ("least", 101),
    ],
)
def test_a_policy_checks_itself(name, value):
    with pytest.raises(errors.InvalidSetting, match=name):
        BreakerPolicy(**{name: value})


def test_a_policy_is_a_value():
    assert pickle.loads(pickle.dumps(BreakerPolicy())) == BreakerPolicy()
