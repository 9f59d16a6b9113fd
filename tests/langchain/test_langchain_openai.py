"""Any OpenAI-compatible server as a chat model: its words, its key, usage, reasoning; presets by name."""

import copy
import json
import pickle
from functools import reduce
from operator import add

import pytest
from langchain_core import exceptions as core
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, MessagesState, StateGraph

from freeproviders import errors
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.sandbox import Scenario
from langchain_freeproviders import (
    ChatFreeProvider,
    ChatFreeRouter,
    ChatOpenAICompatible,
    ChatPi,
    ChatYqcloud,
    FreeProviderLLM,
    init_free_chat_model,
)

KEY = "s3cret"
THINKING = Scenario(variant="reasoning_content")
COUNTED = {
    "prompt_tokens": 20,
    "completion_tokens": 5,
    "total_tokens": 25,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
WHOLE = Scenario(
    body=json.dumps({"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}], "usage": COUNTED}),
    content_type="application/json",
)


def both(chat, question="what is 6*7?"):
    """The answer whole, and the sum of its stream."""
    return [chat.invoke(question), reduce(add, chat.stream(question))]


# Words.


def test_what_is_given_is_sent(server, sandbox):
    chat = server(model="qwen3:8b", temperature=0.1, max_tokens=5, model_kwargs={"top_p": 0.5})
    chat.invoke("hi")
    chat.invoke("hi", model="org/other", temperature=0.9, max_tokens=7)
    asked = [(one.json["model"], one.json["temperature"], one.json["max_tokens"]) for one in sandbox.received]
    assert asked == [("qwen3:8b", 0.1, 5), ("org/other", 0.9, 7)]
    assert sandbox.received[0].json["top_p"] == 0.5


def test_fields_of_a_call_join_those_of_the_model(server, sandbox):
    server(model_kwargs={"top_p": 0.5, "seed": 1}).invoke("hi", model_kwargs={"seed": 2})
    assert {name: sandbox.received[-1].json[name] for name in ("top_p", "seed")} == {"top_p": 0.5, "seed": 2}


def test_an_answer_ends_where_max_tokens_says(server):
    answer = server(max_tokens=1).invoke("Say exactly: one two three")
    assert (answer.text, answer.response_metadata["finish_reason"]) == ("one", "length")


@pytest.mark.parametrize("words", [{"tool_mode": "both"}, {"tool_mode": "natve"}])
def test_a_wrong_tool_mode_says_which_there_are(server, words):
    with pytest.raises(errors.InvalidSetting, match="auto, native or prompted"):
        server(**words)


def test_without_a_model_the_first_of_models_is_asked(server):
    assert server(models=["llama3.2", "other"]).model == "llama3.2"


def test_the_server_tells_its_models(server, sandbox):
    sandbox.settings.openai_models = {"a/b", "c:d"}
    assert server().served_models() == ("a/b", "c:d")


def test_a_server_without_a_list_of_models_says_so(server):
    with pytest.raises(errors.UnsupportedContent, match="no list"):
        server(models_path="").served_models()


def test_what_shapes_an_answer_identifies_the_model(server):
    assert len({server(**words)._get_llm_string() for words in ({}, {"max_tokens": 5}, {"tool_mode": "native"})}) == 3


def test_max_tokens_warns_only_where_no_service_of_a_router_has_it(server, sandbox):
    yqcloud = ChatYqcloud(base_url=sandbox.url("yqcloud"))
    ChatFreeRouter(candidates=[yqcloud, server()], max_tokens=5)
    with pytest.warns(IgnoredParameterWarning, match="max_tokens"):
        ChatFreeRouter(candidates=[yqcloud], max_tokens=5)


# The key.


def test_the_key_is_sent(server, sandbox):
    sandbox.settings.openai_keys = {KEY}
    assert server(api_key=KEY).invoke("what is 6*7?").text == "42"
    with pytest.raises(errors.LoginRequired, match="FREEPROVIDERS_OPENAI_COMPATIBLE_API_KEY") as caught:
        server(api_key="wr0ng").invoke("hi")
    assert isinstance(caught.value, core.ModelAuthenticationError)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize("given", [{"api_key": KEY}, {"settings": {"api_key": KEY}}])
@pytest.mark.parametrize("provider", ["groq", "openai_compatible"])
@pytest.mark.parametrize("kind", [ChatFreeProvider, FreeProviderLLM])
def test_any_provider_takes_its_key(sandbox, kind, provider, given):
    sandbox.settings.openai_keys = {KEY}
    model = kind(provider=provider, base_url=sandbox.url("openai_compatible"), **given)
    said = model.invoke("what is 6*7?")
    assert (said if isinstance(said, str) else said.text) == "42"
    shown = [
        repr(model),
        str(model),
        model.model_dump_json(),
        json.dumps(model.asdict()),
        str(model._identifying_params),
    ]
    assert not any(KEY in text for text in shown)


def test_the_key_is_kept_as_a_secret(server):
    assert server(api_key=KEY).api_key.get_secret_value() == KEY


class Traced(BaseCallbackHandler):
    def __init__(self):
        self.seen = []

    def on_chat_model_start(self, *told, **words):
        self.seen.append((told, words))


def test_the_key_is_in_no_trace(server):
    tracer = Traced()
    server(api_key=KEY).bind_tools([]).invoke("hi", {"callbacks": [tracer]}, tool_mode="native")
    assert "openai_compatible" in str(tracer.seen)
    assert KEY not in str(tracer.seen)


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda chat: pickle.loads(pickle.dumps(chat)), lambda chat: chat.model_copy()],
    ids=["deepcopy", "copy", "pickle", "model_copy"],
)
@pytest.mark.parametrize("provider", ["groq", "openai_compatible"])
def test_a_copy_keeps_the_key(sandbox, provider, copied, used):
    sandbox.settings.openai_keys = {KEY}
    chat = ChatFreeProvider(provider=provider, base_url=sandbox.url("openai_compatible"), api_key=KEY)
    if used:
        chat.invoke("hi")
    assert copied(chat).invoke("what is 6*7?").text == "42"


def test_a_key_of_the_environment_does_not_go_along_to_another_address(monkeypatch, sandbox):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    chat = ChatFreeProvider(provider="groq")
    assert chat.api_key is None
    moved = chat.model_copy(update={"base_url": sandbox.url("openai_compatible")})
    assert moved.invoke("what is 6*7?").text == "42"
    assert "Authorization" not in sandbox.received[-1].headers


def test_the_key_is_not_taken_with_a_call(server):
    with pytest.raises(errors.InvalidSetting, match="api_key would show"):
        server().invoke("hi", api_key=KEY)


@pytest.mark.parametrize("ask", [lambda chat: chat.invoke("hi"), lambda chat: list(chat.stream("hi"))])
def test_a_missing_key_names_its_variable_and_where_to_get_one(ask):
    with pytest.raises(errors.LoginRequired, match="GROQ_API_KEY.*https://") as caught:
        ask(init_free_chat_model("groq"))
    assert isinstance(caught.value, core.ModelAuthenticationError)


# Presets.


@pytest.mark.parametrize(
    ("word", "kind", "model"),
    [
        ("groq:openai/gpt-oss-120b", ChatFreeProvider, "openai/gpt-oss-120b"),
        ("ollama:qwen3:8b", ChatFreeProvider, "qwen3:8b"),
        ("openai_compatible:qwen3:8b", ChatOpenAICompatible, "qwen3:8b"),
        ("groq", ChatFreeProvider, "openai/gpt-oss-120b"),
    ],
)
def test_one_word_makes_a_model_of_a_preset(monkeypatch, sandbox, word, kind, model):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    chat = init_free_chat_model(word)
    assert (type(chat), chat.model) == (kind, model)
    answer = chat.invoke("what is 6*7?")
    assert (answer.text, answer.response_metadata["model_name"]) == ("42", model)
    assert sandbox.received[-1].json["model"] == model


def test_a_retired_preset_says_what_to_use_instead():
    with pytest.raises(errors.InvalidSetting, match="Instead: openrouter or groq"):
        init_free_chat_model("github_models")


@pytest.mark.parametrize(
    ("words", "schemas", "sees"),
    [
        ({"provider": "groq"}, True, False),
        ({"provider": "groq", "tool_mode": "prompted"}, False, False),
        ({"provider": "gemini"}, True, True),
        ({"provider": "ollama"}, False, False),
        ({"provider": "ollama", "tool_mode": "native"}, True, False),
    ],
)
def test_the_profile_is_that_of_the_preset(words, schemas, sees):
    profile = ChatFreeProvider(**words).profile
    assert (profile["structured_output"], profile["image_inputs"]) == (schemas, sees)
    assert profile["temperature"]
    assert "reasoning_output" not in profile  # it depends on the model


def test_presets_answer_the_older_interface(monkeypatch, sandbox):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    llm = FreeProviderLLM(provider="groq", max_tokens=9)
    assert llm.invoke("what is 6*7?") == "".join(llm.stream("what is 6*7?")) == "42"
    assert sandbox.received[-1].json["max_tokens"] == 9


# Usage and reasoning.


def test_usage_is_what_the_server_counted(server):
    for answer in both(server()):
        assert answer.usage_metadata == {"input_tokens": 6, "output_tokens": 1, "total_tokens": 7}
        assert answer.response_metadata["served_model"] == "default"
        assert "usage" not in answer.response_metadata


def test_usage_tells_what_was_cached_and_thought(server, sandbox):
    sandbox.scenario = WHOLE
    for answer in both(server()):
        assert answer.usage_metadata["input_token_details"] == {"cache_read": 8}
        assert answer.usage_metadata["output_token_details"] == {"reasoning": 3}


def test_usage_stands_on_the_last_chunk_alone(server):
    *others, last = server().stream("Say exactly: one two three")
    assert others
    assert not any(chunk.usage_metadata for chunk in others)
    assert (last.usage_metadata["output_tokens"], last.chunk_position) == (3, "last")


@pytest.mark.parametrize(
    "words", [{"stream_usage": False}, {"default_headers": Scenario(variant="no_usage").as_header()}]
)
def test_nothing_is_estimated(server, words):
    assert [answer.usage_metadata for answer in both(server(**words))] == [None, None]


def test_usage_of_several_calls_adds_up(server):
    chat = server(model="m1")
    with get_usage_metadata_callback() as counted:
        answers = [*chat.batch(["what is 6*7?", "hi"]), *both(chat)]
    assert counted.usage_metadata["m1"]["total_tokens"] == sum(one.usage_metadata["total_tokens"] for one in answers)


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_reasoning_is_a_block_of_its_own(server, sandbox, version):
    sandbox.scenario = THINKING
    for answer in both(server(output_version=version)):
        assert answer.text == "42"
        assert answer.additional_kwargs == {"reasoning_content": "Let me think."}
        thoughts = [block["reasoning"] for block in answer.content_blocks if block["type"] == "reasoning"]
        assert thoughts == ["Let me think."]
        assert "reasoning" not in answer.response_metadata


def test_reasoning_streams_as_events(server, sandbox):
    sandbox.scenario = THINKING
    stream = server().stream_events("what is 6*7?", version="v3")
    assert [block["type"] for block in stream.output.content_blocks] == ["text", "reasoning"]
    assert (str(stream.text), str(stream.reasoning)) == ("42", "Let me think.")
    assert stream.output.usage_metadata["total_tokens"] == 7


def test_reasoning_is_not_sent_back(server, sandbox):
    sandbox.scenario = THINKING
    chat = server(output_version="v1")
    chat.invoke([HumanMessage("hi"), chat.invoke("hi"), HumanMessage("again")])
    assert "think" not in json.dumps(sandbox.received[-1].json)


def test_a_checkpoint_keeps_all_that_is_known(server, sandbox):
    sandbox.scenario = THINKING
    chat = server()

    def answer(state):
        return {"messages": [chat.invoke(state["messages"])]}

    saver = InMemorySaver(serde=JsonPlusSerializer())
    graph = StateGraph(MessagesState).add_node("answer", answer).add_edge(START, "answer").compile(saver)
    config = {"configurable": {"thread_id": "1"}}
    told = graph.invoke({"messages": [HumanMessage("My name is Ada.")]}, config)["messages"][-1]
    kept = graph.get_state(config).values["messages"][-1]
    assert kept == told
    assert kept.additional_kwargs["reasoning_content"] == "Let me think."
    assert kept.usage_metadata["total_tokens"] > 0
    assert "Ada" in graph.invoke({"messages": [HumanMessage("What is my name?")]}, config)["messages"][-1].text


# Routers.


@pytest.mark.parametrize("scenario", [Scenario(status=500), None], ids=["to the second", "to the first"])
def test_a_router_may_mix_both_kinds(server, sandbox, scenario):
    headers = {} if scenario is None else scenario.as_header()
    first = ChatPi(base_url=sandbox.url("pi"), default_headers=headers)
    second = server(default_headers=THINKING.as_header(), max_tokens=40)
    for answer in both(ChatFreeRouter(candidates=[first, second])):
        assert answer.text == "42"
        native = answer.response_metadata["candidate"] == "openai_compatible"
        assert native == (scenario is not None)
        assert (answer.usage_metadata is not None) == native
        assert ("reasoning_content" in answer.additional_kwargs) == native
    assert sandbox.received[-1].json.get("max_tokens") == (40 if scenario else None)


def test_a_candidate_without_a_key_is_passed_over(server):
    answer = ChatFreeRouter(candidates=["groq", server()]).invoke("what is 6*7?")
    assert (answer.text, answer.response_metadata["tried"][0]["error"]) == ("42", "LoginRequired")


def test_a_candidate_without_a_setting_of_the_call_is_not_asked(server, sandbox):
    router = ChatFreeRouter(candidates=[ChatYqcloud(base_url=sandbox.url("yqcloud")), server()])
    assert isinstance(router.invoke("hi", tool_mode="prompted"), AIMessage)
    assert [one.provider for one in sandbox.received] == ["openai_compatible"]
