"""What a chat model is beside its answers: settings, identity, copies, threads, limits, many loops."""

import asyncio
import copy
import json
import pickle
import warnings

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, trim_messages
from langchain_core.rate_limiters import BaseRateLimiter

from freeproviders import errors
from freeproviders.notices import IgnoredParameterWarning
from freeproviders.providers import get
from freeproviders.sandbox import Scenario
from langchain_freeproviders import (
    ChatFlowGpt,
    ChatFreeProvider,
    ChatPi,
    ChatPizzagpt,
    ChatYqcloud,
    init_free_chat_model,
)

SECRETS = {
    "cookies": {"__Host-session": "s3cret"},
    "default_headers": {"x-token": "s3cret"},
    "proxy": "http://user:s3cret@127.0.0.1:9",
    "api_key": "s3cret",
}


def test_every_setting_of_the_provider_is_an_argument(chat_class):
    missing = set(get(chat_class.provider_name).setting_names()) - set(chat_class.model_fields)
    assert missing == {"extra_body"}  # called model_kwargs here


def test_an_unknown_argument_names_the_nearest(chat_class):
    with pytest.raises(errors.InvalidSetting, match="'tempreature'.*Did you mean 'temperature'"):
        chat_class(tempreature=1)


def test_an_unknown_word_of_a_call_names_the_nearest(yqcloud):
    with pytest.raises(errors.InvalidSetting, match="'netwrk'.*Did you mean 'network'"):
        yqcloud().invoke("hi", netwrk=False)


def test_a_word_of_a_call_beats_the_constructor(yqcloud, sandbox):
    yqcloud(network=True).invoke("hi", network=False)
    assert sandbox.received[-1].json["network"] is False


def test_model_kwargs_join_the_body(yqcloud, sandbox):
    yqcloud(model_kwargs={"apikey": "k"}).invoke("hi")
    assert sandbox.received[-1].json["apikey"] == "k"


def test_the_environment_fills_what_is_not_given(monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_PIZZAGPT_SECRET", "Quattro")
    assert (ChatPizzagpt().secret, ChatPizzagpt(secret="Funghi").secret) == ("Quattro", "Funghi")


def test_one_variable_sends_an_unchanged_program_to_the_sandbox(monkeypatch, chat_class, sandbox):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    assert chat_class().invoke("what is 6*7?").text == "42"


@pytest.mark.parametrize("words", [{"temperature": 0.1}, {"max_tokens": 5}])
def test_a_parameter_without_a_field_is_reported_at_the_callers_line(words):
    with pytest.warns(IgnoredParameterWarning, match=next(iter(words))) as caught:
        ChatYqcloud(**words)
    assert caught[0].filename == __file__


def test_temperature_reaches_the_service_that_has_it(sandbox):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chat = ChatFlowGpt(base_url=sandbox.url("flowgpt"), temperature=0.1)
    chat.invoke("hi")
    chat.invoke("hi", temperature=0.9)
    assert [request.json["temperature"] for request in sandbox.received] == [0.1, 0.9]


def test_nothing_secret_shows(chat_class, caplog):
    chat = chat_class(**SECRETS)
    shown = [repr(chat), str(chat), chat.model_dump_json(), json.dumps(chat.asdict()), chat._get_llm_string()]
    assert not any("s3cret" in text for text in [*shown, caplog.text])


@pytest.mark.parametrize("word", ["cookies", "default_headers", "secret"])
def test_a_secret_given_with_a_call_is_refused_as_it_would_be_traced(word, sandbox):
    chat = ChatPizzagpt(base_url=sandbox.url("pizzagpt"))
    with pytest.raises(errors.InvalidSetting, match=f"{word} would show"):
        chat.invoke("hi", **{word: "s3cret"})


@pytest.mark.parametrize("words", [{"timeout": -1}, {"timeout": 0}, {"max_retries": -1}])
def test_impossible_limits_are_refused(words):
    with pytest.raises(errors.InvalidSetting):
        ChatYqcloud(**words)


def test_what_shapes_the_answer_identifies_the_model(sandbox):
    cache = InMemoryCache()
    words = {"base_url": sandbox.url("flowgpt"), "cache": cache}
    names = [
        ChatFlowGpt(model=name, **words).invoke("hi").response_metadata["model_name"]
        for name in ("claude-v2", "gpt-4-turbo")
    ]
    assert names == ["claude-v2", "gpt-4-turbo"]
    assert len(sandbox.received) == 2


def test_a_cached_answer_asks_nobody(make, sandbox):
    chat = make(cache=InMemoryCache())
    first = chat.invoke("what is 6*7?")
    asked = len(sandbox.received)
    assert chat.invoke("what is 6*7?").text == first.text
    assert len(sandbox.received) == asked


def test_types_are_unique(chat_class):
    others = {ChatPi, ChatYqcloud, ChatFlowGpt} - {chat_class}
    assert chat_class()._llm_type not in {other()._llm_type for other in others}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda chat: pickle.loads(pickle.dumps(chat)), lambda chat: chat.model_copy(deep=True)],
    ids=["deepcopy", "copy", "pickle", "model_copy"],
)
def test_copies_work_before_and_after_use(chat, copied, used):
    if used:
        chat.invoke("hi")
    assert copied(chat).invoke("what is 6*7?").text == "42"


def test_a_copy_keeps_secrets_and_the_device(sandbox):
    chat = ChatFlowGpt(cookies={"a": "s3cret"}, base_url=sandbox.url("flowgpt"))
    twin = pickle.loads(pickle.dumps(chat))
    assert (twin.device_id, twin.cookies) == (chat.device_id, {"a": "s3cret"})


def test_a_changed_field_takes_effect(yqcloud, sandbox):
    chat = yqcloud(base_url="http://127.0.0.1:1")
    chat.base_url = sandbox.url("yqcloud")
    assert chat.invoke("what is 6*7?").text == "42"
    assert chat.model_copy(update={"network": False}).invoke("hi").text
    assert sandbox.received[-1].json["network"] is False


def test_the_profile_is_honest(chat):
    profile = chat.profile
    native = chat.provider_name == "openai_compatible"
    assert profile["tool_calling"]
    assert profile["structured_output"] == native  # it means natively
    assert profile["image_inputs"] == profile["image_url_inputs"] == profile["image_tool_message"] == native
    assert profile["max_input_tokens"] == chat.card.context_window


def test_tokens_are_counted_without_a_download(chat):
    messages = [HumanMessage("word " * 400), HumanMessage("short")]
    assert 100 < chat.get_num_tokens_from_messages(messages) < 1000
    assert chat.get_num_tokens("word " * 4) == 5
    assert trim_messages(messages, max_tokens=50, token_counter=chat) == messages[1:]


def test_own_token_ids_are_honoured():
    assert ChatYqcloud(custom_get_token_ids=lambda text: [1] * len(text)).get_num_tokens("four") == 4


class Counter(BaseRateLimiter):
    def __init__(self):
        self.taken = 0

    def acquire(self, *, blocking=True):
        self.taken += 1
        return True

    async def aacquire(self, *, blocking=True):
        return self.acquire()


def test_the_rate_limiter_is_taken_once_for_each_attempt(yqcloud, sandbox):
    limiter = Counter()
    sandbox.script(Scenario(status=503), None)
    yqcloud(rate_limiter=limiter).invoke("hi")
    assert (limiter.taken, len(sandbox.received)) == (2, 2)


def test_rate_limiters_are_taken_once_for_each_attempt_of_a_router(behaving, routed, sandbox):
    whole, first, second = Counter(), Counter(), Counter()
    candidates = (behaving("yqcloud", Scenario(status=500), rate_limiter=first), behaving("pi", rate_limiter=second))
    router = routed(*candidates, rate_limiter=whole)
    for _ in range(2):
        router.invoke("hi")
    assert (whole.taken, first.taken, second.taken) == (4, 2, 2)


def test_max_retries_counts_further_attempts(yqcloud, sandbox):
    sandbox.scenario = Scenario(status=429, retry_after="0")
    with pytest.raises(errors.RateLimited):
        yqcloud(max_retries=1).invoke("hi")
    assert len(sandbox.received) == 2


@pytest.mark.parametrize("cls", [ChatPi, ChatYqcloud])
def test_a_thread_is_kept_by_the_service(cls, sandbox):
    chat = cls(base_url=sandbox.url(cls.provider_name))
    first = chat.invoke("My name is Ada.", thread={})
    thread = json.loads(json.dumps(first.response_metadata["thread"]))
    assert "Ada" in chat.invoke("What is my name?", thread=thread).text
    assert "Ada" not in chat.invoke("What is my name?").text


def test_the_callers_thread_is_not_changed(sandbox):
    thread = {}
    chat = ChatYqcloud(base_url=sandbox.url("yqcloud"))
    list(chat.stream("hi", thread=thread))
    assert thread == {}


def test_history_reaches_the_service(chat):
    messages = [("system", "Be kind."), ("user", "My name is Ada."), ("ai", "Hello Ada."), ("user", "What is my name?")]
    assert "Ada" in chat.invoke(messages).text


def test_it_works_in_one_loop_after_another(chat):
    assert [asyncio.run(chat.ainvoke("what is 6*7?")).text for _ in range(3)] == ["42"] * 3


async def test_blocking_calls_work_inside_a_running_loop(chat):
    assert chat.invoke("what is 6*7?").text == "".join(chunk.text for chunk in chat.stream("what is 6*7?")) == "42"


async def test_fifty_at_once(chat):
    answers = await asyncio.gather(*(chat.ainvoke(f"what is {n}*2?") for n in range(50)))
    assert [answer.text for answer in answers] == [str(n * 2) for n in range(50)]


async def test_a_block_holds_the_connection(chat):
    async with chat as held:
        assert held is chat
        assert (await chat.ainvoke("what is 6*7?")).text == "42"


def test_pi_tells_its_history_and_speaks(sandbox):
    chat = ChatPi(base_url=sandbox.url("pi"))
    answer = chat.invoke("My name is Ada.", thread={})
    assert "My name is Ada." in [item["text"] for item in chat.history(answer.response_metadata["thread"])]
    audio, kind = chat.voice(answer)
    assert (audio[:4], kind) == (b"RIFF", "audio/wav")


def test_pi_needs_a_thread_to_speak(sandbox):
    chat = ChatPi(base_url=sandbox.url("pi"))
    with pytest.raises(errors.InvalidSetting, match=r"thread=\{\}"):
        chat.voice(chat.invoke("hi"))


@pytest.mark.parametrize(
    ("word", "cls", "model"),
    [
        ("yqcloud", ChatYqcloud, "gpt-4"),
        ("yqcloud:gpt-3.5-turbo", ChatYqcloud, "gpt-3.5-turbo"),
        ("flowgpt:gemini", ChatFlowGpt, "google-gemini"),
    ],
)
def test_one_word_makes_a_model(word, cls, model):
    chat = init_free_chat_model(word)
    assert (type(chat), chat.model) == (cls, model)


def test_provider_and_model_may_be_apart():
    assert init_free_chat_model("claude-v2", provider="flowgpt", temperature=0).temperature == 0


@pytest.mark.parametrize(
    ("word", "error", "hint"), [("yqclod", errors.InvalidSetting, "yqcloud"), ("pi:pie", errors.UnknownModel, "pi")]
)
def test_a_wrong_word_names_the_nearest(word, error, hint):
    with pytest.raises(error, match=f"Did you mean '{hint}'"):
        init_free_chat_model(word)


def test_any_provider_by_name(sandbox):
    chat = ChatFreeProvider(provider="yqcloud", network=False, base_url=sandbox.url("yqcloud"))
    assert chat.invoke("what is 6*7?").text == "42"
    assert sandbox.received[-1].json["network"] is False


@pytest.mark.parametrize(
    "words", [{}, {"provider": "yqcloud", "settings": {"netwrk": 1}}, {"provider": "yqcloud", "netwrk": 1}]
)
def test_any_provider_checks_its_words(words):
    with pytest.raises(errors.InvalidSetting, match=r"provider is missing|netwrk"):
        ChatFreeProvider(**words)


def test_base_chat_model_is_the_parent(chat):
    assert isinstance(chat, BaseChatModel)
