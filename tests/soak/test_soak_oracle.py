"""The oracle complains of every outcome but the right one; the report says so, and who is to be repeated."""

from collections import Counter
from dataclasses import replace

import pytest

from freeproviders import errors
from soak.meters import Reading, growth, read
from soak.oracle import Outcome, complaint
from soak.plans import KINDS, Leaving, Plan, Way, plan
from soak.report import Report

STREAM = Way(framework="core", stream=True, mode="async")
MARK, STRANGER = "k0123456789ab", "kba9876543210"
GOOD = Plan(
    number=1, kind="good", provider="pi", way=STREAM, token=MARK, text=f"Say {MARK}", answer=f"Well, {MARK}.", needed=2
)
REFUSED = replace(GOOD, error=errors.RateLimited, status=429, retry_after=7.0)
CUT = replace(GOOD, error=errors.ConnectionFailed, breaks=True)
LEFT = replace(GOOD, leaving=Leaving(after=0.1))
LIMITED = errors.RateLimited("x", provider="pi", status=429, retry_after=7.0)


def _broken(partial, cause):
    error = errors.StreamInterrupted("x", partial=partial, provider="pi")
    error.__cause__ = cause
    return error


RESET = errors.ConnectionFailed("x", provider="pi")
RIGHT = {
    "answer": (GOOD, Outcome(text=GOOD.answer, metadata={"attempts": 2})),
    "refusal": (REFUSED, Outcome(error=LIMITED)),
    "cut before": (CUT, Outcome(error=RESET)),
    "cut after": (CUT, Outcome(text="Well", error=_broken("Well", RESET))),
    "left": (LEFT, Outcome(text="We", left=True)),
    "answer after all": (replace(CUT, either=True), Outcome(text=GOOD.answer, metadata={"attempts": 2})),
}
WRONG = {
    "another text": (GOOD, Outcome(text="Well")),
    "another call's text": (GOOD, Outcome(text=f"Well, {STRANGER}.")),
    "another call's text in an error": (CUT, Outcome(text="Well", error=_broken(STRANGER, RESET))),
    "an image too many": (GOOD, Outcome(text=GOOD.answer, images=1)),
    "an attempt too many": (GOOD, Outcome(text=GOOD.answer, metadata={"attempts": 3})),
    "an error where an answer had to come": (GOOD, Outcome(error=RESET)),
    "an answer where an error had to come": (REFUSED, Outcome(text=GOOD.answer)),
    "another error": (REFUSED, Outcome(error=RESET)),
    "an error outside the tree": (REFUSED, Outcome(error=ValueError("x"))),
    "a class above": (REFUSED, Outcome(error=errors.ProviderError("x", provider="pi"))),
    "another service's error": (CUT, Outcome(error=errors.ConnectionFailed("x", provider="yqcloud"))),
    "another status": (REFUSED, Outcome(error=errors.RateLimited("x", provider="pi", status=402, retry_after=7.0))),
    "no wish to wait": (REFUSED, Outcome(error=errors.RateLimited("x", provider="pi", status=429))),
    "text before a refusal": (REFUSED, Outcome(text="Well", error=LIMITED)),
    "a wrong partial": (CUT, Outcome(text="Well", error=_broken("We", RESET))),
    "a partial that is no beginning": (CUT, Outcome(text="well", error=_broken("well", RESET))),
    "broken off by something else": (CUT, Outcome(text="Well", error=_broken("Well", LIMITED))),
    "broken off where nothing can": (REFUSED, Outcome(text="Well", error=_broken("Well", LIMITED))),
    "a whole answer broken off": (
        replace(CUT, way=replace(STREAM, stream=False)),
        Outcome(text="", error=_broken("", RESET)),
    ),
    "cancelled by nobody": (GOOD, Outcome(left=True)),
    "left with another text": (LEFT, Outcome(text="Wo", left=True)),
    "answered though held": (LEFT, Outcome(text=GOOD.answer)),
    "never ended": (GOOD, Outcome(hung=True)),
}


@pytest.mark.parametrize(("drawn", "outcome"), RIGHT.values(), ids=RIGHT)
def test_the_right_outcome_passes(drawn, outcome):
    assert complaint(drawn, outcome) == ""


@pytest.mark.parametrize(("drawn", "outcome"), WRONG.values(), ids=WRONG)
def test_every_other_outcome_is_complained_of(drawn, outcome):
    assert complaint(drawn, outcome)


@pytest.mark.parametrize("named", WRONG)
def test_a_wrong_outcome_is_reported_with_its_call(named):
    drawn, outcome = WRONG[named]
    report = Report(seed=5, before=read())
    report.count(drawn, outcome, complaint(drawn, outcome))
    assert (report.clean, report.wrongs, report.hung) == (False, 1, int(outcome.hung))
    assert report.strangers == ("another call" in named)
    assert "call 1 (good" in report.as_text()
    assert "--seed 5 --only NUMBER" in report.as_text()


def test_a_call_is_the_same_whenever_it_is_drawn():
    assert [plan(3, number) for number in range(50)] == [plan(3, number) for number in range(50)]
    assert plan(3, 1) != plan(4, 1)


def test_all_kinds_are_drawn_and_all_marks_differ():
    drawn = [plan(1, number) for number in range(1000)]
    assert set(Counter(one.kind for one in drawn)) == set(KINDS)
    assert len({one.token for one in drawn}) == 1000


def _reading(**words):
    return Reading(**{**dict.fromkeys(Reading.__slots__, 0), **words})


def test_growth_is_that_of_the_second_half_by_a_thousand_calls():
    readings = [_reading(calls=1000 * at, resident=100 * min(at, 5) + 3 * at) for at in range(20)]
    assert growth(readings, "resident") == pytest.approx(3.0)
    assert growth(readings[:9], "resident") == 0.0


@pytest.mark.parametrize("left", ["sockets", "descriptors", "threads"])
def test_what_is_left_in_the_end_is_not_clean(left):
    report = Report(seed=1, before=_reading(), after=_reading(**{left: 1}))
    assert (report.leaks[left], report.clean) == (1, False)


@pytest.mark.parametrize("left", ["tasks", "responses"])
def test_what_is_left_at_a_stop_is_not_clean(left):
    report = Report(seed=1, before=_reading(), after=_reading(), readings=[_reading(**{left: 2}), _reading()])
    assert (report.leaks[left], report.clean) == (2, False)


def test_a_growing_memory_is_not_clean():
    readings = [_reading(calls=1000 * at, resident=60 * at) for at in range(20)]
    assert not Report(seed=1, before=_reading(), after=_reading(), readings=readings).clean
