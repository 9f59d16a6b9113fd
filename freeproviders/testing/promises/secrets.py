"""What identifies a user stays out of representations, errors and logs."""

import copy
import logging
import pickle
import traceback
from typing import Any

import pytest

from freeproviders import errors
from freeproviders.policy import Clock, Retry
from freeproviders.provider import Card
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import ONCE
from freeproviders.testing.promises.base import Contract
from freeproviders.transport import Client

__all__ = ["Secrets"]

MARK = "s3cr3t"


def _secrets(card: Card) -> dict[str, Any]:
    known = dict.fromkeys(card.secrets, f"{MARK}-setting")
    return {**known, "cookies": {"session": f"{MARK}-cookie"}, "default_headers": {"X-Key": f"{MARK}-header"}}


FAULTS = [
    Scenario(status=401),
    Scenario(status=500),
    Scenario(page="cloudflare"),
    Scenario(garbage=True),
    Scenario(cut_before_headers=True),
    Scenario(empty=True),
]


WRONG = {"cookies": MARK, "base_url": f"ftp://{MARK}", "prompt_cap": f"{MARK}", "user_agent": f"{MARK}\n"}


class Secrets(Contract):
    """What identifies a user is never shown."""

    def test_no_secret_is_shown(self) -> None:
        client = Client(self.provider, proxy=f"http://user:{MARK}@127.0.0.1:1", **_secrets(self.card()))
        shown = [repr(client), str(client), repr(client.provider), str(client.provider), f"{client}"]
        assert MARK not in "".join(shown)
        assert MARK not in repr(copy.copy(client.provider))

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_no_secret_is_in_an_error_or_a_log(
        self, sandbox: Sandbox, fault: Scenario, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def sleep(_: float) -> None: ...

        caplog.set_level(logging.DEBUG)
        sandbox.scenario = fault
        client = self.client(sandbox, retry=Retry(attempts=2), clock=Clock(sleep=sleep), **_secrets(self.card()))
        with pytest.raises(errors.ProviderError) as caught:
            await client.acomplete("hello")
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
        assert MARK not in shown
        assert MARK.encode() not in pickle.dumps(caught.value)

    @pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
    async def test_the_proxys_password_is_in_no_error(self, base_url: str) -> None:
        proxy = f"http://user:{MARK}@127.0.0.1:9"
        client = Client(self.provider, base_url=base_url, proxy=proxy, retry=ONCE)
        with pytest.raises(errors.ConnectionFailed) as caught:
            await client.acomplete("hello")
        assert MARK not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize("wrong", WRONG)
    def test_a_wrong_setting_is_named_but_not_quoted(self, wrong: str) -> None:
        with pytest.raises(errors.InvalidSetting, match=wrong) as caught:
            self.configured(**{wrong: WRONG[wrong]})
        assert MARK not in str(caught.value)

    async def test_no_header_can_be_smuggled_in(self, sandbox: Sandbox) -> None:
        for setting in ("origin", "user_agent", *self.card().secrets):
            with pytest.raises(errors.InvalidSetting) as caught:
                await self.client(sandbox, **{setting: f"x\r\nX-Evil: {MARK}"}).acomplete("hello")
            assert MARK not in str(caught.value)
        assert sandbox.received == []
