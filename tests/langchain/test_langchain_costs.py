"""What models, calls and chunks cost, in counts that are the same on every machine; and that nothing got lost by it."""

import contextlib
import copy
import inspect
import pickle
import subprocess
import sys
from collections import Counter

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, BaseCallbackHandler
from langchain_core.load import dumps
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import ensure_config

import langchain_freeproviders as package
from freeproviders.sandbox import Scenario
from freeproviders.wire import CallArguments, CallFailed, CallStarted, Done, Event, Image, InvalidCall, Restarted, Text
from langchain_freeproviders.callbacks import begun
from langchain_freeproviders.chunks import Chunks, chunk_of


class Handler(BaseCallbackHandler):
    pass


PIECES = tuple(f"piece {number} " for number in range(40))


@contextlib.contextmanager
def counting():
    """Counts this thread's calls by the function's name, and the objects it makes by class."""
    calls: Counter[str] = Counter()

    def note(frame, event, told) -> None:
        if event == "c_call":
            calls[told.__name__] += 1
        elif event == "call":
            name = frame.f_code.co_name
            calls[type(frame.f_locals.get("self")).__name__ if name == "__init__" else name] += 1

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def told_by(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


# Chunks: texts are not validated, and nobody can tell.


def made_of(chunks: Chunks, event: Event) -> ChatGenerationChunk:
    (message,) = chunks.of([event], lambda image: image)
    return chunk_of(message)


def ours(text: str) -> ChatGenerationChunk:
    return made_of(Chunks(), Text(text))


def validated(text: str) -> ChatGenerationChunk:
    return type(ours(""))(message=AIMessageChunk(content=text))


@pytest.mark.parametrize("text", ["", "hello", "Hällo\n👋", '{"a": 1}', " "])
def test_a_chunk_of_text_is_what_the_constructor_makes(text):
    made, wanted = ours(text), validated(text)
    assert (made, repr(made), type(made.text)) == (wanted, repr(wanted), type(wanted.text))
    for own, other in ((made, wanted), (made.message, wanted.message)):
        assert own.__dict__ == other.__dict__
        assert list(own.__dict__) == list(other.__dict__)
        assert {name: type(value) for name, value in own.__dict__.items()} == {
            name: type(value) for name, value in other.__dict__.items()
        }
        assert own.model_fields_set == other.model_fields_set
        assert own.__pydantic_extra__ == other.__pydantic_extra__
        assert own.__pydantic_private__ == other.__pydantic_private__
        assert own.model_dump() == other.model_dump()
        assert own.model_dump_json(exclude_unset=True) == other.model_dump_json(exclude_unset=True)
    assert dumps(made) == dumps(wanted)
    assert dumps(made.message) == dumps(wanted.message)
    assert made.message.content_blocks == wanted.message.content_blocks


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), lambda one: one.model_copy()]
)
def test_a_chunk_of_text_is_copied_like_any_other(again):
    made = again(ours("hello"))
    assert made == validated("hello")
    assert made.model_fields_set == validated("hello").model_fields_set
    assert made + ours(" you") == validated("hello") + validated(" you")


def test_chunks_of_text_add_up_like_any_others():
    last = Done(metadata={"model": "m", "provider": "p", "finish_reason": "stop", "attempts": 1})
    texts = ("a", "", "b", "c")
    made, wanted = ([*map(kind, texts), made_of(Chunks(), last)] for kind in (ours, validated))
    assert made[0] + made[1:] == wanted[0] + wanted[1:]
    assert made[0].message + made[1].message == wanted[0].message + wanted[1].message
    assert (made[0] + made[1:]).message.response_metadata["model_name"] == "m"


FACTS = {"model": "m", "provider": "p", "finish_reason": "stop", "attempts": 1, "reasoning": "Hm."}
USED = {**FACTS, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
EVENTS = [
    Text("hello"),
    CallStarted(1, "id1", "add"),
    *(
        CallArguments(1, piece)
        for piece in ('{"a": 1}', '{"a": "wor', "ds, and w", '"}', "[1]", " 7", " ", "", ' {"b": 2}]')
    ),
    CallFailed(0, InvalidCall("add", "{", "id2", "truncated")),
    Image(url="https://example.org/a.png"),
    Image(data=b"png", mime_type="image/png"),
    Restarted(candidate="pi", partial="half"),
    Done(metadata=FACTS),
    Done(metadata=USED),
    Done(metadata={"model": "m", "provider": "p", "finish_reason": "stop", "attempts": 1}),
]


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_the_chunk_of_any_event_is_what_the_constructor_makes(event, blocks):
    made = made_of(Chunks(blocks=blocks), event)
    message = made.message
    given = {name: getattr(message, name) for name in message.model_fields_set if not name.endswith("tool_calls")}
    wanted = type(made)(message=type(message)(**given))
    assert (made.__dict__, made.model_fields_set) == (wanted.__dict__, wanted.model_fields_set)
    assert message.__dict__ == wanted.message.__dict__
    assert (type(made.text), dumps(made)) == (type(wanted.text), dumps(wanted))


def test_only_the_beginning_of_arguments_is_parsed():
    chunks, parsed = Chunks(), []
    for piece in ('{"text": "', "words " * 1000, '"}'):
        with counting() as calls:
            made_of(chunks, CallArguments(1, piece))
        parsed.append(calls["parse_partial_json"])
    assert parsed == [1, 0, 0]


def test_chunks_of_text_share_nothing_that_can_be_changed():
    changed, other = ours("one"), ours("two")
    message = changed.message
    assert isinstance(message, AIMessageChunk)
    message.additional_kwargs["a"] = message.response_metadata["b"] = 1
    for calls in (message.tool_calls, message.invalid_tool_calls, message.tool_call_chunks):
        calls.append({})
    message.usage_metadata = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    message.id = "1"
    message.more = "extra"
    changed.generation_info = {"c": 1}
    assert other == validated("two")
    assert ours("three") == validated("three")
    assert other.message.model_fields_set == ours("").message.model_fields_set == {"content"}
    assert other.message.__pydantic_extra__ == ours("").message.__pydantic_extra__ == {}


async def test_a_delta_costs_one_object_of_ours_and_no_validation(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=PIECES, pause=0.002)
    chunks = yqcloud().astream("hello")
    seen = [await anext(chunks)]
    with counting() as calls:
        seen.append(await anext(chunks))
        calls.clear()
        while len(seen) < 10:
            seen.append(await anext(chunks))
    await chunks.aclose()
    assert calls["Text"] == 8
    assert calls["validate_python"] == 0
    assert calls["ahandle_event"] == calls["handle_event"] == 0


@pytest.mark.parametrize("heard", [False, True])
async def test_an_answer_is_joined_once_and_only_for_those_who_hear_it(yqcloud, sandbox, heard):
    sandbox.scenario = Scenario(pieces=PIECES, pause=0.002)
    chat = yqcloud(callbacks=[Handler()] if heard else None)
    with counting() as calls:
        streamed = [chunk async for chunk in chat.astream("hello")]
    assert len(streamed) > 10
    assert calls["add_ai_message_chunks"] == heard
    with counting() as calls:
        assert (await yqcloud().ainvoke("hello")).text == "".join(PIECES)
    assert calls["add_ai_message_chunks"] == calls["AIMessageChunk"] == 0


# Calls.


def test_a_run_is_begun_for_handlers_alone(yqcloud):
    chat, kind = yqcloud(), AsyncCallbackManagerForLLMRun
    assert begun(chat, None, kind) == (ensure_config(None), None)
    assert begun(chat, {"tags": ["mine"]}, kind) == (ensure_config({"tags": ["mine"]}), None)
    handler = Handler()
    for model, config in ((chat, {"callbacks": [handler]}), (yqcloud(callbacks=[handler]), None)):
        told, run = begun(model, config, kind)
        assert run is not None
        assert run.handlers == [handler]
        assert told["run_id"] == run.run_id


async def test_a_call_makes_no_client_and_leaves_warnings_alone(yqcloud):
    chat = yqcloud()
    await chat.ainvoke("hello")
    with counting() as calls:
        await chat.ainvoke("hello")
        _ = [chunk async for chunk in chat.astream("hello")]
        await chat.model_copy(update={"temperature": None, "tags": ["other"]}).ainvoke("hello")
    assert calls["Client"] == calls["Retry"] == calls["catch_warnings"] == calls["cards"] == 0
    with counting() as calls:
        await chat.model_copy(update={"max_retries": 0}).ainvoke("hello")
    assert calls["Client"] == calls["Retry"] == 1


async def test_a_call_of_a_router_makes_no_router(routed, behaving):
    first = behaving("yqcloud")
    chat = routed(first, behaving("flowgpt"))
    await chat.ainvoke("hello")
    with counting() as calls:
        await chat.ainvoke("hello")
        await chat.model_copy(update={"temperature": None}).ainvoke("hello")
    assert calls["Router"] == calls["Client"] == calls["Candidate"] == 0
    first.max_retries = 0
    with counting() as calls:
        await chat.ainvoke("hello")
    assert (calls["Router"], calls["Client"]) == (1, 1)


def test_settings_of_any_provider_take_effect_when_they_change(sandbox):
    chat = package.ChatFreeProvider(provider="yqcloud", base_url=sandbox.url("yqcloud"))
    chat.invoke("hello")
    chat.settings["path"] = "/nowhere"
    assert chat._face.provider.path == "/nowhere"
    assert chat.model_copy(update={"settings": {"path": "/else"}})._face.provider.path == "/else"


class OldFashioned(package.ChatYqcloud):
    """Says itself what identifies it, by the method that LangChain has given up."""

    def dict(self, **words):
        return {"_type": "old-fashioned"}


def test_a_models_own_dict_is_asked_for(sandbox):
    started = []

    class Heard(BaseCallbackHandler):
        def on_chat_model_start(self, serialized, messages, **words):
            started.append(words["invocation_params"]["_type"])

    for cls in (OldFashioned, package.ChatYqcloud):
        cls(base_url=sandbox.url("yqcloud")).invoke("hello", {"callbacks": [Heard()]})
    assert started == ["old-fashioned", "freeproviders-yqcloud-chat"]


# The making of a model.


def test_a_model_is_made_without_a_look_at_types(yqcloud):
    yqcloud()
    with counting() as calls:
        yqcloud()
    assert calls["get_type_hints"] == 0
    assert calls["Client"] == 1


def test_a_word_that_no_profile_has_is_reported_as_ever(yqcloud):
    with pytest.warns(UserWarning, match="colour"):
        yqcloud(profile={"name": "mine", "colour": "red"})
    assert yqcloud(profile={"name": "mine"}).profile == {"name": "mine"}


def test_a_model_goes_elsewhere_without_what_it_had_before(yqcloud):
    chat = yqcloud(rate_limiter=InMemoryRateLimiter())  # holds a lock, which cannot be copied
    chat.rate_limiter = None
    assert pickle.loads(pickle.dumps(chat)).invoke("hello").text
    assert copy.deepcopy(chat).invoke("hello").text


# What is loaded and built, and when.

LOADED = """
import sys
import langchain_freeproviders as package
print(*sorted(sys.modules))
"""
LATE = {
    "freeproviders.images",
    "freeproviders.providers.openai_compatible",
    "freeproviders.providers.pi",
    "freeproviders.tools.reader",
    "langchain_core.language_models.llms",
    "langchain_freeproviders.image_tool",
    "langchain_freeproviders.llms",
    "langchain_freeproviders.router",
    "langchain_freeproviders.structured",
    "tenacity",
    "yaml",
}


def test_importing_leaves_for_later_what_most_programs_never_use():
    assert not LATE & set(told_by(LOADED).split())


def test_all_names_are_there_whoever_looks():
    assert set(package.__all__) <= set(dir(package))
    assert told_by("from langchain_freeproviders import *\nprint(ChatFreeRouter.__name__)") == "ChatFreeRouter"
    with pytest.raises(AttributeError, match="no attribute 'ChatNobody'"):
        _ = package.ChatNobody


UNBUILT = """
import inspect
import langchain_freeproviders as package

class Mine(package.ChatYqcloud):
    word: str = ""

kinds = [package.ChatYqcloud, package.ChatFlowGpt, Mine]
built = [kind.__pydantic_complete__ for kind in kinds]
package.ChatYqcloud()
named = [sorted(set(kind.model_fields) - set(inspect.signature(kind).parameters)) for kind in kinds]
print(built, named, "word" in inspect.signature(Mine).parameters)
"""


def test_a_class_is_built_with_its_first_model_and_has_its_signature_before():
    assert told_by(UNBUILT) == f"{[False] * 3} {[[]] * 3} True"


AT_ONCE = """
import threading
import langchain_freeproviders as package

made, ready = [], threading.Barrier(8)

def make():
    ready.wait()
    made.append(package.ChatYqcloud(temperature=None, tags=["mine"]))

threads = [threading.Thread(target=make) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(made), {tuple(one.tags) for one in made}, {one.model for one in made})
"""


def test_a_class_may_be_built_by_several_threads_at_once():
    made = package.ChatYqcloud()
    assert told_by(AT_ONCE) == f"8 {{('mine',)}} {{{made.model!r}}}"


UNPICKLED = """
import pickle, sys
chat = pickle.loads(bytes.fromhex({pickled!r}))
copied = chat.model_copy(update={{"stop": ["x"]}})
print(copied.model_dump()["stop"], chat.model, chat.invoke("hello").text)
"""


def test_a_model_works_where_its_class_is_not_built_yet(yqcloud, sandbox):
    sandbox.scenario = Scenario(pieces=("Hi.",))
    chat = yqcloud()
    assert told_by(UNPICKLED.format(pickled=pickle.dumps(chat).hex())) == f"['x'] {chat.model} Hi."


def test_signatures_name_every_argument(chat_class):
    assert set(chat_class.model_fields) <= set(inspect.signature(chat_class).parameters)
