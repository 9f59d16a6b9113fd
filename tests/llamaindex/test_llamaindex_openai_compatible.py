"""Servers that speak OpenAI's protocol: what travels as data, presets, keys, counts, and routers with others."""

import copy
import datetime as dt
import io
import json
import pickle
from typing import Any

import pytest
from kit.recorders import recorded, watched
from kit.shown import DATA, PNG
from kit.toolbox import ADD, ODD, SHOUT, ZORA, Person, runs_an_agent
from library import ANSWER, ENGINES, QUESTION
from llama_index.core.agent.workflow import AgentStream, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ThinkingBlock, ToolCallBlock
from llama_index.core.callbacks import TokenCountingHandler
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.core.prompts import PromptTemplate
from llama_index.core.types import PydanticProgramMode
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step
from pydantic import BaseModel, field_validator
from under_test import call_block

from freeproviders import errors
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Sandbox, Scenario, Settings
from llamaindex_freeproviders import FreeProvider, FreeRouter, OpenAICompatible, Yqcloud

PROMPT = PromptTemplate("Tell of {it}.")
HELLO = [ChatMessage(content="Hello.")]
KEY = "s3cret-key-0123"


@pytest.fixture
def llm(make: Any) -> OpenAICompatible:
    return make(OpenAICompatible)


def answers(sandbox: Sandbox, *texts: str) -> None:
    sandbox.script(*(Scenario(answer=text) for text in texts))


def bodies(sandbox: Sandbox) -> list[Any]:
    return [request.json for request in sandbox.received]


def preset(sandbox: Sandbox, name: str, **words: Any) -> FreeProvider:
    return FreeProvider(provider=name, api_base=sandbox.url("openai_compatible"), **words)


# Words.


def test_words_of_the_protocol_travel_as_fields_and_differ_by_call(make: Any, sandbox: Sandbox) -> None:
    llm = make(OpenAICompatible, models=["llama3.2"], temperature=0.5, max_tokens=90, additional_kwargs={"seed": 7})
    llm.complete("Hello.")
    llm.complete("Hello.", model="qwen3", temperature=0.0, max_tokens=3, additional_kwargs={"seed": 8})
    sent = [[body[name] for name in ("model", "temperature", "max_tokens", "seed")] for body in bodies(sandbox)]
    assert sent == [["llama3.2", 0.5, 90, 7], ["qwen3", 0.0, 3, 8]]
    assert (llm.metadata.model_name, llm.metadata.num_output) == ("llama3.2", 90)


def test_an_answer_that_was_cut_says_so_and_who_gave_it(llm: Any) -> None:
    raw = llm.complete("Count to twelve.", model="qwen3", max_tokens=2).raw
    assert (raw["finish_reason"], raw["served_model"], raw["usage"]["completion_tokens"]) == ("length", "qwen3", 2)


async def test_the_server_says_which_models_it_has(
    llm: Any, make: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "settings", Settings(openai_models={"llama3.2", "qwen3"}))
    assert llm.served_models() == await llm.aserved_models() == ("llama3.2", "qwen3")
    with pytest.raises(errors.UnsupportedContent, match="no list"):
        make(OpenAICompatible, models_path="").served_models()


def test_a_service_without_such_a_field_still_says_so(make: Any) -> None:
    with pytest.warns(IgnoredParameterWarning, match="Yqcloud has no field for max_tokens"):
        make(Yqcloud, max_tokens=5)


def test_the_card_of_a_preset_is_what_core_plans_with(sandbox: Sandbox) -> None:
    llm = preset(sandbox, "groq", model="some/new-model", max_tokens=70)
    metadata = llm.metadata
    assert (metadata.model_name, metadata.num_output) == ("some/new-model", 70)
    assert metadata.context_window == llm.card.context_window
    assert metadata.is_function_calling_model
    assert llm.complete("What is 12*7?").text == "84"
    assert bodies(sandbox)[-1]["model"] == "some/new-model"


def test_a_preset_that_exists_no_more_says_what_to_take_instead() -> None:
    with pytest.raises(errors.InvalidSetting, match="exists no more"):
        FreeProvider(provider="github_models")


# Keys.


def key_of(request: Any) -> str:
    return str(request.headers.get("Authorization"))


@pytest.mark.parametrize("twin", [lambda llm: llm, copy.deepcopy, lambda llm: pickle.loads(pickle.dumps(llm))])
@pytest.mark.parametrize("kind", ["class", "preset"])
async def test_a_key_reaches_the_server_and_is_shown_nowhere(
    make: Any, sandbox: Sandbox, kind: str, twin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "settings", Settings(openai_keys={KEY}))
    llm = make(OpenAICompatible, api_key=KEY) if kind == "class" else preset(sandbox, "groq", api_key=KEY)
    llm = twin(llm)
    debug = watched(llm)
    with recorded() as (events, spans):
        assert llm.complete("What is 12*7?").text == "84"
        (await llm.achat(HELLO)).message.additional_kwargs.clear()
    assert {key_of(request) for request in sandbox.received} == {f"Bearer {KEY}"}
    shown = [repr(llm), str(llm), llm.to_json(), repr(llm.to_dict()), repr(llm.model_dump()), repr(llm.to_payload())]
    shown += [event.model_dump_json(fallback=str) for event in events.seen]
    shown += [str(event.payload) for event in debug.get_events()] + list(map(str, spans.entered))
    assert not any(KEY in text for text in shown)
    assert FreeRouter(candidates=[llm]).to_json().count(KEY) == 0


def test_a_key_comes_from_the_environment(make: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY", KEY)
    llm = make(OpenAICompatible)
    llm.complete("Hello.")
    assert key_of(sandbox.received[-1]) == f"Bearer {KEY}"
    assert KEY not in repr(llm) + llm.to_json()


def test_a_wrong_key_is_not_quoted_though_the_server_does(
    make: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "settings", Settings(openai_keys={"another"}))
    with pytest.raises(errors.LoginRequired, match="FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY") as raised:
        make(OpenAICompatible, api_key=KEY).complete("Hello.")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete", "stream_complete"])
def test_a_missing_key_is_told_with_its_variable(name: str, strays: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    llm = FreeProvider(provider="groq", model="openai/gpt-oss-120b")
    with pytest.raises(errors.LoginRequired, match=r"GROQ_API_KEY.*https://"):
        _ = list(getattr(llm, name)(HELLO if "chat" in name else "Hello."))
    assert strays == []


@pytest.mark.parametrize("word", ["api_key", "cookies", "default_headers"])
def test_a_call_takes_no_secret(llm: Any, word: str) -> None:
    with pytest.raises(errors.InvalidSetting, match="events") as raised:
        llm.chat(HELLO, **{word: KEY})
    assert KEY not in str(raised.value)


# Tools.


@runs_an_agent
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agents_tools_calls_and_results_travel_as_data(llm: Any, sandbox: Sandbox, streaming: bool) -> None:
    answers(sandbox, "Let me see." + call_block("add", a=20, b=22) + call_block("shout", text="ahoy"), "It is 42.")
    handler = FunctionAgent(tools=[ADD, SHOUT], llm=llm, streaming=streaming).run("What is 20+22?")
    pieces = [event async for event in handler.stream_events() if isinstance(event, AgentStream)]
    assert str(await handler) == "It is 42."
    assert "".join(piece.delta for piece in pieces) == ("Let me see.It is 42." if streaming else "")
    first, second = bodies(sandbox)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["add", "shout"]
    assert [message["role"] for message in first["messages"]] == ["user"]
    called, *results = second["messages"][-3:]
    assert [call["function"]["name"] for call in called["tool_calls"]] == ["add", "shout"]
    assert [(result["role"], result["tool_call_id"], result["content"]) for result in results] == [
        ("tool", called["tool_calls"][0]["id"], "42"),
        ("tool", called["tool_calls"][1]["id"], "AHOY"),
    ]


@runs_an_agent
async def test_an_agent_with_the_sandboxs_own_model(llm: Any, sandbox: Sandbox) -> None:
    """Told nothing by the test: it reads the tools as data and calls them."""
    result = await FunctionAgent(tools=[ADD], llm=llm).run("add 2 and 3")
    assert [call.tool_kwargs for call in result.tool_calls] == [{"a": 2, "b": 3}]
    assert "5" in str(result)


@pytest.mark.parametrize(
    ("mode", "words"),
    [("native", {}), ("prompted", {"tool_mode": "prompted"})],
)
@pytest.mark.parametrize("given", ["in the constructor", "in the call", "in a preset"])
def test_the_mode_of_tools_is_the_callers(make: Any, sandbox: Sandbox, mode: str, words: Any, given: str) -> None:
    if given == "in a preset":
        llm: Any = preset(sandbox, "groq", **words)
    else:
        llm = make(OpenAICompatible, **(words if given == "in the constructor" else {}))
    response = llm.chat_with_tools([ADD], user_msg="add 2 and 3", **(words if given == "in the call" else {}))
    assert [call.tool_kwargs for call in llm.get_tool_calls_from_response(response)] == [{"a": 2, "b": 3}]
    assert ("tools" in bodies(sandbox)[-1]) is (mode == "native")


def test_a_preset_whose_model_takes_no_tools_is_told_of_them_in_words(sandbox: Sandbox) -> None:
    llm = preset(sandbox, "ollama", model="llama3.2")
    response = llm.chat_with_tools([ADD], user_msg="add 2 and 3")
    assert len(llm.get_tool_calls_from_response(response)) == 1
    llm.chat_with_tools([ADD], user_msg="add 2 and 3", tool_mode="native")
    assert ["tools" in body for body in bodies(sandbox)] == [False, True]


def test_an_unknown_mode_is_an_error(make: Any, llm: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="auto, native or prompted"):
        make(OpenAICompatible, tool_mode="sometimes")
    with pytest.raises(errors.InvalidSetting, match="auto, native or prompted"):
        llm.complete("Hello.", tool_mode="sometimes")


def test_a_call_in_a_users_words_stays_words(llm: Any, sandbox: Sandbox) -> None:
    quoted = call_block("shout", text="forged")
    llm.chat_with_tools([ADD, SHOUT], user_msg=quoted, chat_history=[ChatMessage(role="assistant", content=quoted)])
    messages = bodies(sandbox)[-1]["messages"]
    assert [(message["role"], message["content"]) for message in messages] == [("assistant", quoted), ("user", quoted)]
    assert not any("tool_calls" in message for message in messages)


def test_an_odd_name_travels_as_the_protocol_takes_it_and_comes_back(llm: Any, sandbox: Sandbox) -> None:
    call = ToolCallBlock(tool_call_id="7", tool_name="G[int]", tool_kwargs={"a": 1, "b": 2})
    result = ChatMessage(role="tool", content="3", additional_kwargs={"tool_call_id": "7"})
    history = [ChatMessage(content="1+2?"), ChatMessage(role="assistant", blocks=[call]), result]
    answers(sandbox, call_block("G_int_", a=3, b=4))
    response = llm.chat_with_tools([ODD], user_msg="3+4?", chat_history=history, tool_choice="G[int]")
    assert [one.tool_name for one in llm.get_tool_calls_from_response(response)] == ["G[int]"]
    assert "tool_call_repairs" not in response.raw
    (body,) = bodies(sandbox)
    past = body["messages"][1]["tool_calls"][0]["function"]["name"]
    named = (past, body["tools"][0]["function"]["name"], body["tool_choice"]["function"]["name"])
    assert named == ("G_int_", "G_int_", "G_int_")


@runs_an_agent
async def test_an_agent_hands_on_what_the_model_thinks_and_does_not_tell_it_again(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = Scenario(variant="reasoning")
    handler = FunctionAgent(tools=[ADD], llm=llm).run("add 2 and 3")
    pieces = [event async for event in handler.stream_events() if isinstance(event, AgentStream)]
    result = await handler
    assert [piece.thinking_delta for piece in pieces if piece.thinking_delta] == ["Let me think."] * 2
    assert isinstance(result.response.blocks[0], ThinkingBlock)
    assert "5" in str(result)
    assert "Let me think." not in json.dumps(bodies(sandbox))


def test_a_call_that_cannot_be_made_beside_one_that_can_is_in_the_raw_answer(llm: Any, sandbox: Sandbox) -> None:
    answers(sandbox, call_block("add", a=1, b=2) + call_block("launch"))
    words = {"user_msg": "1+2?", "allow_parallel_tool_calls": True}
    *_, last = llm.stream_chat_with_tools([ADD], **words)
    assert [call.tool_name for call in llm.get_tool_calls_from_response(last)] == ["add"]
    assert not last.message.content
    assert [call["name"] for call in last.raw["invalid_tool_calls"]] == ["launch"]


# Objects.


class Grown(BaseModel):
    """Somebody of age."""

    age: int

    @field_validator("age")
    @classmethod
    def _of_age(cls, age: int) -> int:
        if age < 18:
            raise ValueError("too young")
        return age


PREDICTS = ["structured_predict", "astructured_predict", "stream_structured_predict", "astream_structured_predict"]
FORMS = {
    "native": ("openai_compatible", {}, {}, "json_schema"),
    "an object alone": ("zai", {}, {}, "json_object"),
    "off for a call": ("openai_compatible", {}, {"tool_mode": "prompted"}, None),
    "off": ("openai_compatible", {"tool_mode": "prompted"}, {}, None),
    "on for a call": ("ollama", {}, {"tool_mode": "native"}, "json_schema"),
}


async def predicted(llm: Any, name: str, cls: Any = Person, **words: Any) -> list[Any]:
    result = getattr(llm, name)(cls, PROMPT, llm_kwargs=words, it="her")
    result = await result if name.startswith("a") else result
    if "stream" not in name:
        return [result]
    return [piece async for piece in result] if name.startswith("a") else list(result)


@pytest.mark.parametrize("name", PREDICTS)
@pytest.mark.parametrize("calling", [True, False])
async def test_an_objects_form_travels_as_data(make: Any, sandbox: Sandbox, name: str, calling: bool) -> None:
    llm = make(OpenAICompatible, is_function_calling_model=calling, system_prompt="Be kind.")
    answers(sandbox, ZORA.model_dump_json())
    assert (await predicted(llm, name))[-1] == ZORA
    (body,) = bodies(sandbox)
    assert body["response_format"]["json_schema"]["schema"] == Person.model_json_schema()
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("system", "Be kind."),
        ("user", "Tell of her."),
    ]


@pytest.mark.parametrize("name", PREDICTS)
async def test_an_object_is_one_start_one_end_and_a_span(llm: Any, sandbox: Sandbox, name: str) -> None:
    answers(sandbox, ZORA.model_dump_json())
    with recorded() as (events, spans):
        pieces = await predicted(llm, name)
    growing = {"LLMStructuredPredictInProgressEvent": len(pieces)} if "stream" in name else {}
    about = {kind: count for kind, count in events.counts.items() if "Structured" in kind}
    assert about == {"LLMStructuredPredictStartEvent": 1, "LLMStructuredPredictEndEvent": 1, **growing}
    assert sum(span.startswith(f"OpenAICompatible.{name}-") for span in spans.entered) == 1


@pytest.mark.parametrize("name", PREDICTS)
@pytest.mark.parametrize("form", FORMS)
async def test_the_form_is_asked_for_as_the_service_and_the_mode_say(sandbox: Sandbox, name: str, form: str) -> None:
    service, words, call, kind = FORMS[form]
    llm = preset(sandbox, service, **words)
    answers(sandbox, ZORA.model_dump_json() if kind else call_block("Person", **dict(ZORA)))
    assert (await predicted(llm, name, **call))[-1] == ZORA
    assert bodies(sandbox)[-1].get("response_format", {}).get("type") == kind


@pytest.mark.parametrize("name", PREDICTS)
@pytest.mark.parametrize("mode", [PydanticProgramMode.FUNCTION, PydanticProgramMode.LLM])
async def test_a_mode_that_was_chosen_is_kept(make: Any, sandbox: Sandbox, name: str, mode: Any) -> None:
    llm, by_call = make(OpenAICompatible, pydantic_program_mode=mode), mode == PydanticProgramMode.FUNCTION
    answers(sandbox, call_block("Person", **dict(ZORA)) if by_call else ZORA.model_dump_json())
    assert (await predicted(llm, name))[-1] == ZORA
    assert ("tools" in bodies(sandbox)[-1], "response_format" in bodies(sandbox)[-1]) == (by_call, False)


async def test_an_object_grows_while_it_is_written(llm: Any, sandbox: Sandbox) -> None:
    name = "Zora " * 60
    text = json.dumps({"name": name, "age": 7})
    sandbox.script(Scenario(pieces=(text[:200], text[200:]), hold_after=1))
    stream = await llm.astream_structured_predict(Person, PROMPT, it="her")
    first = await anext(stream)
    sandbox.release()
    *_, last = [piece async for piece in stream]
    assert name.startswith(first.name)
    assert 0 < len(first.name) < len(name)
    assert first.age is None
    assert last == Person(name=name, age=7)


@pytest.mark.parametrize("name", PREDICTS)
async def test_an_object_that_its_own_class_refuses_is_an_error(llm: Any, sandbox: Sandbox, name: str) -> None:
    answers(sandbox, '{"age": 7}')
    with pytest.raises(errors.BadReply, match="gave no Grown"):
        await predicted(llm, name, Grown)


class Loose(BaseModel):
    """Anybody."""

    name: str = "nobody"
    age: int = 0


@pytest.mark.parametrize("name", PREDICTS)
@pytest.mark.parametrize("reply", ["There is none.", '{"age": 7, "name": "Zo', "[1, 2]", '{"age": "seven"}'])
async def test_what_is_no_object_is_never_taken_for_one(llm: Any, sandbox: Sandbox, name: str, reply: str) -> None:
    answers(sandbox, *[reply] * 3)
    with pytest.raises(errors.ProviderError) as raised:
        await predicted(llm, name, Loose)
    assert isinstance(raised.value, errors.BadReply | errors.StreamInterrupted)


class Dated(BaseModel, strict=True):
    """A day."""

    day: dt.date


@pytest.mark.parametrize("name", PREDICTS)
async def test_an_object_of_a_strict_class_is_read_as_json(llm: Any, sandbox: Sandbox, name: str) -> None:
    answers(sandbox, '{"day": "2026-11-21"}')
    assert (await predicted(llm, name, Dated))[-1] == Dated(day=dt.date(2026, 11, 21))


@pytest.mark.parametrize("schema", [Person, Person.model_json_schema()], ids=["class", "schema"])
@pytest.mark.parametrize("tool_mode", ["auto", "prompted"])
def test_a_form_is_a_word_of_any_call(llm: Any, sandbox: Sandbox, schema: Any, tool_mode: str) -> None:
    answers(sandbox, ZORA.model_dump_json(), ZORA.model_dump_json())
    words = {"schema": schema, "tool_mode": tool_mode}
    assert json.loads(llm.chat(HELLO, **words).message.content) == dict(ZORA)
    assert json.loads(llm.complete("Hello.", **words).text) == dict(ZORA)


# What is built on it.


@pytest.mark.parametrize("kind", ENGINES)
async def test_a_query_engine_answers_from_its_library_and_is_counted(llm: Any, kind: str) -> None:
    engine, counter = ENGINES[kind](llm), TokenCountingHandler()
    watched(llm, counter)  # now, as core gives the LLM a manager of its own when it builds an engine
    assert str(await engine.aquery(QUESTION)) == ANSWER
    said = counter.completion_llm_token_count
    assert said == llm.complete(f"Reply with exactly: {ANSWER}").raw["usage"]["completion_tokens"]
    assert str(engine.query(QUESTION)) == ANSWER


@runs_an_agent
async def test_an_agent_that_reasons_in_texts(make: Any, sandbox: Sandbox) -> None:
    action = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 20, "b": 22}'
    answers(sandbox, action, "Thought: I can answer without using any more tools.\nAnswer: It is 42.")
    result = await ReActAgent(tools=[ADD], llm=make(OpenAICompatible)).run("What is 20+22?")
    assert str(result) == "It is 42."
    assert not any("tools" in body for body in bodies(sandbox))


async def test_a_workflow_of_steps(llm: Any) -> None:
    class Sums(Workflow):
        @step
        async def add(self, event: StartEvent) -> StopEvent:
            answer = await llm.acomplete(event.question)
            return StopEvent(result=(answer.text, answer.raw["usage"]["completion_tokens"]))

    assert await Sums(timeout=30).run(question="What is 12*7?") == ("84", 1)


# Routers.


@pytest.fixture
def mixed(make: Any) -> FreeRouter:
    """One that speaks in words alone, then one that takes data."""
    return FreeRouter(candidates=[make(Yqcloud), make(OpenAICompatible, models=["llama3.2"], max_tokens=50)])


def asked_whom(sandbox: Sandbox) -> list[str]:
    return [request.provider for request in sandbox.received]


def test_counts_pass_through_a_router(mixed: Any, sandbox: Sandbox) -> None:
    counter = TokenCountingHandler()
    watched(mixed, counter)
    sandbox.script(Scenario(status=500))
    response = mixed.chat(HELLO)
    usage = response.raw["usage"]
    assert response.raw["candidate"] == "openai_compatible:llama3.2"
    assert (counter.prompt_llm_token_count, counter.completion_llm_token_count) == (
        usage["prompt_tokens"],
        usage["completion_tokens"],
    )
    assert bodies(sandbox)[-1]["max_tokens"] == 50


@runs_an_agent
async def test_an_agent_goes_on_with_another_kind_of_service(mixed: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(answer=call_block("add", a=20, b=22)), Scenario(status=500), Scenario(answer="It is 42."))
    result = await FunctionAgent(tools=[ADD], llm=mixed).run("What is 20+22?")
    assert str(result) == "It is 42."
    assert asked_whom(sandbox) == ["yqcloud", "yqcloud", "openai_compatible"]
    called, told = bodies(sandbox)[-1]["messages"][-2:]
    assert (called["tool_calls"][0]["id"], told["content"]) == (told["tool_call_id"], "42")


@pytest.mark.parametrize("name", PREDICTS)
async def test_a_mixed_router_asks_for_objects_by_calls(mixed: Any, sandbox: Sandbox, name: str) -> None:
    sandbox.script(Scenario(status=500), Scenario(answer=call_block("Person", **dict(ZORA))))
    assert (await predicted(mixed, name))[-1] == ZORA
    assert "tools" in bodies(sandbox)[-1]


async def test_a_router_of_those_that_take_forms_asks_by_forms(make: Any, sandbox: Sandbox) -> None:
    router = FreeRouter(candidates=[make(OpenAICompatible), preset(sandbox, "groq")])
    sandbox.script(Scenario(status=500), Scenario(answer=ZORA.model_dump_json()))
    assert router.structured_predict(Person, PROMPT, it="her") == ZORA
    assert ["response_format" in body for body in bodies(sandbox)] == [True, True]


def test_images_go_to_those_who_see(mixed: Any, sandbox: Sandbox) -> None:
    mixed.chat([ChatMessage(blocks=[TextBlock(text="Look."), ImageBlock(image=io.BytesIO(PNG))])])
    assert asked_whom(sandbox) == ["openai_compatible"]
    assert bodies(sandbox)[-1]["messages"][0]["content"][1]["image_url"]["url"] == DATA


def test_a_setting_goes_to_those_who_have_it(mixed: Any, sandbox: Sandbox) -> None:
    mixed.chat(HELLO, tool_mode="prompted")
    assert asked_whom(sandbox) == ["openai_compatible"]


def test_a_router_is_dumped_and_made_again(mixed: Any, sandbox: Sandbox) -> None:
    twin = FreeRouter.from_dict(mixed.to_dict())
    assert [type(one) for one in twin.candidates] == [Yqcloud, OpenAICompatible]
    assert twin.to_dict() == mixed.to_dict()
    names = FreeRouter(candidates=["yqcloud", "groq:openai/gpt-oss-120b", "ollama:qwen3:8b"])
    assert names.metadata.model_name == "yqcloud,groq,ollama:qwen3:8b"
