"""Tools, schemas and images as fields of the protocol: what is sent, what is read, and when words are used instead."""

import json
from contextlib import contextmanager

import pytest

from freeproviders import Client, Image, Prompt, Retry, Router, Turn, errors
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


def test_nothing_stands_between_a_call_and_its_result():
    stray, noon = Turn(role="tool", text="x", name="other"), Turn(role="tool", text="noon", name="now")
    assert [role for role, _, _ in roles(*ASKED, stray, noon)] == ["user", "assistant", "tool", "tool", "user"]


def test_an_assistant_who_said_nothing_is_left_out():
    assert roles(Turn(role="user", text="a"), Turn(role="assistant", text=""), Turn(role="user", text="b")) == [
        ("user", "", "a"),
        ("user", "", "b"),
    ]


async def test_parameters_that_say_nothing_travel_as_an_object(sandbox):
    await client_of(sandbox).acomplete(Prompt(turns=SUM, tools=({"name": "now", "parameters": {}},)))
    sent = sandbox.received[-1].json["tools"][0]["function"]
    assert sent["parameters"] == {"type": "object", "properties": {}}


async def test_two_tools_of_one_name_are_told_before_anything_is_sent(sandbox):
    with pytest.raises(errors.InvalidSetting, match="two tools are called 'now'"):
        await client_of(sandbox).acomplete(Prompt(turns=SUM, tools=(NOW, NOW)))
    assert not sandbox.received


ALIKE = ["a.b", "a_b", "a b", "x" * 70, "x" * 64, "日本"]


async def test_tools_whose_names_become_alike_stay_apart():
    tools = tuple({**NOW, "name": name} for name in ALIKE)
    with scripted(block({}, "a_b_3"), block({}, "a_b"), block({}, "x" * 62 + "_2")) as (sandbox, client):
        asked = [Prompt(turns=SUM, tools=tools), Prompt(turns=SUM, tools=tools), Prompt(turns=SUM, tools=tools)]
        calls = [(await client.acomplete(one)).calls[0] for one in asked]
        said = (*SUM, Turn(role="assistant", text="", calls=tuple(calls)))
        await client.acomplete(Prompt(turns=said, tools=tools, tool_choice="a.b"))
        sent = sandbox.received[-1].json
    assert [call.name for call in calls] == ["a b", "a_b", "x" * 70]
    assert [call["function"]["name"] for call in sent["messages"][1]["tool_calls"]] == ["a_b_3", "a_b", "x" * 62 + "_2"]
    names = [tool["function"]["name"] for tool in sent["tools"]]
    assert names == ["a_b_2", "a_b", "a_b_3", "x" * 62 + "_2", "x" * 64, "__"]
    assert sent["tool_choice"]["function"]["name"] == "a_b_2"


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


@pytest.mark.parametrize("partial", [False, True])
def test_a_second_call_is_left_out_where_one_is_wanted(partial):
    pieces = (CallPiece(place=number, name="now", arguments="{}") for number in (0, 1))
    found = native(*pieces, parallel_calls=False, partial=partial)
    assert [sum(isinstance(event, kind) for event in found) for kind in (CallStarted, CallDone)] == [1, 1]


GROWING = {
    "side by side": [
        *(CallPiece(place=0, id="x", name="add"), CallPiece(place=1, id="y", name="add")),
        *(CallPiece(place=0, arguments='{"a": 1, '), CallPiece(place=1, arguments='{"a": 3')),
        *(CallPiece(place=1, arguments=', "b": 4}'), CallPiece(place=0, arguments='"b": 2}')),
    ],
    "one number and no ids": [
        CallPiece(place=0, name="add", arguments='{"a": 1, "b": 2}'),
        CallPiece(place=0, name="add", arguments='{"a": 3, "b": 4}'),
    ],
    "one number and one id": [
        CallPiece(place=0, id="x", name="add", arguments='{"a": 1, "b": 2}'),
        CallPiece(place=0, id="x", name="add", arguments='{"a": 3, "b": 4}'),
    ],
    "their name in each piece": [
        *(CallPiece(place=0, id="x", name="add", arguments=text) for text in ('{"a": 1', ', "b": 2}')),
        *(CallPiece(place=1, id="y", name="add", arguments=text) for text in ('{"a": 3', ', "b": 4}', "")),
    ],
    "a blank behind one that is over": [
        CallPiece(place=0, id="x", name="add", arguments='{"a": 1, "b": 2}'),
        CallPiece(place=1, id="y", name="add", arguments='{"a": 3, "b": 4}'),
        CallPiece(place=0, arguments=" "),
    ],
}


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("pieces", GROWING.values(), ids=GROWING)
def test_calls_stay_apart_however_servers_number_them(pieces, partial):
    found = native(*pieces, partial=partial)
    done = [event.call.arguments for event in found if isinstance(event, CallDone)]
    assert done == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    texts = {1: "", 2: ""}
    for event in found:
        if isinstance(event, CallArguments):
            texts[event.index] += event.text
    assert [json.loads(text) for text in texts.values()] == done


@pytest.mark.parametrize("partial", [False, True])
def test_a_call_that_is_cut_off_does_not_take_others_with_it(partial):
    pieces = [CallPiece(place=0, name="add", arguments='{"a": 1'), CallPiece(place=1, name="now", arguments="{}")]
    found = native(*pieces, partial=partial)
    assert [event.call.name for event in found if isinstance(event, CallDone)] == ["now"]
    assert [event.call.kind for event in found if isinstance(event, CallFailed)] == ["truncated"]


def test_a_flood_of_calls_that_never_end_is_read_to_its_end():
    calls = NativeCalls(Prompt(turns=(), tools=(NOW,)))
    given = [calls.add(CallPiece(place=place, name="now", arguments="{")) for place in range(20_000)]
    failed = [event for event in calls.finish() if isinstance(event, CallFailed)]
    assert not any(given)
    assert 0 < len(failed) <= 256


def test_pieces_that_are_mixed_up_are_a_bad_reply():
    first, second = CallPiece(place=0, name="now", arguments="{}"), CallPiece(place=1, name="now")
    with pytest.raises(errors.BadReply, match="mixed up"):
        native(first, second, CallPiece(place=0, arguments="{}"))
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


NODE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "inner": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/Node",
}


async def test_a_schema_that_holds_itself_travels_with_an_object_as_its_root():
    rooted = {"$defs": NODE["$defs"], **NODE["$defs"]["Node"]}
    with scripted('{"name": "a", "inner": [{"name": "b"}]}', block({"name": "a"}, "plant")) as (sandbox, client):
        value = await client.acomplete(Prompt(turns=SUM, schema=NODE))
        made = await client.acomplete(Prompt(turns=SUM, tools=({"name": "plant", "parameters": NODE},)))
        first, second = (one.json for one in sandbox.received)
    assert json.loads(value.text)["inner"] == [{"name": "b"}]
    assert made.calls[0].arguments == {"name": "a"}
    assert first["response_format"]["json_schema"]["schema"] == rooted
    assert second["tools"][0]["function"]["parameters"] == rooted


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


@pytest.mark.parametrize(("name", "images", "shown"), [("groq", "yes", True), (NAME, "no", False)])
async def test_whether_a_model_sees_may_be_said(sandbox, name, images, shown):
    turns = (Turn(role="user", text="What is it?", images=(Image(data=b"x"),)),)
    client = Client(name, base_url=sandbox.url(NAME), images=images, retry=Retry(attempts=1))
    router = Router([client])
    if shown:
        assert (await client.acomplete(Prompt(turns=turns))).text
        assert (await router.acomplete(Prompt(turns=turns))).text
        plain = Client(name, base_url=sandbox.url(NAME))
        for face in (plain, Router([plain])):
            assert (await face.acomplete(Prompt(turns=turns, settings={"images": "yes"}))).text
    else:
        with pytest.raises(errors.UnsupportedContent, match='images="yes"'):
            await client.acomplete(Prompt(turns=turns))
        with pytest.raises(errors.ProviderError, match="sees no images"):
            await router.acomplete(Prompt(turns=turns))


async def test_images_beside_prompted_tools_are_kept(sandbox):
    turn = Turn(role="user", text="add 2 and 3", images=(Image(data=b"\x89PNG"),))
    await client_of(sandbox, tool_mode="prompted").acomplete(Prompt(turns=(turn,), tools=(ADD,)))
    assert sandbox.received[-1].json["messages"][-1]["content"][1]["type"] == "image_url"
