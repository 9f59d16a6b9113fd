"""Tools, schemas and images as fields of the protocol: what is sent, what is read, and when words are used instead."""

import json
from contextlib import contextmanager

import pytest

from freeproviders import Client, Image, Prompt, Retry, Turn, errors
from freeproviders.providers.openai_requests import messages
from freeproviders.sandbox import Sandbox, Scenario, ScriptedBrain
from freeproviders.tools.native import CallPiece, NativeCalls
from freeproviders.wire import CallArguments, CallDone, CallFailed, CallStarted, Fact, ToolCall

NAME = "openai_compatible"
ADD = {
    "name": "add",
    "description": "Add two numbers.",
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
}
NOW = {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
SUM = (Turn(role="user", text="add 2 and 3"),)
SUMS = (Turn(role="user", text="add 2 and 3, and add 4 and 5"),)
ODD = [None, "odd_calls", "one_index", "whole", "null_content", "no_done"]


def client_of(sandbox, **words):
    return Client(NAME, base_url=sandbox.url(NAME), retry=Retry(attempts=1), **words)


def block(arguments, name="add"):
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


@contextmanager
def scripted(*replies, **words):
    """A sandbox whose model gives these replies, and a client of it."""
    with Sandbox(ScriptedBrain(replies)) as sandbox:
        yield sandbox, client_of(sandbox, **words)


# What is sent.


async def test_tools_travel_as_data_and_the_conversation_as_it_is(sandbox):
    await client_of(sandbox).acomplete(Prompt(turns=SUM, tools=(ADD,)))
    sent = sandbox.received[-1].json
    assert sent["messages"] == [{"role": "user", "content": "add 2 and 3"}]
    assert (sent["tools"], sent["tool_choice"]) == ([{"type": "function", "function": ADD}], "auto")
    assert "parallel_tool_calls" not in sent


CHOICES = {"any": "required", "none": "none", "add": {"type": "function", "function": {"name": "add"}}}


@pytest.mark.parametrize(("choice", "sent"), CHOICES.items())
async def test_the_choice_of_a_tool_travels(sandbox, choice, sent):
    prompt = Prompt(turns=SUM, tools=(ADD, NOW), tool_choice=choice, parallel_calls=False)
    answer = await client_of(sandbox).acomplete(prompt)
    assert (sandbox.received[0].json["tool_choice"], sandbox.received[0].json["parallel_tool_calls"]) == (sent, False)
    assert [call.name for call in answer.calls] == ([] if choice == "none" else ["add"])


async def test_a_result_is_tied_to_its_call(sandbox):
    client = client_of(sandbox)
    calls = (await client.acomplete(Prompt(turns=SUMS, tools=(ADD,)))).calls
    first, second = (Turn(role="tool", text=text, name="add", call_id=calls[at].id) for at, text in enumerate("59"))
    said = Turn(role="assistant", text="", calls=calls)
    await client.acomplete(Prompt(turns=(*SUMS, said, second, first), tools=(ADD,)))
    sent = sandbox.received[-1].json["messages"]
    assert [call["id"] for call in sent[1]["tool_calls"]] == ["call00001", "call00002"]
    assert [(turn["tool_call_id"], turn["content"]) for turn in sent[2:]] == [("call00002", "9"), ("call00001", "5")]


MADE = (ToolCall("add", {"a": 1}, id="x"), ToolCall("now", {}, id="y"))
ASKED = (Turn(role="user", text="?"), Turn(role="assistant", text="Let me see.", calls=MADE))


def roles(*turns):
    return [(one["role"], one.get("tool_call_id", ""), one["content"]) for one in messages(turns)]


def test_results_without_an_id_are_tied_by_name_and_order():
    found = roles(*ASKED, Turn(role="tool", text="noon", name="now"), Turn(role="tool", text="2", failed=True))
    assert found[2:] == [("tool", "call00002", "noon"), ("tool", "call00001", "Error: 2")]


def test_a_call_without_a_result_is_given_one_that_says_so():
    found = roles(*ASKED, Turn(role="tool", text="noon", name="now"), Turn(role="user", text="Well?"))
    assert found[3:] == [("tool", "call00001", "There is no result."), ("user", "", "Well?")]
    assert roles(*ASKED)[2:] == [(("tool"), f"call0000{number}", "There is no result.") for number in (1, 2)]


def test_a_result_without_its_call_is_told_in_words():
    found = roles(Turn(role="tool", text="noon", name="now"), Turn(role="tool", text="x"))
    assert [(role, text) for role, _, text in found] == [
        ("user", "The tool now gave this result:\nnoon"),
        ("user", "The tool called gave this result:\nx"),
    ]


def test_an_assistant_who_said_nothing_is_left_out():
    assert roles(Turn(role="user", text="a"), Turn(role="assistant", text=""), Turn(role="user", text="b")) == [
        ("user", "", "a"),
        ("user", "", "b"),
    ]


# What is read.


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("variant", ODD)
async def test_calls_are_read_however_they_are_cut(sandbox, variant, partial):
    sandbox.scenario = Scenario(variant=variant)
    prompt = Prompt(turns=SUMS, tools=(ADD,), partial=partial)
    answer = await client_of(sandbox).acomplete(prompt)
    assert [(call.name, call.arguments) for call in answer.calls] == [
        ("add", {"a": 2, "b": 3}),
        ("add", {"a": 4, "b": 5}),
    ]
    assert (answer.text, answer.metadata["finish_reason"]) == ("", "tool_calls")
    events = [event async for event in client_of(sandbox).astream(prompt)]
    kinds = [type(event) for event in events[:-1]]
    assert kinds == [CallStarted, CallArguments, CallDone] * 2
    done = [event.call.arguments for event in events if isinstance(event, CallDone)]
    assert [json.loads(event.text) for event in events if isinstance(event, CallArguments)] == done


async def test_arguments_grow_in_the_stream_if_that_is_asked_for():
    text = "x" * 500
    tool = {"name": "note", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}
    with scripted(block({"text": text}, "note")) as (sandbox, client):
        sandbox.scenario = Scenario(variant="odd_calls")
        events = [event async for event in client.astream(Prompt(turns=SUM, tools=(tool,), partial=True))]
    pieces = [event.text for event in events if isinstance(event, CallArguments)]
    assert len(pieces) > 3
    assert json.loads("".join(pieces)) == {"text": text}


async def test_arguments_are_fitted_to_the_tool():
    with scripted(block({"a": "2", "b": 3.0})) as (_, client):
        call = (await client.acomplete(Prompt(turns=SUM, tools=(ADD,)))).calls[0]
    assert (call.arguments, bool(call.repairs)) == ({"a": 2, "b": 3}, True)


FAILING = {
    "cut off": (block('{"a": 1, "b": '), "truncated"),
    "no JSON": (block("one and two"), "unreadable"),
    "of another schema": (block({"a": "many", "b": 1}), "schema"),
    "of an unknown tool": (block({}, "fly"), "unknown_tool"),
    "missing": (block(""), "schema"),
}


@pytest.mark.parametrize(("reply", "kind"), FAILING.values(), ids=FAILING)
async def test_a_call_that_cannot_be_made_is_asked_for_again_without_words_about_blocks(reply, kind):
    with scripted(reply, block({"a": 2, "b": 3})) as (sandbox, client):
        answer = await client.acomplete(Prompt(turns=SUM, tools=(ADD,)))
        correction = sandbox.received[-1].json["messages"][-1]
    assert [call.arguments for call in answer.calls] == [{"a": 2, "b": 3}]
    assert correction["content"].startswith("That call cannot be made: ")
    assert correction["content"].endswith(". Make the corrected call.")
    with scripted(reply, reply) as (sandbox, client):
        events = [event async for event in client.astream(Prompt(turns=SUM, tools=(ADD,)))]
    assert [event.call.kind for event in events if isinstance(event, CallFailed)] == [kind]
    assert events[-1].metadata["invalid_tool_calls"][0]["error"]


async def test_a_call_that_had_to_come_is_asked_for_again():
    with scripted("No.", block({"a": 2, "b": 3})) as (sandbox, client):
        answer = await client.acomplete(Prompt(turns=SUM, tools=(ADD,), tool_choice="add"))
        assert sandbox.received[-1].json["messages"][-1]["content"] == "You called no tool. Call one tool add."
    assert len(answer.calls) == 1


async def test_text_that_looks_like_a_call_is_text():
    with scripted('Write {"name": "add", "arguments": {"a": 1, "b": 2}} yourself.') as (_, client):
        answer = await client.acomplete(Prompt(turns=SUM, tools=(ADD,)))
    assert (answer.calls, answer.text[:5]) == ((), "Write")


def native(*pieces, **words):
    calls = NativeCalls(Prompt(turns=(), tools=(ADD, NOW), **words))
    return [*(event for piece in pieces for event in calls.add(piece)), *calls.finish()]


def test_an_empty_text_is_no_argument():
    found = native(CallPiece(place=0, name="now"))
    assert [event.call.arguments for event in found if isinstance(event, CallDone)] == [{}]


def test_a_second_call_is_left_out_where_one_is_wanted():
    found = native(CallPiece(place=0, name="now"), CallPiece(place=1, name="now"), parallel_calls=False)
    assert sum(isinstance(event, CallDone) for event in found) == 1


def test_pieces_that_are_mixed_up_are_a_bad_reply():
    first, second = CallPiece(place=0, name="now"), CallPiece(place=1, name="now")
    with pytest.raises(errors.BadReply, match="mixed up"):
        native(first, second, first)
    with pytest.raises(errors.BadReply, match="without a name"):
        native(CallPiece(place=0, arguments="{}"))


def test_what_was_mended_is_told():
    found = native(CallPiece(place=0, name="add", arguments='{"a": "1", "b": 2}'))
    assert {event.name for event in found if isinstance(event, Fact)} == {"finish_reason", "tool_call_repairs"}


# Schemas.


async def test_a_schema_travels_as_data(sandbox):
    prompt = Prompt(turns=(Turn(role="user", text="Ann is 36 years old."),), schema=PERSON)
    answer = await client_of(sandbox).acomplete(prompt)
    assert json.loads(answer.text) == {"name": "Ann", "age": 36}
    form = sandbox.received[-1].json["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "answer", "schema": PERSON}}


async def test_a_value_that_does_not_fit_is_asked_for_again():
    with scripted('{"name": "Ann"}', '{"name": "Ann", "age": "36"}') as (_, client):
        answer = await client.acomplete(Prompt(turns=SUM, schema=PERSON))
    assert json.loads(answer.text) == {"name": "Ann", "age": 36}


# Modes.


LISTED = {"type": "array", "items": {"type": "integer"}}
MODES = {
    "tools": ({"tools": (ADD,)}, {}, True),
    "a schema": ({"schema": PERSON}, {}, True),
    "a schema whose root is no object": ({"schema": LISTED}, {}, False),
    "both at once": ({"tools": (ADD,), "schema": PERSON}, {}, False),
    "prompted": ({"tools": (ADD,)}, {"tool_mode": "prompted"}, False),
    "a prompted schema": ({"schema": PERSON}, {"tool_mode": "prompted"}, False),
}


@pytest.mark.parametrize(("asked", "words", "native"), MODES.values(), ids=MODES)
async def test_what_the_protocol_cannot_say_is_said_in_words(sandbox, asked, words, native):
    await client_of(sandbox, **words).acomplete(Prompt(turns=SUM, **asked))
    sent = sandbox.received[0].json
    assert ("tools" in sent or "response_format" in sent) is native
    assert (len(sent["messages"]) == 1) is native


async def test_prompted_tools_work_here_too(sandbox):
    answer = await client_of(sandbox, tool_mode="prompted").acomplete(Prompt(turns=SUM, tools=(ADD,)))
    assert [call.arguments for call in answer.calls] == [{"a": 2, "b": 3}]


async def test_the_mode_may_differ_for_one_call(sandbox):
    prompt = Prompt(turns=SUM, tools=(ADD,), settings={"tool_mode": "prompted"})
    assert (await client_of(sandbox).acomplete(prompt)).calls
    assert "tools" not in sandbox.received[-1].json


# Images.


async def test_images_travel_with_their_text(sandbox):
    images = (Image(data=b"\x89PNG", mime_type="image/png"), Image(url="https://example.org/a.jpg"))
    await client_of(sandbox).acomplete(Prompt(turns=(Turn(role="user", text="What is it?", images=images),)))
    text, first, second = sandbox.received[-1].json["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert first["image_url"]["url"] == "data:image/png;base64,iVBORw=="
    assert second["image_url"]["url"] == "https://example.org/a.jpg"


async def test_an_image_needs_no_text(sandbox):
    turn = Turn(role="user", text="", images=(Image(data=b"\x89PNG"),))
    assert (await client_of(sandbox).acomplete(Prompt(turns=(turn,)))).text


@pytest.mark.parametrize("name", ["yqcloud", "groq"])
async def test_where_no_model_sees_images_they_are_refused(sandbox, name):
    turn = Turn(role="user", text="What is it?", images=(Image(data=b"x"),))
    with pytest.raises(errors.UnsupportedContent, match="images"):
        await Client(name, base_url="http://127.0.0.1:9").acomplete(Prompt(turns=(turn,)))


async def test_images_beside_prompted_tools_are_kept(sandbox):
    turn = Turn(role="user", text="add 2 and 3", images=(Image(data=b"\x89PNG"),))
    await client_of(sandbox, tool_mode="prompted").acomplete(Prompt(turns=(turn,), tools=(ADD,)))
    assert sandbox.received[-1].json["messages"][-1]["content"][1]["type"] == "image_url"
