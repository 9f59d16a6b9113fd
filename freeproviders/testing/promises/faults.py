"""Every fault has its error class, however the network cuts it; the message says who failed and what can be done."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiohttp import compression_utils

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ANSWER, ONCE, collected, says, text_of
from freeproviders.testing.promises.base import Contract, streaming
from freeproviders.transport import Client

__all__ = ["FAULTS", "Faults"]

LIMITS = {"max_line_bytes": 1000, "max_body_bytes": 1500}
LONG = Scenario(long_line=2000)
BANNED = Scenario(page="cloudflare", status=200)

FAULTS: Mapping[str, tuple[Scenario, type[errors.ProviderError]]] = {
    **{str(status): (Scenario(status=status), errors.ServerFailed) for status in (500, 502, 503, 504, 520)},
    "429": (Scenario(status=429), errors.RateLimited),
    "402": (Scenario(status=402), errors.RateLimited),
    "408": (Scenario(status=408), errors.TimedOut),
    "413": (Scenario(status=413), errors.PromptTooLong),
    "404": (Scenario(status=404), errors.RequestRejected),
    "401": (Scenario(status=401), errors.LoginRequired),
    "403": (Scenario(status=403), errors.RequestRejected),
    "400": (Scenario(status=400), errors.RequestRejected),
    "challenge 403": (Scenario(page="cloudflare"), errors.Blocked),
    "challenge 200": (Scenario(page="cloudflare", status=200), errors.Blocked),
    "challenge 503": (Scenario(page="cloudflare", status=503), errors.Blocked),
    "blocked 403": (Scenario(page="cloudflare_blocked"), errors.Blocked),
    "blocked 200": (Scenario(page="cloudflare_blocked", status=200), errors.Blocked),
    "cloudfront 403": (Scenario(page="cloudfront"), errors.Blocked),
    "cloudfront 200": (Scenario(page="cloudfront", status=200), errors.Blocked),
    "waf 405": (Scenario(page="waf"), errors.Blocked),
    "waf 202": (Scenario(page="waf", status=202), errors.Blocked),
    "login redirect": (Scenario(page="login"), errors.LoginRequired),
    "empty": (Scenario(empty=True), errors.EmptyAnswer),
    "garbage": (Scenario(garbage=True), errors.BadReply),
    "white space": (Scenario(pieces=(" ", "\n")), errors.EmptyAnswer),
    "broken gzip": (Scenario(headers={"Content-Encoding": "gzip"}), errors.BadReply),
}
"""By name: a fault, and the error it is to end in unless a service's ``meanings`` say otherwise."""


class Faults(Contract):
    """Every fault has its error class."""

    def _meaning(self, fault: str) -> type[errors.ProviderError]:
        if fault == "401" and 401 in self.card().hints:  # a setting has gone stale, not a login
            return self.meanings.get(fault, errors.RequestRejected)
        return self.meanings.get(fault, FAULTS[fault][1])

    @pytest.mark.parametrize("size", [None, 1], ids=["whole", "single bytes"])
    @pytest.mark.parametrize("fault", FAULTS)
    async def test_a_fault_has_its_error_class(self, sandbox: Sandbox, fault: str, size: int | None) -> None:
        scenario, _ = FAULTS[fault]
        sandbox.scenario = replace(scenario, fragment=size)
        with pytest.raises(errors.ProviderError) as caught:
            await collected(self.client(sandbox))
        assert (type(caught.value), caught.value.provider) == (self._meaning(fault), self.provider)
        assert str(caught.value).startswith(f"[{self.provider}] ")

    async def test_a_fault_is_the_same_for_a_whole_answer(self, sandbox: Sandbox) -> None:
        sandbox.scenario = BANNED
        with pytest.raises(errors.Blocked, match="cookies"):
            await self.client(sandbox).acomplete("hello")

    async def test_an_over_long_answer_names_its_limit(self, sandbox: Sandbox) -> None:
        sandbox.scenario = LONG
        with pytest.raises(errors.BadReply, match=r"max_(line|body)_bytes"):
            await self.client(sandbox, **LIMITS).acomplete("hello")

    async def test_no_answer_at_all_is_a_failed_connection(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(cut_before_headers=True)
        with pytest.raises(errors.ConnectionFailed):
            await collected(self.client(sandbox))

    async def test_a_closed_port_is_a_failed_connection(self) -> None:
        with pytest.raises(errors.ConnectionFailed, match=self.provider):
            await Client(self.provider, base_url="http://127.0.0.1:9", retry=ONCE).acomplete("hello")

    @pytest.mark.skipif(getattr(compression_utils, "HAS_ZSTD", False), reason="zstd can be read here")
    async def test_an_encoding_that_was_not_offered_is_a_bad_reply(self, sandbox: Sandbox) -> None:
        sandbox.scenario = says(compress="zstd")
        with pytest.raises(errors.BadReply, match="cannot be read"):
            await collected(self.client(sandbox))

    @pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None), ("0", 0.0)])
    async def test_a_rate_limit_carries_the_wait_the_service_asks_for(
        self, sandbox: Sandbox, header: str | None, seconds: float | None
    ) -> None:
        sandbox.scenario = Scenario(status=429, retry_after=header)
        with pytest.raises(errors.RateLimited) as caught:
            await self.client(sandbox).acomplete("hello")
        assert (caught.value.retry_after, caught.value.status) == (seconds, 429)

    async def test_a_retry_after_may_be_a_date(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(status=429, retry_after="Wed, 01 Jan 2098 00:00:00 GMT")
        with pytest.raises(errors.RateLimited) as caught:
            await self.client(sandbox).acomplete("hello")
        assert (caught.value.retry_after or 0) > 0

    async def test_an_error_whose_body_breaks_off_keeps_its_class(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(status=429, cut_at=3)
        with pytest.raises(errors.RateLimited):
            await collected(self.client(sandbox))

    @streaming
    async def test_an_error_after_the_first_piece_tells_what_had_come(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=("one", "x" * 3000), hold_after=1)
        events = self.client(sandbox, max_line_bytes=1000, max_body_bytes=1000).astream("hello")
        assert text_of([await anext(events)]) == "one"
        sandbox.release()
        with pytest.raises(errors.StreamInterrupted, match=r"max_(line|body)_bytes") as caught:
            await anext(events)
        assert (caught.value.partial, type(caught.value.__cause__)) == ("one", errors.BadReply)

    async def test_a_service_that_has_moved_is_told_by_its_path(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(status=404)
        with pytest.raises(errors.RequestRejected, match="base_url"):
            await collected(self.client(sandbox))

    def test_errors_reach_a_blocking_caller_unchanged(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(status=500)
        client = self.client(sandbox)
        with pytest.raises(errors.ServerFailed):
            client.complete("hello")
        with pytest.raises(errors.ServerFailed):
            list(client.stream("hello"))

    async def test_a_client_works_on_after_an_error(self, sandbox: Sandbox) -> None:
        client = self.client(sandbox)
        sandbox.script(Scenario(status=500), says())
        with pytest.raises(errors.ServerFailed):
            await client.acomplete("hello")
        assert (await client.acomplete("hello")).text == ANSWER
