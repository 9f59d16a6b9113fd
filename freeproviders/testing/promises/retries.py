"""How often and how patiently a call is tried again, on a clock that does not wait."""

import pytest

from freeproviders import errors
from freeproviders.policy import Retry
from freeproviders.reports import AttemptFailed, AttemptStarted, Report
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.clock import ManualClock
from freeproviders.testing.kit import ANSWER, PIECES, collected, says, text_of
from freeproviders.testing.promises.base import Contract

__all__ = ["Retries"]

FAILS = Scenario(status=500)
NOT_RETRYABLE = {
    "challenge": (Scenario(page="cloudflare"), errors.Blocked),
    "challenge with 200": (Scenario(page="cloudflare", status=200), errors.Blocked),
    "too long": (Scenario(status=413), errors.PromptTooLong),
    "moved": (Scenario(status=410), errors.RequestRejected),
    "login": (Scenario(page="login"), errors.LoginRequired),
}
RETRYABLE = {
    "500": FAILS,
    "429": Scenario(status=429),
    "no reply": Scenario(cut_before_headers=True),
    "cut at the start": Scenario(pieces=PIECES, cut_at=0),
    "unreadable": Scenario(headers={"Content-Encoding": "gzip"}),
}


def _answers(sandbox: Sandbox) -> int:
    return sum(item.endpoint == "answer" for item in sandbox.received)


class Retries(Contract):
    """A call is tried again as often, and as patiently, as it may."""

    @pytest.fixture
    def watch(self) -> ManualClock:
        """What the client's clock goes by."""
        return ManualClock()

    async def test_a_failure_is_tried_again_up_to_the_number_of_attempts(
        self, sandbox: Sandbox, watch: ManualClock
    ) -> None:
        sandbox.scenario = FAILS
        client = self.client(sandbox, retry=Retry(attempts=4, deadline=1e6), clock=watch.clock)
        with pytest.raises(errors.ServerFailed):
            await collected(client)
        assert (_answers(sandbox), len(watch.waits)) == (4, 3)

    @pytest.mark.parametrize("fault", RETRYABLE.values(), ids=RETRYABLE)
    async def test_a_passing_failure_is_not_seen_by_the_caller(
        self, sandbox: Sandbox, fault: Scenario, watch: ManualClock
    ) -> None:
        sandbox.script(fault, says())
        client = self.client(sandbox, retry=Retry(attempts=2), clock=watch.clock)
        assert await collected(client) == ANSWER
        assert len(watch.waits) == 1

    async def test_the_metadata_tells_the_number_of_attempts(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(FAILS, FAILS, says())
        client = self.client(sandbox, retry=Retry(attempts=3), clock=watch.clock)
        assert (await client.acomplete("hello")).metadata["attempts"] == 3

    @pytest.mark.parametrize(("fault", "kind"), NOT_RETRYABLE.values(), ids=NOT_RETRYABLE)
    async def test_what_another_try_cannot_cure_is_tried_once(
        self, sandbox: Sandbox, fault: Scenario, kind: type[errors.ProviderError], watch: ManualClock
    ) -> None:
        sandbox.scenario = fault
        client = self.client(sandbox, retry=Retry(attempts=5), clock=watch.clock)
        with pytest.raises(kind):
            await client.acomplete("hello")
        assert watch.waits == []

    async def test_waits_grow_with_full_jitter_up_to_the_longest(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.scenario = FAILS
        retry = Retry(attempts=7, base=1.0, longest_wait=4.0, deadline=1e6)
        with pytest.raises(errors.ServerFailed):
            await self.client(sandbox, retry=retry, clock=watch.clock).acomplete("hello")
        bounds = (1.0, 2.0, 4.0, 4.0, 4.0, 4.0)
        assert all(0.0 <= wait <= bound for wait, bound in zip(watch.waits, bounds, strict=True))
        assert len(set(watch.waits)) > 1

    async def test_the_wait_a_service_asks_for_is_kept(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(Scenario(status=429, retry_after="7"), says())
        client = self.client(sandbox, retry=Retry(attempts=2), clock=watch.clock)
        assert await collected(client) == ANSWER
        assert watch.waits == [7.0]

    async def test_the_wait_a_service_asks_for_is_capped(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(Scenario(status=429, retry_after="86400"), says())
        retry = Retry(attempts=2, longest_retry_after=30.0)
        assert await collected(self.client(sandbox, retry=retry, clock=watch.clock)) == ANSWER
        assert watch.waits == [30.0]

    async def test_no_wait_begins_that_would_pass_the_deadline(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.scenario = Scenario(status=429, retry_after="10")
        retry = Retry(attempts=100, deadline=35.0)
        with pytest.raises(errors.RateLimited):
            await self.client(sandbox, retry=retry, clock=watch.clock).acomplete("hello")
        assert watch.waits == [10.0, 10.0, 10.0]

    async def test_the_last_failure_is_the_one_that_is_raised(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(FAILS, Scenario(status=429))
        with pytest.raises(errors.RateLimited):
            await collected(self.client(sandbox, retry=Retry(attempts=2), clock=watch.clock))

    async def test_a_stream_that_has_begun_is_never_begun_again(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.scenario = Scenario(pieces=PIECES, hold_after=2)
        client = self.client(sandbox, retry=Retry(attempts=5), clock=watch.clock)
        sandbox.release()
        size = len(await collected(client))
        assert size == len(ANSWER)
        assert (watch.waits, _answers(sandbox)) == ([], 1)

    async def test_every_attempt_is_announced(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(FAILS, FAILS, says())
        told: list[Report] = []

        async def listen(report: Report) -> None:
            told.append(report)

        client = self.client(sandbox, retry=Retry(attempts=3), clock=watch.clock)
        await client.acomplete("hello", listen=listen)
        assert [report.number for report in told if isinstance(report, AttemptStarted)] == [1, 2, 3]
        assert [report.wait for report in told if isinstance(report, AttemptFailed)] == watch.waits

    def test_blocking_calls_retry_as_well(self, sandbox: Sandbox, watch: ManualClock) -> None:
        sandbox.script(FAILS, says(), FAILS, says())
        client = self.client(sandbox, retry=Retry(attempts=2), clock=watch.clock)
        assert client.complete("hello").text == ANSWER
        assert text_of(client.stream("hello")) == ANSWER
        assert len(watch.waits) == 2

    async def test_two_calls_do_not_share_their_attempts(self, sandbox: Sandbox, watch: ManualClock) -> None:
        client = self.client(sandbox, retry=Retry(attempts=2), clock=watch.clock)
        for _ in range(3):
            sandbox.script(FAILS, says())
            assert (await client.acomplete("hello")).metadata["attempts"] == 2
