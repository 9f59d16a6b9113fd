"""What happens on the way reaches LangChain's handlers as custom events of the run; rate limiters and limits hold."""

import json

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler

from freeproviders import Limiter, Limits, errors
from freeproviders.sandbox import Scenario
from langchain_freeproviders import FreeProviderLLM
from langchain_freeproviders.callbacks import listener

BUSY = Scenario(status=429, retry_after="0")
SECRET_TEXT = "the word is xyzzy"


class Events(BaseCallbackHandler):
    """Keeps the custom events and retries it is told of, and the run that began."""

    def __init__(self):
        self.run = None
        self.events = []
        self.retries = []

    def on_chat_model_start(self, serialized, messages, *, run_id, **kwargs):
        self.run = run_id

    def on_llm_start(self, serialized, prompts, *, run_id, **kwargs):
        self.run = run_id

    def on_custom_event(self, name, data, *, run_id, tags=None, metadata=None, **kwargs):
        assert run_id == self.run
        self.events.append((name, json.loads(json.dumps(data)), tags))

    def on_retry(self, retry_state, *, run_id, **kwargs):
        assert run_id == self.run
        self.retries.append(retry_state)

    @property
    def names(self):
        return [name.removeprefix("freeproviders.") for name, _, _ in self.events]


class AwaitedEvents(AsyncCallbackHandler):
    def __init__(self):
        self.names = []

    async def on_custom_event(self, name, data, *, run_id, **kwargs):
        self.names.append(name.removeprefix("freeproviders."))


async def _streamed(chat, text, config):
    return [chunk async for chunk in chat.astream(text, config)]


BLOCKING = {
    "invoke": lambda chat, text, config: chat.invoke(text, config),
    "stream": lambda chat, text, config: list(chat.stream(text, config)),
    "invoke that streams": lambda chat, text, config: chat.invoke(text, config, stream=True),
    "batch": lambda chat, text, config: chat.batch([text], config),
}
AWAITED = {
    "ainvoke": lambda chat, text, config: chat.ainvoke(text, config),
    "astream": _streamed,
    "ainvoke that streams": lambda chat, text, config: chat.ainvoke(text, config, stream=True),
}
blocking = pytest.mark.parametrize("ask", BLOCKING.values(), ids=BLOCKING)
awaited = pytest.mark.parametrize("ask", AWAITED.values(), ids=AWAITED)


@blocking
def test_a_retry_is_told(yqcloud, sandbox, ask):
    heard = Events()
    sandbox.script(BUSY)
    ask(yqcloud(), SECRET_TEXT, {"callbacks": [heard], "tags": ["mine"]})
    [(name, data, tags)] = heard.events
    assert (name, data["provider"], data["number"], data["error"]) == (
        "freeproviders.retry",
        "yqcloud",
        1,
        "RateLimited",
    )
    assert "429" in data["message"] or data["message"]
    assert tags == ["mine"]
    assert SECRET_TEXT not in json.dumps(data)
    [retry] = heard.retries
    assert (retry.attempt_number, type(retry.outcome.exception())) == (1, errors.RateLimited)


@awaited
async def test_a_retry_is_told_awaited(yqcloud, sandbox, ask):
    heard, other = Events(), AwaitedEvents()
    sandbox.script(BUSY)
    await ask(yqcloud(), "hi", {"callbacks": [heard, other]})
    assert heard.names == other.names == ["retry"]


def test_awaited_handlers_hear_of_blocking_calls(yqcloud, sandbox):
    heard = AwaitedEvents()
    sandbox.script(BUSY)
    yqcloud().invoke("hi", {"callbacks": [heard]})
    assert heard.names == ["retry"]


@blocking
def test_a_failover_is_told(routed, ask):
    heard = Events()
    ask(routed(callbacks=[heard]), "hi", None)
    [(name, data, _)] = heard.events
    assert name == "freeproviders.failover"
    assert (data["provider"], data["to"], data["error"]) == ("yqcloud", "flowgpt", "ServerFailed")


def test_a_wait_is_told(yqcloud, sandbox):
    heard = Events()
    chat = yqcloud(limits=Limits(per_second=1))
    for _ in range(2):
        chat.invoke("hi", {"callbacks": [heard]})
    [(name, data, _)] = heard.events
    assert name == "freeproviders.wait"
    assert data["seconds"] > 0


def test_asking_again_is_told(yqcloud, sandbox):
    heard = Events()
    sandbox.script(Scenario(answer="what?"), Scenario(answer='{"a": 1}'))
    form = {"type": "json_object"}
    assert yqcloud().invoke("hi", {"callbacks": [heard]}, response_format=form).text == '{"a": 1}'
    [(name, data, _)] = heard.events
    assert (name, data["round"]) == ("freeproviders.ask_again", 2)


def test_the_string_model_tells_too(sandbox):
    for ask in (FreeProviderLLM.invoke, lambda llm, text, config: list(llm.stream(text, config))):
        heard = Events()
        sandbox.script(BUSY)
        ask(FreeProviderLLM(provider="yqcloud", base_url=sandbox.url("yqcloud")), "hi", {"callbacks": [heard]})
        assert heard.names == ["retry"]


@pytest.mark.parametrize("chained", [False, True])
async def test_events_show_it_under_the_run_that_it_happened_in(routed, chained):
    chat = routed()
    asked = ChatPromptTemplate.from_template("{q}") | chat if chained else chat
    events = [event async for event in asked.astream_events({"q": "hi"} if chained else "hi", version="v2")]
    [model] = [event for event in events if event["event"] == "on_chat_model_start"]
    [custom] = [event for event in events if event["event"] == "on_custom_event"]
    assert (custom["name"], custom["run_id"]) == ("freeproviders.failover", model["run_id"])
    assert custom["parent_ids"] == model["parent_ids"]
    assert bool(custom["parent_ids"]) == chained


def test_a_tracer_writes_retries_down(yqcloud, sandbox):
    tracer = RunCollectorCallbackHandler()
    sandbox.script(BUSY)
    list(yqcloud().stream("hi", {"callbacks": [tracer]}))
    [run] = tracer.traced_runs
    [retry] = [event for event in run.events if event["name"] == "retry"]
    assert retry["kwargs"]["exception_type"] == "RateLimited"


def test_a_handler_that_raises_on_purpose_ends_the_call(yqcloud, sandbox):
    class Strict(BaseCallbackHandler):
        raise_error = True

        def on_custom_event(self, name, data, **kwargs):
            raise KeyError(name)

    sandbox.script(BUSY)
    with pytest.raises(KeyError, match="retry"):
        yqcloud().invoke("hi", {"callbacks": [Strict()]})


def test_a_handler_may_use_the_model_itself(yqcloud, sandbox):
    class Asks(BaseCallbackHandler):
        raise_error = True
        answer = None

        def on_custom_event(self, name, data, **kwargs):
            self.answer = yqcloud().invoke("what is 6*7?").text

    asks = Asks()
    sandbox.script(BUSY)
    yqcloud().invoke("hi", {"callbacks": [asks]})
    assert asks.answer == "42"


def test_where_nobody_listens_there_is_no_listener():
    assert listener(None, {"": None}) is None


@pytest.mark.parametrize("ask", BLOCKING.values(), ids=BLOCKING)
def test_the_caller_s_run_id_is_kept(yqcloud, ask):
    from uuid import uuid4

    wanted, heard = uuid4(), Events()
    ask(yqcloud(), "hi", {"callbacks": [heard], "run_id": wanted})
    assert heard.run == wanted


def test_limits_may_be_shared(yqcloud, sandbox):
    limiter = Limiter(Limits(per_day=1))
    yqcloud(limits=limiter).invoke("hi")
    with pytest.raises(errors.LimitReached, match="per_day=1") as caught:
        FreeProviderLLM(provider="flowgpt", base_url=sandbox.url("flowgpt"), limits=limiter, max_retries=0).invoke("hi")
    assert caught.value.retry_after > 0
    assert [request.provider for request in sandbox.received] == ["yqcloud"]
