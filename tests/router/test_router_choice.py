"""Whom a router asks: what a call needs chooses among the candidates; what a candidate is made for fills the gaps."""

import random
from collections import Counter

import pytest
from router_kit import (
    FAILS,
    GOOD,
    NAMES,
    THREADED,
    WHOLE,
    asked_of,
    both_ways,
    client,
    collected,
    every_provider,
    every_threaded_provider,
    other,
    read,
    router,
)

from freeproviders import Candidate, Image, Prompt, Router, Turn, errors, providers
from freeproviders.sandbox import Sandbox, Scenario, ScriptedBrain
from freeproviders.wire import CallDone

HELLO = Prompt.of("hello").turns
TOOL = {
    "name": "weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CALL = '<tool_call>{"name": "weather", "arguments": {"city": "Rome"}}</tool_call>'
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


def everybody(sandbox, scenario=GOOD) -> list:
    return [client(sandbox, name, scenario) for name in NAMES]


@pytest.mark.parametrize("down", [False, True], ids=["works", "down"])
async def test_an_image_is_asked_of_nobody_but_who_draws(sandbox, down):
    asked = router(*everybody(sandbox, FAILS if down else None))
    prompt = Prompt(turns=HELLO, model="dalle")
    if down:
        with pytest.raises(errors.AllProvidersFailed) as raised:
            await asked.acomplete(prompt)
        assert [one.candidate for one in raised.value.attempts] == ["aichats"]
    else:
        answer = await asked.acomplete(prompt)
        assert (len(answer.images), answer.metadata["candidate"]) == (1, "aichats")
        assert sum(isinstance(event, Image) for event in await collected(asked, prompt)) == 1
    assert set(asked_of(sandbox)) == {"aichats"}


@every_provider
async def test_a_model_is_asked_of_a_service_that_has_it(sandbox, name):
    model = providers.get(name).card.models[0]
    asked = router(*everybody(sandbox))
    metadata = (await asked.acomplete(Prompt(turns=HELLO, model=model))).metadata
    assert model in providers.get(metadata["candidate"]).card.models
    assert metadata["model"] == model


async def test_a_model_of_the_callers_own_counts_as_well(sandbox):
    asked = router(client(sandbox, "pi"), client(sandbox, "flowgpt", models=["newest"]))
    assert (await asked.acomplete(Prompt(turns=HELLO, model="newest"))).metadata["candidate"] == "flowgpt"


@both_ways
async def test_what_no_candidate_has_is_told_of_each(sandbox, ask):
    asked = router(*everybody(sandbox))
    with pytest.raises(errors.UnsupportedContent) as raised:
        await ask(asked, prompt=Prompt(turns=HELLO, model="unheard-of"))
    assert all(f"{name}: has no model 'unheard-of'" in str(raised.value) for name in NAMES)
    assert sandbox.received == []


async def test_a_setting_is_asked_of_a_service_that_has_it(sandbox):
    asked = router(*everybody(sandbox))
    prompt = Prompt(turns=HELLO, settings={"network": False})
    assert (await asked.acomplete(prompt)).metadata["candidate"] == "yqcloud"
    with pytest.raises(errors.UnsupportedContent, match="has no setting 'netwrok'"):
        await asked.acomplete(Prompt(turns=HELLO, settings={"netwrok": False}))


@pytest.mark.parametrize("wish", [{"tools": (TOOL,)}, {"schema": SCHEMA}], ids=["tools", "schema"])
async def test_who_draws_is_asked_for_no_calls_and_no_json(sandbox, wish):
    drawing = Candidate(client=client(sandbox, "aichats", None), model="dalle")
    with pytest.raises(errors.UnsupportedContent, match="draws"):
        await router(drawing).acomplete(Prompt(turns=HELLO, **wish))
    answer = Scenario(answer='{"age": 5}')
    asked = router(drawing, client(sandbox, "yqcloud", answer))
    assert (await asked.acomplete(Prompt(turns=HELLO, **wish))).metadata["candidate"] == "yqcloud"


@every_provider
async def test_a_candidate_has_its_own_model_temperature_and_stop(sandbox, name):
    model = providers.get(name).card.models[-1] if name != "aichats" else "gpt-4"
    own = Candidate(client=client(sandbox, name), model=model, temperature=0.25, stop=("a time",))
    asked = router(own)
    answer = await asked.acomplete("hello")
    assert (answer.text.strip(), answer.metadata["model"]) == ("Once upon", model)
    assert answer.metadata["candidate"] == f"{name}:{model}"
    assert (await asked.acomplete(Prompt(turns=HELLO, stop=("upon",)))).text.strip() == "Once"


async def test_a_callers_temperature_comes_before_the_candidates(sandbox):
    asked = router(Candidate(client=client(sandbox, "flowgpt"), temperature=0.25))
    await asked.acomplete("hello")
    await asked.acomplete(Prompt(turns=HELLO, temperature=0.75))
    assert [item.json["temperature"] for item in sandbox.received] == [0.25, 0.75]


@both_ways
@every_provider
async def test_stop_sequences_are_honoured_whoever_answers(sandbox, name, ask):
    asked = router(client(sandbox, name, FAILS), client(sandbox, other(name)))
    assert read(await ask(asked, prompt=Prompt(turns=HELLO, stop=(" a time",))))[0].strip() == "Once upon"


@every_provider
async def test_tools_are_called_whoever_answers(sandbox, name):
    asked = router(client(sandbox, name, FAILS), client(sandbox, other(name), Scenario(answer=CALL)))
    prompt = Prompt(turns=HELLO, tools=(TOOL,))
    answer = await asked.acomplete(prompt)
    calls = [event.call for event in await collected(asked, prompt) if isinstance(event, CallDone)]
    assert [(call.name, call.arguments) for call in (*answer.calls, *calls)] == [("weather", {"city": "Rome"})] * 2


@every_provider
async def test_a_schema_is_kept_whoever_answers(sandbox, name):
    asked = router(client(sandbox, name, FAILS), client(sandbox, other(name), Scenario(answer='Sure: {"age": 5}')))
    prompt = Prompt(turns=HELLO, schema=SCHEMA)
    assert (await asked.acomplete(prompt)).text == '{"age": 5}' == read(await collected(asked, prompt))[0]


@both_ways
@every_provider
async def test_a_reply_that_cannot_be_used_is_asked_for_again_of_the_same_service(name, ask):
    brain = ScriptedBrain(["I shall not.", CALL])
    with Sandbox(brain=brain) as strict:
        asked = router(client(strict, name, None), client(strict, other(name), None))
        prompt = Prompt(turns=HELLO, tools=(TOOL,), tool_choice="any")
        assert read(await ask(asked, prompt=prompt))[1]["candidate"] == name
        assert asked_of(strict) == [name, name]


@both_ways
@every_provider
async def test_a_failure_in_a_further_round_moves_on_while_nothing_was_shown(sandbox, name, ask):
    sandbox.script(Scenario(answer="I shall not."), FAILS, Scenario(answer=CALL))
    asked = router(client(sandbox, name, None), client(sandbox, other(name), None))
    metadata = read(await ask(asked, prompt=Prompt(turns=HELLO, tools=(TOOL,), tool_choice="any")))[1]
    assert (metadata["candidate"], asked_of(sandbox)) == (other(name), [name, name, other(name)])
    assert asked.snapshot()[name].failures == 1


async def test_white_space_before_a_call_counts_as_shown(sandbox):
    pieces = ("\n\n", "<tool_call>", '{"name": "weather", "arguments": {}}', "</tool_call>")
    sandbox.script(Scenario(pieces=pieces, pause=0.05), FAILS)
    asked = router(client(sandbox, "yqcloud", None), client(sandbox, "flowgpt", None))
    with pytest.raises(errors.StreamInterrupted) as raised:
        await collected(asked, Prompt(turns=HELLO, tools=(TOOL,)))
    assert raised.value.partial == "\n\n"


@both_ways
@every_threaded_provider
async def test_a_conversation_goes_on_with_the_candidate_that_keeps_it(sandbox, name, ask):
    others = [client(sandbox, one, None) for one in NAMES if one != name]
    asked = router(client(sandbox, name, None), *others)
    thread = read(await ask(asked, prompt=Prompt(turns=HELLO, thread={})))[1]["thread"]
    given = dict(thread)
    assert thread["candidate"] == name
    turned = router(*others, client(sandbox, name, None))  # the same candidates in another order
    metadata = read(await ask(turned, prompt=Prompt(turns=HELLO, thread=thread)))[1]
    assert (metadata["candidate"], metadata["thread"]["candidate"]) == (name, name)
    assert set(asked_of(sandbox)) == {name}
    assert thread == given  # the caller's object is never changed
    assert len(sandbox.received[-1].conversation) > 1


@both_ways
@every_threaded_provider
async def test_a_conversation_never_moves_to_another_service(sandbox, name, ask):
    asked = router(client(sandbox, name, FAILS), *(client(sandbox, one) for one in NAMES if one != name))
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await ask(asked, prompt=Prompt(turns=HELLO, thread={"candidate": name}))
    assert [one.candidate for one in raised.value.attempts] == [name]
    assert set(asked_of(sandbox)) == {name}


async def test_a_conversation_begins_with_somebody_who_keeps_some(sandbox):
    metadata = (await router(*everybody(sandbox, None)).acomplete(Prompt(turns=HELLO, thread={}))).metadata
    assert metadata["candidate"] == THREADED[0]
    with pytest.raises(errors.UnsupportedContent, match="keeps no conversations"):
        await router(client(sandbox, "flowgpt")).acomplete(Prompt(turns=HELLO, thread={}))


async def test_a_conversation_kept_by_nobody_here_is_a_clear_error(sandbox):
    with pytest.raises(errors.UnsupportedContent, match="the conversation is kept by 'somebody'"):
        await router(*everybody(sandbox)).acomplete(Prompt(turns=HELLO, thread={"candidate": "somebody"}))
    assert sandbox.received == []


async def test_the_conversation_arrives_whole_whoever_answers(sandbox):
    turns = (
        Turn(role="user", text="I am Ann."),
        Turn(role="assistant", text="Hello!"),
        Turn(role="user", text="Who am I?"),
    )
    prompt = Prompt(turns=turns)
    for name in NAMES:
        sandbox.reset()
        await router(client(sandbox, other(name), FAILS), client(sandbox, name)).acomplete(prompt)
        assert "Ann" in str(sandbox.received[-1].conversation)
    assert prompt.turns == turns


async def test_weights_say_how_often_each_comes_first(sandbox):
    one = [client(sandbox, name) for name in ("pi", "yqcloud", "flowgpt")]
    weights = (6.0, 3.0, 1.0)
    candidates = [Candidate(client=it, weight=weight) for it, weight in zip(one, weights, strict=True)]
    asked = router(*candidates, weighted=True, random=random.Random(4))
    orders = [[candidate.name for candidate in asked.order()] for _ in range(4000)]
    first = Counter(order[0] for order in orders)
    assert all(sorted(order) == ["flowgpt", "pi", "yqcloud"] for order in orders)
    for name, share in zip(("pi", "yqcloud", "flowgpt"), (0.6, 0.3, 0.1), strict=True):
        assert abs(first[name] / 4000 - share) < 0.03
    after_pi = Counter(order[1] for order in orders if order[0] == "pi")
    assert abs(after_pi["yqcloud"] / sum(after_pi.values()) - 0.75) < 0.03


async def test_a_tiny_weight_is_still_a_weight(sandbox):
    tiny = [Candidate(client=client(sandbox, name), weight=1e-300) for name in NAMES]
    asked = router(*tiny, weighted=True, random=random.Random(4))
    assert len({asked.order()[0].name for _ in range(200)}) == len(NAMES)


async def test_a_weighted_router_moves_on_as_well(sandbox):
    asked = router(client(sandbox, "pi", FAILS), client(sandbox, "yqcloud"), weighted=True, random=random.Random(4))
    answers = [await asked.acomplete("hello") for _ in range(3)]
    assert [(answer.text, answer.metadata["candidate"]) for answer in answers] == [(WHOLE, "yqcloud")] * 3


def test_candidates_are_given_in_many_ways():
    asked = Router(["pi", "yqcloud:gpt-4", providers.get("flowgpt").configure({}), Candidate.of("aichats")])
    assert [one.name for one in asked.candidates] == ["pi", "yqcloud:gpt-4", "flowgpt", "aichats"]
    assert repr(asked) == "Router(pi, yqcloud:gpt-4, flowgpt, aichats)"


def test_candidates_of_one_service_are_numbered():
    asked = Router(["pi", "yqcloud", "yqcloud", "yqcloud:gpt-4", "yqcloud"])
    assert [one.name for one in asked.candidates] == ["pi", "yqcloud", "yqcloud#2", "yqcloud:gpt-4", "yqcloud#3"]


WRONG = {
    "none": ([], errors.InvalidSetting, "at least one"),
    "twice": (
        [Candidate(client=Candidate.of("pi").client, name="mine")] * 2,
        errors.InvalidSetting,
        "two candidates are called 'mine'",
    ),
    "unknown service": (["pie"], errors.ProviderError, "pi"),
    "unknown model": (["flowgpt:gpt-99"], errors.UnknownModel, "gpt-99"),
    "weight": ([Candidate(client=Candidate.of("pi").client, weight=0)], errors.InvalidSetting, "weight"),
}


@pytest.mark.parametrize(("given", "kind", "words"), WRONG.values(), ids=WRONG)
def test_wrong_candidates_are_told(given, kind, words):
    with pytest.raises(kind, match=words):
        Router(given)


def test_a_wrong_word_for_interruptions_is_told():
    with pytest.raises(errors.InvalidSetting, match="on_interrupt"):
        Router(["pi"], on_interrupt="again")
