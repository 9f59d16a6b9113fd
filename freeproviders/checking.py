"""Asks services a one-line question to see which of them work from here, now. How that is shown is the command's."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from freeproviders import registry
from freeproviders.errors import InvalidSetting, ProviderError
from freeproviders.policy import Retry, Timeouts
from freeproviders.reports import AnswerBegan, Report
from freeproviders.transport import Client

__all__ = ["Check", "check", "fastest_first", "read", "ready", "save"]

QUESTION = "Reply with the one word: ready"

# A result says little about another day.
_FRESH_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What became of one question.

    Attributes:
        provider: Name of the service.
        works: Whether it answered.
        error: Class of the error; empty if it answered.
        message: What the error says, and what to do about it.
        first: Seconds until the first piece of the answer; None if none came.
        seconds: Seconds it all took.
        model: Model asked.
        verified: Date of the last evidence on the service's card.
        at: When it was asked, in seconds since 1970.
    """

    provider: str
    works: bool
    error: str = ""
    message: str = ""
    first: float | None = None
    seconds: float = 0.0
    model: str = ""
    verified: str = ""
    at: float = 0.0


async def check(
    names: Sequence[str] = (), *, question: str = QUESTION, timeout: float = 30.0, **settings: Any
) -> AsyncGenerator[Check, None]:
    """Asks services at the same time, each once; gives each result as it comes.

    Args:
        names: Their names; by default those of ``ready``.
        question: What they are asked.
        timeout: Seconds each may take to its first byte, and between two pieces.
        settings: Words of each client, e.g. ``proxy``.

    Raises:
        InvalidSetting: If a name is unknown.
    """
    clients = [_client(name, timeout, settings) for name in names or ready()]
    tasks = [asyncio.ensure_future(_one(name, client, question)) for name, client in clients]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def ready() -> tuple[str, ...]:
    """Names of the services that can be asked as things are: those that need nothing, and presets that have a key."""
    from freeproviders.presets import presets
    from freeproviders.presets.services import has_key

    keyed = (name for name, preset in presets().items() if preset.status != "retired" and has_key(preset))
    return (*registry.names(), *keyed)


def _client(name: str, timeout: float, settings: Mapping[str, Any]) -> "tuple[str, Client | InvalidSetting]":
    registry.get(name)  # an unknown name is the caller's fault, a bad setting of one service that service's result
    try:
        limits = Timeouts(connect=min(timeout, Timeouts().connect), first_byte=timeout, idle=timeout)
        return name, Client(name, retry=Retry(attempts=1), timeouts=limits, **settings)
    except InvalidSetting as error:
        return name, error


async def _one(name: str, client: Client | InvalidSetting, question: str) -> Check:
    card, began, at = registry.get(name).card, time.monotonic(), time.time()
    first: float | None = None

    async def listen(report: Report) -> None:
        nonlocal first
        if isinstance(report, AnswerBegan):
            first = report.seconds

    failure: ProviderError | None = None
    try:
        if isinstance(client, InvalidSetting):
            raise client
        await client.acomplete(question, listen=listen)
    except ProviderError as error:
        failure = error
    return Check(
        provider=name,
        works=failure is None,
        error="" if failure is None else type(failure).__name__,
        message="" if failure is None else failure.message,
        first=first,
        seconds=time.monotonic() - began,
        model=card.models[0],
        verified=card.verified,
        at=at,
    )


def save(checks: Sequence[Check], path: str | Path) -> None:
    """Writes results to a file, for a router's order.

    Raises:
        InvalidSetting: If it cannot be written.
    """
    text = json.dumps([asdict(one) for one in checks], indent=1) + "\n"
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidSetting(f"the results cannot be written to {str(path)!r}: {error.strerror}") from error


def read(path: str | Path) -> list[Check]:
    """The results in a file.

    Raises:
        InvalidSetting: If there is no such file, or it holds something else.
    """
    try:
        return [_check(one) for one in json.loads(Path(path).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise InvalidSetting(
            f"{str(path)!r} holds no results of a check; write them by: freeproviders check --save {path}"
        ) from error


def _check(given: Mapping[str, Any]) -> Check:
    one = Check(**given)
    first = None if one.first is None else float(one.first)
    return replace(one, provider=str(one.provider), first=first, seconds=float(one.seconds), at=float(one.at))


def fastest_first(names: Sequence[str], checks: Sequence[Check], *, now: float | None = None) -> list[int]:
    """The places of names in the order of what a check found: those that answered by speed, unknown ones, the rest.

    Args:
        names: Names of services, of which several may be the same.
        checks: Results; those older than a day count as unknown.
        now: Seconds since 1970; by default the system's.
    """
    since = (time.time() if now is None else now) - _FRESH_SECONDS
    known = {one.provider: one for one in checks if one.at >= since}

    def rank(place: int) -> tuple[int, float]:
        found = known.get(names[place])
        if found is None:
            return 1, 0.0
        return (0, found.first or found.seconds) if found.works else (2, 0.0)

    return sorted(range(len(names)), key=rank)
