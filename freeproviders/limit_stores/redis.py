"""Counts turns in Redis, for the processes of several machines."""

import functools
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from freeproviders.errors import ConnectionFailed, InvalidSetting
from freeproviders.limits import Window

__all__ = ["RedisStore"]

_SECONDS = 5.0
_MICRO = 1_000_000

# Looks and takes in one step, by the server's clock. The list holds the moments of the last turns in microseconds. If
# the clock was put back, turns that seem to lie in the future count as taken now, so nobody waits longer than a window.
_RESERVE = """
local key, ahead = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = -1
local taken = redis.call('LINDEX', key, last)
while taken and tonumber(taken) > now do
  redis.call('LSET', key, last, string.format('%.0f', now))
  last = last - 1
  taken = redis.call('LINDEX', key, last)
end
local waits, free, most, longest = {}, ahead == 0, 0, 0
for i = 2, #ARGV, 2 do
  local turns, length = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local rest = ahead % turns
  local wait = (ahead - rest) / turns * length
  taken = redis.call('LINDEX', key, rest - turns)
  if taken then wait = wait + math.max(0, taken + length - now) end
  waits[#waits + 1] = wait
  free, most, longest = free and wait == 0, math.max(most, turns), math.max(longest, length)
end
if free then
  redis.call('RPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, -most, -1)
  redis.call('PEXPIRE', key, math.ceil(longest / 1000))
end
return waits
"""


class RedisStore:
    """Counts turns in Redis: ``Limiter(limits, store=RedisStore("redis://:password@host:6379/0", key="groq"))``.

    It needs the extra ``redis``. The client blocks, and is called in threads: connections of an asynchronous one
    belong to an event loop, and a limiter serves many. Times are the server's, so clocks of machines may differ.

    A copy, by pickle or ``copy``, has connections of its own; a pickle holds the URL, password included.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, with options as redis-py reads them from a query.
        key: Whose turns these are; limiters that share one need the same limits.

    Raises:
        InvalidSetting: The URL cannot be used, or redis-py is not installed.
    """

    def __init__(self, url: str, *, key: str) -> None:
        self._url = url
        self._key = key
        self._script = _script(url)

    def __repr__(self) -> str:
        return f"RedisStore({_public(self._url)!r}, key={self._key!r})"

    def __reduce__(self) -> tuple[Callable[[], "RedisStore"], tuple[()]]:
        return functools.partial(RedisStore, self._url, key=self._key), ()

    def reserve(self, windows: Sequence[Window], ahead: int) -> Sequence[float]:
        """Takes a turn, as ``Store`` says; waits 5 s at most for each answer of the server.

        Raises:
            ConnectionFailed: Redis cannot be reached, or refuses.
        """
        from redis import RedisError

        numbers = [number for window in windows for number in (window.turns, round(window.seconds * _MICRO))]
        try:
            waits = self._script(keys=[f"freeproviders:limits:{self._key}"], args=[ahead, *numbers])
        except RedisError as error:
            raise ConnectionFailed(
                f"the rate limits cannot be read from {_public(self._url)} ({error}): check that Redis runs, or leave "
                f"out store= to count in this process alone"
            ) from error
        return [wait / _MICRO for wait in waits]


def _script(url: str) -> Callable[..., Any]:
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise InvalidSetting("RedisStore needs redis-py: pip install 'freeproviders[redis]'") from error
    # One more try, as the server closes idle connections; should it have taken a turn already, that one is lost.
    retry = Retry(NoBackoff(), 1)
    try:
        client = Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=retry)
    except (ValueError, TypeError):
        # Without the cause: it quotes parts of the URL, the password among them.
        message = "the URL of RedisStore cannot be used: write redis://user:password@host:6379/0"
        raise InvalidSetting(message) from None
    return client.register_script(_RESERVE)


def _public(url: str) -> str:
    """Where the URL leads, without what may be secret: user, password, and the query, where either may stand too."""
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2] or parts.path  # a path alone: a socket of this machine
    return f"{parts.scheme}://{where}"
