"""Agents over a router: tools, streams that show one answer alone, memory, and LangChain's own middleware around it."""

import asyncio
import json

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware, ModelFallbackMiddleware, ModelRetryMiddleware
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from freeproviders.sandbox import Scenario
from langchain_freeproviders.errors import AllProvidersFailed

BROKEN = Scenario(status=500)
LIMIT = ModelCallLimitMiddleware(run_limit=6)


@tool
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"sunny in {city}"


def block(name, **arguments):
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def asked_of(sandbox):
    return [request.provider for request in sandbox.received if request.endpoint == "answer"]


def shown(stream):
    return [part.text for part, _ in stream if isinstance(part, AIMessageChunk)]


ANSWERS = (block("add", a=1, b=2), block("weather", city="Oslo"), "3, and sunny.")
# What a service says in place of an answer, with status 200: nobody may see it.
NOTICES = {
    "status": Scenario(status=500, body="sorry, dead"),
    "ban": Scenario(variant="ban"),
    "empty": Scenario(empty=True),
}


@pytest.mark.parametrize("failure", NOTICES.values(), ids=NOTICES)
def test_a_candidate_that_fails_first_and_then_works_shows_none_of_its_failure(behaving, routed, sandbox, failure):
    sandbox.script(failure, *(Scenario(answer=answer) for answer in ANSWERS))
    agent = create_agent(routed(behaving("yqcloud"), behaving("flowgpt")), [add, weather], middleware=[LIMIT])
    words = shown(agent.stream({"messages": ["1 + 2? And Oslo?"]}, stream_mode="messages"))
    assert "".join(words) == ANSWERS[-1]
    assert asked_of(sandbox)[:2] == ["yqcloud", "flowgpt"]
    assert len(sandbox.received) == 4


async def test_an_agent_goes_on_with_both_tools_awaited(behaving, routed, sandbox):
    sandbox.script(BROKEN, *(Scenario(answer=answer) for answer in ANSWERS))
    agent = create_agent(routed(behaving("yqcloud"), behaving("flowgpt")), [add, weather], middleware=[LIMIT])
    state = await agent.ainvoke({"messages": ["1 + 2? And Oslo?"]})
    results = [message.text for message in state["messages"] if isinstance(message, ToolMessage)]
    assert (results, state["messages"][-1].text) == (["3", "sunny in Oslo"], ANSWERS[-1])


def test_an_answer_that_begins_anew_is_one_answer_in_the_agents_memory(behaving, routed):
    called = f"Well.\n{ANSWERS[0]}\n"
    cut = behaving("yqcloud", Scenario(pieces=(called, "never"), pause=0.05, cut_at=len(called) + 2))
    good = behaving("flowgpt", Scenario(answer="No tool is needed."))
    agent = create_agent(
        routed(cut, good, on_interrupt="restart"),
        [add],
        middleware=[LIMIT],
        checkpointer=InMemorySaver(),
    )
    config = {"configurable": {"thread_id": "1"}}
    parts = [part for part, _ in agent.stream({"messages": ["1 + 2?"]}, config, stream_mode="messages")]
    voids = [number for number, part in enumerate(parts) if "restarted" in part.additional_kwargs]
    assert len(voids) == 1
    assert any(part.tool_call_chunks for part in parts[: voids[0]])
    said = [message for message in agent.get_state(config).values["messages"] if isinstance(message, AIMessage)]
    assert [(message.text, message.tool_calls) for message in said] == [("No tool is needed.", [])]


class Failovers(BaseCallbackHandler):
    def __init__(self):
        self.told = []

    def on_custom_event(self, name, data, **kwargs):
        self.told.append((name, data["to"]))


def test_an_agents_callbacks_hear_of_a_failover(behaving, routed):
    heard = Failovers()
    agent = create_agent(routed(), [add], middleware=[LIMIT])
    config = {"callbacks": [heard]}
    agent.invoke({"messages": ["hi"]}, config)
    list(agent.stream({"messages": ["hi"]}, config, stream_mode="messages"))
    assert heard.told == [("freeproviders.failover", "flowgpt")] * 2


def test_the_fallback_middleware_takes_over_when_nobody_answers(behaving, routed, sandbox):
    nobody = routed(behaving("yqcloud", BROKEN), max_retries=0)
    agent = create_agent(nobody, [add], middleware=[ModelFallbackMiddleware(behaving("flowgpt")), LIMIT])
    assert agent.invoke({"messages": ["what is 6*7?"]})["messages"][-1].text == "42"
    assert asked_of(sandbox) == ["yqcloud", "flowgpt"]


def test_the_retry_middleware_leaves_retrying_to_the_router(behaving, routed, sandbox):
    nobody = routed(behaving("yqcloud", BROKEN), max_retries=0)
    retry = ModelRetryMiddleware(max_retries=3, initial_delay=0, on_failure="error")
    agent = create_agent(nobody, [add], middleware=[retry, LIMIT])
    with pytest.raises(AllProvidersFailed) as caught:
        agent.invoke({"messages": ["hi"]})
    assert [one.candidate for one in caught.value.attempts] == ["yqcloud"]
    assert asked_of(sandbox) == ["yqcloud"]


async def test_many_agents_at_once_share_what_is_known_of_the_candidates(behaving, routed, sandbox):
    router = routed(behaving("yqcloud", Scenario(variant="ban")), behaving("flowgpt"))
    agent = create_agent(router, [add], middleware=[LIMIT])
    await agent.ainvoke({"messages": ["hi"]})
    states = await asyncio.gather(*(agent.ainvoke({"messages": [f"what is {n}*2?"]}) for n in range(20)))
    assert [state["messages"][-1].text for state in states] == [str(n * 2) for n in range(20)]
    assert asked_of(sandbox).count("yqcloud") == 1
