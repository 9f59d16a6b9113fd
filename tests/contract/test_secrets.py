"""What identifies a user stays out of representations, errors and logs."""

import copy
import logging
import pickle
import traceback

import pytest
from contract_kit import client_of, every_provider

from freeproviders import Client, Retry, errors, providers
from freeproviders.policy import Clock
from freeproviders.sandbox import Scenario

MARK = "s3cr3t"


def _secrets(name: str) -> dict:
    known = dict.fromkeys(providers.get(name).card.secrets, f"{MARK}-setting")
    return {**known, "cookies": {"session": f"{MARK}-cookie"}, "default_headers": {"X-Key": f"{MARK}-header"}}


@every_provider
def test_no_secret_is_shown(name):
    client = Client(name, proxy=f"http://user:{MARK}@127.0.0.1:1", **_secrets(name))
    shown = [repr(client), str(client), repr(client.provider), str(client.provider), f"{client}"]
    assert MARK not in "".join(shown)
    assert MARK not in repr(copy.copy(client.provider))


FAULTS = [
    Scenario(status=401),
    Scenario(status=500),
    Scenario(page="cloudflare"),
    Scenario(garbage=True),
    Scenario(cut_before_headers=True),
    Scenario(empty=True),
]


@pytest.mark.parametrize("fault", FAULTS)
@every_provider
async def test_no_secret_is_in_an_error_or_a_log(sandbox, name, fault, caplog):
    async def sleep(_: float) -> None: ...

    caplog.set_level(logging.DEBUG)
    sandbox.scenario = fault
    client = client_of(sandbox, name, retry=Retry(attempts=2), clock=Clock(sleep=sleep), **_secrets(name))
    with pytest.raises(errors.ProviderError) as caught:
        await client.acomplete("hello")
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert MARK not in shown
    assert MARK.encode() not in pickle.dumps(caught.value)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
@every_provider
async def test_the_proxys_password_is_in_no_error(name, base_url):
    proxy = f"http://user:{MARK}@127.0.0.1:9"
    client = Client(name, base_url=base_url, proxy=proxy, retry=Retry(attempts=1))
    with pytest.raises(errors.ConnectionFailed) as caught:
        await client.acomplete("hello")
    assert MARK not in "".join(traceback.format_exception(caught.value))


WRONG = {"cookies": MARK, "base_url": f"ftp://{MARK}", "prompt_cap": f"{MARK}", "user_agent": f"{MARK}\n"}


@pytest.mark.parametrize("setting", WRONG)
@every_provider
def test_a_wrong_setting_is_named_but_not_quoted(name, setting):
    with pytest.raises(errors.InvalidSetting, match=setting) as caught:
        Client(name, **{setting: WRONG[setting]})
    assert MARK not in str(caught.value)


@every_provider
async def test_no_header_can_be_smuggled_in(sandbox, name):
    for setting in ("origin", "user_agent", *providers.get(name).card.secrets):
        with pytest.raises(errors.InvalidSetting) as caught:
            await client_of(sandbox, name, **{setting: f"x\r\nX-Evil: {MARK}"}).acomplete("hello")
        assert MARK not in str(caught.value)
    assert sandbox.received == []
