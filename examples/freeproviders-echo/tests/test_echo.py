"""Echo keeps the contract of all providers; below it, what only Echo has."""

import pytest

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing import ProviderContract


class TestEcho(ProviderContract):
    provider = "echo"
    headers = {"Accept": "application/x-ndjson", "Origin": "https://echo.example", "Referer": "https://echo.example/"}
    fragments = (b'{"piece": "a"}\n', b'{"piece": 1}\n', b'{"fault": "x"}\n')

    async def test_a_fault_is_no_answer(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(variant="fault")
        with pytest.raises(errors.BadReply, match="out of oil"):
            await self.client(sandbox).acomplete("hello")

    async def test_a_wrong_word_names_its_setting(self, sandbox: Sandbox) -> None:
        with pytest.raises(errors.RequestRejected, match="set token"):
            await self.client(sandbox, token="tin").acomplete("hello")
