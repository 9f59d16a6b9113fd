"""The responses of a growing answer: as core's constructors make them, each of objects of its own."""

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.bridge.pydantic import BaseModel

from freeproviders.wire import CallDone, Done, Event, Image, Restarted, Text, ToolCall
from llamaindex_freeproviders.growing import Growing, GrowingChat, GrowingCompletion

PNG = b"\x89PNG\r\n\x1a\n"
FACTS = {"model": "m", "reasoning": "Hm.", "usage": {"prompt_tokens": 3, "reasoning_tokens": 1}, "thread": {"id": "1"}}
# What came of an answer, each at the end of what it has been told.
ANSWERS: dict[str, list[Event]] = {
    "nothing yet": [],
    "text": [Text("Hello "), Text("there.")],
    "foreign text": [Text("你好"), Text("，世界 🌍")],
    "image": [Text("Look:"), Image(data=PNG, mime_type="image/png"), Image(url="https://a/b.png")],
    "call": [CallDone(1, ToolCall("add", {"a": {"b": [1]}}, id="c1"))],
    "text and calls": [Text("So: "), *(CallDone(n, ToolCall("add", {"a": n}, id=f"c{n}")) for n in (1, 2))],
    "begun anew": [Text("Hel"), Restarted(candidate="pi", partial="Hel")],
    "end": [Text("Hello."), Image(url="https://a/b.png"), Done(metadata=FACTS)],
}
EVERY_ANSWER = pytest.mark.parametrize("events", ANSWERS.values(), ids=ANSWERS.keys())
KINDS = pytest.mark.parametrize("kind", [GrowingChat, GrowingCompletion])


def grown(kind: Callable[..., Growing[Any]], events: list[Event]) -> Growing[Any]:
    growing = kind("any", inline=True)
    for event in events:
        growing.take(event)
    return growing


def constructed(given: BaseModel) -> BaseModel:
    """The same by core's constructors, which look at every value."""
    words = {name: getattr(given, name) for name in given.model_fields_set}
    if isinstance(given, ChatResponse):
        words["message"] = constructed(given.message)
    return type(given)(**words)


def places(model: BaseModel) -> dict[str, Any]:
    """All that pydantic keeps of a model, in its order."""
    names = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
    return {name: getattr(model, name) for name in names} | {"order": list(model.__dict__)}


@EVERY_ANSWER
@KINDS
def test_a_response_is_what_the_constructors_make(kind: Any, events: list[Event]) -> None:
    given = grown(kind, events).response("new")
    expected = constructed(given)
    assert given == expected
    assert (type(given), repr(given), str(given)) == (type(expected), repr(expected), str(expected))
    assert places(given) == places(expected)
    for words in ({}, {"exclude_unset": True}, {"exclude_defaults": True}, {"mode": "json"}):
        assert given.model_dump(**words) == expected.model_dump(**words)
    assert given.model_dump_json() == expected.model_dump_json()


@EVERY_ANSWER
def test_a_message_is_what_the_constructor_makes(events: list[Event]) -> None:
    given = grown(GrowingChat, events).response(None).message
    expected = ChatMessage(
        role=MessageRole.ASSISTANT, blocks=given.blocks, additional_kwargs=dict(given.additional_kwargs)
    )
    assert given == expected
    assert (type(given), given.content, repr(given)) == (ChatMessage, expected.content, repr(expected))
    assert places(given) == places(expected)
    assert given.model_fields_set == {"role", "blocks", "additional_kwargs"}
    for words in ({}, {"exclude_unset": True}, {"exclude_defaults": True}, {"mode": "json"}):
        assert given.model_dump(**words) == expected.model_dump(**words)
    assert ChatMessage.model_validate(given.model_dump()) == given


@EVERY_ANSWER
@KINDS
@pytest.mark.parametrize(
    "way",
    [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), lambda x: x.model_copy(deep=True)],
    ids=["copy", "deepcopy", "pickle", "model_copy"],
)
def test_a_response_copies_and_pickles(kind: Any, events: list[Event], way: Callable[[Any], Any]) -> None:
    given = grown(kind, events).response("new")
    other = way(given)
    assert other == given
    assert places(other) == places(given)


def changeable(thing: Any) -> Iterator[int]:
    """The ids of all in a thing that can be changed."""
    if isinstance(thing, BaseModel):
        yield from (id(thing), id(thing.__dict__), id(thing.__pydantic_fields_set__))
        yield from (found for value in thing.__dict__.values() for found in changeable(value))
    elif isinstance(thing, dict):
        yield id(thing)
        yield from (found for value in thing.values() for found in changeable(value))
    elif isinstance(thing, list | set):
        yield id(thing)
        yield from (found for value in thing for found in changeable(value))


@EVERY_ANSWER
@KINDS
def test_two_responses_share_nothing_that_can_be_changed(kind: Any, events: list[Event]) -> None:
    growing = grown(kind, events)
    one, other = growing.response("new"), growing.response("new")
    assert one == other
    assert set(changeable(one)).isdisjoint(changeable(other))


def test_a_response_that_is_changed_changes_no_other() -> None:
    growing = grown(GrowingChat, ANSWERS["text"])
    changed, untouched = growing.response(""), growing.response("")
    changed.message.blocks.clear()
    changed.message.role = MessageRole.USER
    changed.message.additional_kwargs["mine"] = changed.additional_kwargs["mine"] = changed.raw["mine"] = 1
    changed.message.model_fields_set.add("mine")
    assert growing.response("") == untouched
    assert ChatMessage(content="x").model_fields_set == {"blocks"}
    assert (untouched.message.content, untouched.message.role) == ("Hello there.", MessageRole.ASSISTANT)
