"""What pieces, calls and the making of an LLM cost, in counts that are the same on every machine."""

import contextlib
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from freeproviders import Client
from freeproviders.provider import Provider
from freeproviders.sandbox import Sandbox
from freeproviders.wire import Text
from llamaindex_freeproviders import FreeProvider, Yqcloud
from llamaindex_freeproviders.growing import GrowingChat, GrowingCompletion


@contextlib.contextmanager
def counting() -> Iterator[Counter[Any]]:
    """Counts the Python functions that this thread calls, by name, and what is made, by class."""
    seen: Counter[Any] = Counter()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            name = frame.f_code.co_name
            seen[type(frame.f_locals.get("self")) if name == "__init__" else name] += 1

    gc.disable()  # else what others have left behind would be cleared away, and counted, here
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        gc.enable()


# A piece.


@pytest.mark.parametrize("kind", [GrowingChat, GrowingCompletion])
def test_a_piece_costs_the_same_however_much_there_is(kind: Any) -> None:
    growing, costs = kind("any", inline=True), []
    for _ in range(2000):
        with counting() as seen:
            growing.response(growing.take(Text("piece ")))
        costs.append(seen)
    assert costs[1] == costs[-1]  # with the first, Python notes which classes are kinds of which
    assert costs[-1]["deepcopy"] == 0


def test_core_looks_at_no_message_of_a_piece() -> None:
    growing, event = GrowingChat("any", inline=True), Text("piece ")
    with counting() as seen:
        growing.response(growing.take(event))
    made = sorted(kind.__name__ for kind in seen if isinstance(kind, type))
    assert made == ["ChatResponse", "TextBlock"]


# An LLM and its calls.


def providers_in(seen: Counter[Any]) -> int:
    return sum(count for kind, count in seen.items() if isinstance(kind, type) and issubclass(kind, Provider))


@pytest.mark.parametrize("words", [{}, {"models": ["new"], "cookies": {"a": "b"}, "default_headers": {"X-Mine": "1"}}])
@pytest.mark.parametrize("cls", [Yqcloud, FreeProvider])
async def test_an_llm_is_made_with_one_client_that_serves_its_calls(sandbox: Sandbox, cls: Any, words: Any) -> None:
    named = {"provider": "yqcloud"} if cls is FreeProvider else {}
    with counting() as seen:
        llm = cls(api_base=sandbox.url("yqcloud"), **named, **words)
    assert (seen[Client], providers_in(seen)) == (1, 1)
    with counting() as seen:
        assert (await llm.acomplete("Hello.")).text
    assert (seen[Client], providers_in(seen)) == (0, 0)


async def test_a_call_without_words_looks_through_no_settings(yqcloud: Yqcloud) -> None:
    await yqcloud.acomplete("Hello.")
    with counting() as seen:
        await yqcloud.acomplete("Hello.")
    assert seen["acomplete"] > 0
    assert [seen[name] for name in ("setting_names", "import_module", "warn_ignored")] == [0, 0, 0]


async def test_a_setting_of_one_call_makes_a_provider_for_it_alone(yqcloud: Yqcloud) -> None:
    with counting() as seen:
        await yqcloud.acomplete("Hello.", network=False)
    assert seen[Client] == 0
    assert providers_in(seen) > 0
    with counting() as seen:
        await yqcloud.acomplete("Hello.")
    assert providers_in(seen) == 0
