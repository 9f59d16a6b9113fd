"""Calls that nobody hears give what those that are heard give, and whoever wants to hear does."""

import inspect
import sys
import warnings
from collections import Counter
from typing import Any, ClassVar

import pytest
from kit.calls import CALLS, STREAMS, Call, text_of
from kit.recorders import Events, Spans, recorded, watched
from llama_index.core.callbacks import CallbackManager
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import NullEventHandler
from llama_index.core.llms import LLM, ChatMessage

from freeproviders import errors
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import Yqcloud

PLACES = ["root", "llamaindex_freeproviders.base", "llama_index.core.llms.callbacks"]
named = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)


def said(responses: list[Any]) -> list[Any]:
    return [(type(one), text_of(one), one.delta, one.raw, one.additional_kwargs) for one in responses]


@named
async def test_an_unheard_call_gives_what_a_heard_one_gives(yqcloud: Yqcloud, call: Call) -> None:
    unheard = said(await call.responses(yqcloud))
    with recorded():
        assert said(await call.responses(yqcloud)) == unheard
    watched(yqcloud)
    assert said(await call.responses(yqcloud)) == unheard


@named
async def test_nothing_is_made_for_those_who_do_not_hear(yqcloud: Yqcloud, call: Call) -> None:
    made: Counter[str] = Counter()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            made[frame.f_globals["__name__"]] += 1

    sys.setprofile(note)
    try:
        await call.responses(yqcloud)
    finally:
        sys.setprofile(None)
    assert made["llamaindex_freeproviders.base"] > 0
    assert not {"llama_index_instrumentation.base.event", "llama_index.core.callbacks.base", "inspect"} & made.keys()


@named
@pytest.mark.parametrize("name", PLACES)
async def test_handlers_at_any_place_hear(yqcloud: Yqcloud, call: Call, name: str) -> None:
    place, events, spans = get_dispatcher(name), Events(), Spans()
    for handlers, handler in ((place.event_handlers, events), (place.span_handlers, spans)):
        handlers.append(handler)  # type: ignore[arg-type]  # each into the list of its kind
        try:
            await call.responses(yqcloud)
        finally:
            handlers.remove(handler)  # type: ignore[arg-type]
    assert bool(events.seen) == (name != "llamaindex_freeproviders.base")  # whose events are others'
    assert bool(spans.entered) == (name != "llama_index.core.llms.callbacks")


class NoLongerNull(NullEventHandler):
    seen: ClassVar[list[str]] = []

    def handle(self, event: Any, **_: Any) -> None:
        self.seen.append(type(event).__name__)


class TellingManager(CallbackManager):
    told: ClassVar[list[Any]] = []

    def on_event_start(self, event_type: Any, **words: Any) -> str:
        self.told.append(event_type)
        return super().on_event_start(event_type, **words)


def test_what_only_descends_from_those_who_do_not_hear_hears(sandbox: Sandbox, yqcloud: Yqcloud) -> None:
    handlers, handler = get_dispatcher().event_handlers, NoLongerNull()
    handlers.append(handler)
    try:
        yqcloud.complete("hello")
    finally:
        handlers.remove(handler)
    assert NoLongerNull.seen == ["LLMCompletionStartEvent", "LLMCompletionEndEvent"]
    Yqcloud(api_base=sandbox.url("yqcloud"), callback_manager=TellingManager()).complete("hello")
    assert TellingManager.told == ["llm"]


def test_our_own_events_belong_to_the_span_of_their_call(sandbox: Sandbox) -> None:
    events, place = Events(), get_dispatcher("llamaindex_freeproviders.instrumentation")
    sandbox.scenario = Scenario(status=500)
    place.event_handlers.append(events)
    try:
        with pytest.raises(errors.ServerFailed):
            Yqcloud(api_base=sandbox.url("yqcloud"), max_retries=1).complete("hello")
    finally:
        place.event_handlers.remove(events)
    assert [str(event.span_id).partition("-")[0] for event in events.seen] == ["Yqcloud.complete"]


@pytest.mark.parametrize(
    "messages", ["hello", ChatMessage(content="hello"), None, [{"role": "user", "content": "hello"}]]
)
async def test_what_is_no_conversation_is_said(yqcloud: Yqcloud, messages: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="list of ChatMessage"):
        yqcloud.chat(messages)
    with pytest.raises(errors.InvalidSetting, match="list of ChatMessage"):
        await yqcloud.achat(messages)


@pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
async def test_failures_are_the_same_unheard(sandbox: Sandbox, yqcloud: Yqcloud, call: Call) -> None:
    sandbox.scenario = Scenario(pieces=("one ", "two "), pause=0.01, cut_at=5)
    with pytest.raises(errors.StreamInterrupted) as unheard:
        await call.responses(yqcloud)
    with recorded(), pytest.raises(errors.StreamInterrupted) as heard:
        await call.responses(yqcloud)
    assert (unheard.value.partial, str(unheard.value)) == (heard.value.partial, str(heard.value))


@named
def test_a_call_looks_as_it_is_written(call: Call) -> None:
    method, core = getattr(Yqcloud, call.name), getattr(LLM, call.name)
    first = "messages" if call.is_chat else "prompt"
    assert list(inspect.signature(method).parameters)[:2] == ["self", first]
    assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(core) == call.is_async


async def test_a_class_made_of_ours_may_have_calls_of_its_own(sandbox: Sandbox) -> None:
    class Mine(Yqcloud):
        async def achat(self, messages: Any, **words: Any) -> Any:
            answer = await super().achat(messages, **words)
            answer.raw = "mine"
            return answer

    llm = Mine(api_base=sandbox.url("yqcloud"))
    (call,) = (one for one in CALLS if one.name == "achat")
    assert (await call.responses(llm))[0].raw == "mine"
    with recorded() as (_, spans):
        await call.responses(llm)
    assert {span.partition("-")[0] for span in spans.entered} == {"Mine.achat"}


@pytest.mark.parametrize("heard", [False, True])
async def test_a_word_without_effect_is_reported_at_the_callers_line(yqcloud: Yqcloud, heard: bool) -> None:
    if heard:
        watched(yqcloud)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yqcloud.complete("hello", temperature=0.5)
        await yqcloud.acomplete("hello", temperature=0.5)
    assert [one.category for one in caught] == [IgnoredParameterWarning] * 2
    assert {one.filename for one in caught} == {__file__}
