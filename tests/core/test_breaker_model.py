"""The circuit breaker against a model that says the same in other words: whatever callers do, in whatever order."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from freeproviders import errors
from freeproviders.breaker import Breaker, BreakerPolicy, Permit
from freeproviders.policy import Clock

POLICY = BreakerPolicy(
    consecutive=3,
    rate=0.5,
    window=20.0,
    least=4,
    first_open=4.0,
    longest_open=16.0,
    longest_retry_after=40.0,
    lease=10.0,
)
ERRORS = st.sampled_from(
    [
        errors.ServerFailed("down"),
        errors.TimedOut("slow"),
        errors.RateLimited("busy", retry_after=3.0),
        errors.RateLimited("busy", retry_after=99.0),
        errors.Blocked("banned"),
    ]
)
FAULTS_OF_CALLERS = st.sampled_from([errors.PromptTooLong("x"), errors.UnknownModel("x"), KeyError("x")])


class NoLuck(Random):
    def random(self) -> float:
        return 0.0


class Call:
    """A permit, and whether the model still listens to it."""

    def __init__(self, permit: Permit) -> None:
        self.permit = permit
        self.heard = True


class BreakerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = Breaker(POLICY, clock=Clock(monotonic=lambda: self.now), random=NoLuck())
        self.calls: list[Call] = []
        # The model.
        self.opened_until: float | None = None
        self.next_span = POLICY.first_open
        self.probe: Call | None = None
        self.probe_until = 0.0
        self.row = 0
        self.log: list[tuple[float, bool]] = []

    def deafen(self) -> None:
        for call in self.calls:
            call.heard = False

    def window(self) -> list[bool]:
        return [failed for moment, failed in self.log if self.now - moment < POLICY.window]

    def wait_of(self) -> float:
        if self.opened_until is None:
            return 0.0
        waits = [self.opened_until - self.now]
        if self.probe is not None:
            waits.append(self.probe_until - self.now)
        return max(0.0, *waits, 0.0)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 4.0, 10.0, 16.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def somebody_asks(self) -> None:
        wait = self.wait_of()
        permit = self.breaker.permit()
        assert (permit is None) == (wait > 0)
        if permit is None:
            return
        call = Call(permit)
        assert permit.probe == (self.opened_until is not None)
        if permit.probe:
            self.deafen()
            self.probe, self.probe_until = call, self.now + POLICY.lease
        self.calls.append(call)

    def take(self, number: int) -> Call:
        return self.calls.pop(number % len(self.calls))

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 99))
    def one_succeeds(self, number: int) -> None:
        call = self.take(number)
        call.permit.succeeded()
        if call.heard and call is self.probe:
            self.deafen()
            self.opened_until, self.probe, self.next_span, self.row, self.log = None, None, POLICY.first_open, 0, []
        elif call.heard:
            self.row = 0
            self.log.append((self.now, False))

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 99), error=ERRORS)
    def one_fails(self, number: int, error: errors.ProviderError) -> None:
        call, before = self.take(number), self.opened_until
        call.permit.failed(error)
        span = POLICY.longest_open if isinstance(error, errors.Blocked) else min(error.retry_after or 0.0, 40.0)
        if call.heard:
            self.row += 1
            self.log.append((self.now, True))
            failures = self.window()
            tripped = self.row >= POLICY.consecutive or (len(failures) >= 4 and sum(failures) * 2 >= len(failures))
            if tripped or call is self.probe:
                span, self.next_span = max(span, self.next_span), min(16.0, self.next_span * 2)
            if span:
                self.deafen()
                self.probe = None
                self.opened_until = self.now + span
        elif before is not None and span:
            self.opened_until = self.now + span
        if before is not None:
            self.opened_until = max(before, self.opened_until)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 99), error=FAULTS_OF_CALLERS, way=st.sampled_from(["fault", "cancelled", "dropped"]))
    def one_says_nothing(self, number: int, error: BaseException, way: str) -> None:
        call = self.take(number)
        if way == "fault":
            call.permit.failed(error)
        elif way == "cancelled":
            call.permit.abandoned()
        if call is self.probe:
            self.probe = None
        del call

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 99), error=ERRORS)
    def one_speaks_twice(self, number: int, error: errors.ProviderError) -> None:
        permit = self.calls[number % len(self.calls)].permit
        self.one_succeeds(number)
        permit.failed(error)
        permit.abandoned()

    @invariant()
    def they_agree(self) -> None:
        seen, failures = self.breaker.snapshot(), self.window()
        expected = "closed" if self.opened_until is None else "open" if self.opened_until > self.now else "half_open"
        assert (seen.state, seen.consecutive) == (expected, self.row)
        assert (seen.calls, seen.failures) == (len(failures), sum(failures))
        assert (seen.opens_in, self.breaker.opens_in()) == (self.wait_of(), self.wait_of())


BreakerMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=60)
TestBreaker = BreakerMachine.TestCase
