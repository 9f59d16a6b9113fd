"""An answer ends before the first stop sequence, to the letter, however the network cuts it."""

import pytest

from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.testing.kit import says, text_of
from freeproviders.testing.promises.base import Contract, streaming
from freeproviders.wire import Prompt

__all__ = ["StopSequences"]

TEXT = "Thought: I search.\nObservation: 42 😀\nFinal."
CASES = {
    ("\nObservation:",): "Thought: I search.",
    ("\nObservation", "\nFinal"): "Thought: I search.",
    ("😀",): "Thought: I search.\nObservation: 42 ",
    ("never",): TEXT,
    ("", "42"): "Thought: I search.\nObservation: ",
    ("Thought",): "",
    ("Final.?",): TEXT,
    ("search.\nX", "search."): "Thought: I ",
    ("arch.\nObs", "ch"): "Thought: I se",
}


def _prompt(stop: tuple[str, ...]) -> Prompt:
    return Prompt(turns=Prompt.of("hello").turns, stop=stop)


class StopSequences(Contract):
    """An answer ends before the first stop sequence."""

    @pytest.mark.parametrize("size", [None, 1, 2, 3, 7, 97])
    async def test_the_cut_does_not_depend_on_fragments(self, sandbox: Sandbox, size: int | None) -> None:
        sandbox.scenario = says(TEXT, fragment=size)
        client = self.client(sandbox)
        for stop, expected in CASES.items():
            events = [event async for event in client.astream(_prompt(stop))]
            assert (text_of(events), (await client.acomplete(_prompt(stop))).text) == (expected, expected), stop

    @streaming
    async def test_the_rest_of_the_answer_is_not_waited_for(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=("one ", "STOP", " two"), hold_after=2)
        assert (await self.client(sandbox).acomplete(_prompt(("STOP",)))).text == "one "

    @streaming
    async def test_text_that_cannot_begin_a_stop_sequence_is_not_held_back(self, sandbox: Sandbox) -> None:
        sandbox.scenario = Scenario(pieces=("one", " two"), hold_after=1)
        events = self.client(sandbox).astream(_prompt(("STOP",)))
        assert text_of([await anext(events)]) == "one"
        await events.aclose()
