"""What the storm has found once, in small: what a call leaves behind."""

import contextlib
import gc

from freeproviders import Client, Retry, Timeouts, errors
from freeproviders.channel import Channel
from freeproviders.sandbox import Scenario


async def _asked(client: Client) -> bool:
    with contextlib.suppress(errors.TimedOut):
        await client.acomplete("hello")
        return False
    return True


def _channels() -> int:
    gc.collect()
    return sum(isinstance(one, Channel) for one in gc.get_objects())


async def test_an_answer_that_pauses_for_too_long_does_not_stay_in_memory(sandbox):
    sandbox.scenario = Scenario(pieces=("one", "two"), hold_after=1)
    client = Client("yqcloud", base_url=sandbox.url("yqcloud"), timeouts=Timeouts(idle=0.05), retry=Retry(attempts=1))
    assert await _asked(client)
    before = _channels()  # the loop may not have closed the last one's connection yet
    assert [await _asked(client) for _ in range(3)] == [True] * 3
    assert _channels() <= before
