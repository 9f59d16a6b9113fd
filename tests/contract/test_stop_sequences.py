"""An answer ends before the first stop sequence, to the letter, however the network cuts it."""

import pytest
from contract_kit import client_of, every_provider, every_streaming_provider, says, text_of

from freeproviders import Prompt
from freeproviders.sandbox import Scenario

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


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7, 97])
@every_provider
async def test_the_cut_does_not_depend_on_fragments(sandbox, name, size):
    sandbox.scenario = says(TEXT, fragment=size)
    client = client_of(sandbox, name)
    for stop, expected in CASES.items():
        events = [event async for event in client.astream(_prompt(stop))]
        assert (text_of(events), (await client.acomplete(_prompt(stop))).text) == (expected, expected), stop


@every_streaming_provider
async def test_the_rest_of_the_answer_is_not_waited_for(sandbox, name):
    sandbox.scenario = Scenario(pieces=("one ", "STOP", " two"), hold_after=2)
    assert (await client_of(sandbox, name).acomplete(_prompt(("STOP",)))).text == "one "


@every_streaming_provider
async def test_text_that_cannot_begin_a_stop_sequence_is_not_held_back(sandbox, name):
    sandbox.scenario = Scenario(pieces=("one", " two"), hold_after=1)
    events = client_of(sandbox, name).astream(_prompt(("STOP",)))
    assert (await anext(events)).text == "one"
    await events.aclose()
