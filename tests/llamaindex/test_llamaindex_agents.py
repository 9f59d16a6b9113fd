"""Core's agents over our LLMs: kinds of tools, direct results, retrieved tools, several runs, objects at the end."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from kit.toolbox import ADD, FAIL, SHOUT, ZORA, Person, runs_an_agent
from llama_index.core import SummaryIndex
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.objects import ObjectIndex
from llama_index.core.tools import FunctionTool, ToolOutput
from llama_index.core.workflow import Context
from sqlalchemy.ext.asyncio import create_async_engine
from under_test import call_block, result_block

from freeproviders.sandbox import Sandbox, Scenario
from llamaindex_freeproviders import Yqcloud

STREAMED = pytest.mark.parametrize("streaming", [True, False], ids=["streamed", "whole"])
BOTH = pytest.mark.parametrize("calling", [True, False], ids=["by calls", "by texts"])
ANSWER = "Thought: I can answer without using any more tools.\nAnswer: {}"


def action(tool: str, **arguments: Any) -> str:
    """A call as a ReAct agent's prompt asks for it."""
    return f"Thought: I need a tool.\nAction: {tool}\nAction Input: {json.dumps(arguments)}"


def answers(sandbox: Sandbox, *texts: str) -> None:
    sandbox.script(*(Scenario(answer=text) for text in texts))


def asked(sandbox: Sandbox) -> list[str]:
    """All the text of each question, oldest first."""
    questions = [request.question for request in sandbox.received]
    return ["\n".join([q.system, *(text for _, text in q.history), q.text]) for q in questions if q is not None]


def now() -> str:
    """Tells the time."""
    return "noon"


async def wait(seconds: int) -> str:
    """Waits."""
    return f"waited {seconds}"


def judge(text: str) -> str:
    """Judges a text."""
    return f"{text} is no good"


def wrong(said: str) -> ToolOutput:
    """What a tool gave, as an error."""
    return ToolOutput(content=said, tool_name="judge", raw_input={}, raw_output=said, is_error=True)


def direct(function: Any) -> FunctionTool:
    return FunctionTool.from_defaults(function, return_direct=True)


def fail(text: str) -> str:
    """Always fails."""
    raise RuntimeError(f"no {text} today")


def shout(text: str) -> str:
    """Says it louder."""
    return text.upper()


# The kinds of tools.

NOW = FunctionTool.from_defaults(now)
WAIT = FunctionTool.from_defaults(async_fn=wait)
JUDGE = FunctionTool.from_defaults(judge, callback=wrong)
KINDS = {
    "without arguments": (NOW, {}, "noon"),
    "async": (WAIT, {"seconds": 3}, "waited 3"),
    "error as output": (JUDGE, {"text": "tea"}, "tea is no good"),
    "raising": (FAIL, {"text": "tea"}, "no tea today"),
}
EVERY_KIND = pytest.mark.parametrize(("tool", "arguments", "told"), KINDS.values(), ids=KINDS)


@STREAMED
@EVERY_KIND
@runs_an_agent
async def test_the_model_is_told_what_a_tool_gave(
    yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool, tool: Any, arguments: Any, told: str
) -> None:
    answers(sandbox, call_block(tool.metadata.name, **arguments), "So it is.")
    result = await FunctionAgent(tools=[tool], llm=yqcloud, streaming=streaming).run("Well?")
    assert str(result) == "So it is."
    assert [call.tool_kwargs for call in result.tool_calls] == [arguments]
    assert told in asked(sandbox)[-1].split(f'<tool_response name="{tool.metadata.name}">')[-1]


@BOTH
@EVERY_KIND
@runs_an_agent
async def test_an_agent_by_texts_is_told_too(
    make: Any, sandbox: Sandbox, calling: bool, tool: Any, arguments: Any, told: str
) -> None:
    answers(sandbox, action(tool.metadata.name, **arguments), ANSWER.format("So it is."))
    llm = make(Yqcloud, is_function_calling_model=calling)
    assert str(await ReActAgent(tools=[tool], llm=llm).run("Well?")) == "So it is."
    assert told in asked(sandbox)[-1].split("Observation: ")[-1]


@pytest.mark.parametrize("tool", [JUDGE, FAIL], ids=["error as output", "raising"])
@runs_an_agent
async def test_an_error_of_a_tool_is_known_as_one(yqcloud: Yqcloud, sandbox: Sandbox, tool: Any) -> None:
    answers(sandbox, call_block(tool.metadata.name, text="tea"), "So it is.")
    result = await FunctionAgent(tools=[tool], llm=yqcloud).run("Well?")
    assert [call.tool_output.is_error for call in result.tool_calls] == [True]


# Direct results.


@STREAMED
@runs_an_agent
async def test_a_direct_result_is_the_answer(yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool) -> None:
    answers(sandbox, call_block("shout", text="ahoy"))
    agent = FunctionAgent(tools=[direct(shout)], llm=yqcloud, streaming=streaming)
    assert str(await agent.run("Shout ahoy!")) == "AHOY"
    assert len(asked(sandbox)) == 1


@BOTH
@runs_an_agent
async def test_a_direct_result_is_an_agents_answer_by_texts_too(make: Any, sandbox: Sandbox, calling: bool) -> None:
    answers(sandbox, action("shout", text="ahoy"))
    llm = make(Yqcloud, is_function_calling_model=calling)
    assert str(await ReActAgent(tools=[direct(shout)], llm=llm).run("Shout ahoy!")) == "AHOY"
    assert len(asked(sandbox)) == 1


@runs_an_agent
async def test_a_direct_tool_that_fails_is_no_answer(yqcloud: Yqcloud, sandbox: Sandbox) -> None:
    answers(sandbox, call_block("fail", text="tea"), "There is none.")
    assert str(await FunctionAgent(tools=[direct(fail)], llm=yqcloud).run("Tea?")) == "There is none."
    assert "no tea today" in asked(sandbox)[-1]


@runs_an_agent
async def test_the_next_run_goes_on_from_a_direct_result(yqcloud: Yqcloud, sandbox: Sandbox) -> None:
    answers(sandbox, call_block("shout", text="ahoy"), "As I said.")
    agent, memory = FunctionAgent(tools=[direct(shout)], llm=yqcloud), ChatMemoryBuffer.from_defaults(llm=yqcloud)
    await agent.run("Shout ahoy!", memory=memory)
    assert str(await agent.run("And again?", memory=memory)) == "As I said."
    assert result_block("shout", "AHOY") in asked(sandbox)[-1]


@STREAMED
@runs_an_agent
async def test_a_direct_result_ends_a_workflow_behind_a_handover(
    yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool
) -> None:
    answers(sandbox, call_block("handoff", to_agent="loud", reason="noise"), call_block("shout", text="ahoy"))
    calm = FunctionAgent(
        name="calm", description="Adds.", tools=[ADD], llm=yqcloud, can_handoff_to=["loud"], streaming=streaming
    )
    loud = FunctionAgent(name="loud", description="Shouts.", tools=[direct(shout)], llm=yqcloud, streaming=streaming)
    result = await AgentWorkflow(agents=[calm, loud], root_agent="calm").run("Shout ahoy!")
    assert (result.current_agent_name, str(result)) == ("loud", "AHOY")
    assert len(asked(sandbox)) == 2


# Retrieved tools.


def retriever() -> Any:
    """Finds all tools it has, by no model."""
    return ObjectIndex.from_objects([ADD, SHOUT], index_cls=SummaryIndex).as_retriever()


@STREAMED
@runs_an_agent
async def test_retrieved_tools_are_offered_and_called(yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool) -> None:
    answers(sandbox, call_block("add", a=20, b=22), "It is 42.")
    result = await FunctionAgent(tool_retriever=retriever(), llm=yqcloud, streaming=streaming).run("What is 20+22?")
    assert [call.tool_output.raw_output for call in result.tool_calls] == [42]
    assert all("Says it louder." in question for question in asked(sandbox))


@runs_an_agent
async def test_an_agent_of_a_workflow_may_retrieve_its_tools(yqcloud: Yqcloud, sandbox: Sandbox) -> None:
    answers(sandbox, call_block("add", a=20, b=22), "It is 42.")
    agent = FunctionAgent(name="adder", description="Adds.", tool_retriever=retriever(), llm=yqcloud)
    result = await AgentWorkflow(agents=[agent]).run("What is 20+22?")
    assert [call.tool_output.raw_output for call in result.tool_calls] == [42]


# Several runs.


# Core stores a context between its runs, but the memory in it only where pydantic lets it, which it says in a warning.
@pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable key")
@STREAMED
@runs_an_agent
async def test_a_context_goes_on_with_its_memory(yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool) -> None:
    answers(sandbox, call_block("add", a=20, b=22), "It is 42.", "As I said.")
    agent = FunctionAgent(tools=[ADD], llm=yqcloud, streaming=streaming)
    context, memory = Context(agent), ChatMemoryBuffer.from_defaults(llm=yqcloud)
    await agent.run("What is 20+22?", ctx=context, memory=memory)
    assert str(await agent.run("And again?", ctx=context, memory=memory)) == "As I said."
    words = (call_block("add", a=20, b=22), result_block("add", "42"), "It is 42.", "And again?")
    assert [asked(sandbox)[-1].count(word) for word in words] == [1, 1, 1, 1]


@runs_an_agent
async def test_cores_memory_keeps_calls_and_results(yqcloud: Yqcloud, sandbox: Sandbox) -> None:
    answers(sandbox, call_block("add", a=20, b=22), "It is 42.", "As I said.")
    agent, engine = FunctionAgent(tools=[ADD], llm=yqcloud), create_async_engine("sqlite+aiosqlite:///:memory:")
    try:
        memory = Memory.from_defaults(session_id="one", async_engine=engine)
        await agent.run("What is 20+22?", memory=memory)
        await agent.run("And again?", memory=memory)
    finally:
        await engine.dispose()
    words = (call_block("add", a=20, b=22), result_block("add", "42"))
    assert [word for word in words if word not in asked(sandbox)[-1]] == []


@STREAMED
@runs_an_agent
async def test_a_chosen_first_tool_is_the_first_of_each_run(
    yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool
) -> None:
    answers(sandbox, *[call_block("add", a=20, b=22), "It is 42."] * 2)
    agent = FunctionAgent(tools=[ADD, SHOUT], llm=yqcloud, initial_tool_choice="add", streaming=streaming)
    for _ in range(2):
        await agent.run("What is 20+22?")
    assert ["Reply now with a block that calls add" in question for question in asked(sandbox)] == [True, False] * 2


# Histories of other LLMs, whose calls stand beside the blocks.

FUNCTION = {"name": "add", "arguments": '{"a": 20, "b": 22}'}
HISTORIES = {
    "dict": {"id": "1", "type": "function", "function": FUNCTION},
    "object": SimpleNamespace(id="1", type="function", function=SimpleNamespace(**FUNCTION)),
}


@STREAMED
@pytest.mark.parametrize("call", HISTORIES.values(), ids=HISTORIES)
@runs_an_agent
async def test_an_agent_goes_on_from_calls_beside_the_blocks(
    yqcloud: Yqcloud, sandbox: Sandbox, streaming: bool, call: Any
) -> None:
    history = [
        ChatMessage(content="What is 20+22?"),
        ChatMessage(role="assistant", content=None, additional_kwargs={"tool_calls": [call]}),
        ChatMessage(role="tool", content="42", additional_kwargs={"tool_call_id": "1"}),
        ChatMessage(role="assistant", content="It is 42."),
    ]
    answers(sandbox, call_block("shout", text="ahoy"), "I said it.")
    agent = FunctionAgent(tools=[ADD, SHOUT], llm=yqcloud, streaming=streaming)
    assert str(await agent.run("Now shout ahoy!", chat_history=history)) == "I said it."
    words = (call_block("add", a=20, b=22), result_block("add", "42"), result_block("shout", "AHOY"))
    assert [asked(sandbox)[-1].count(word) for word in words] == [1, 1, 1]


@runs_an_agent
async def test_a_call_that_stands_in_both_places_is_told_once(yqcloud: Yqcloud, sandbox: Sandbox) -> None:
    block = ToolCallBlock(tool_call_id="1", tool_name="add", tool_kwargs={"a": 20, "b": 22})
    more = {"tool_calls": [HISTORIES["dict"]]}
    history = [ChatMessage(role="assistant", blocks=[block], additional_kwargs=more)]
    answers(sandbox, "It is 42.")
    await FunctionAgent(tools=[ADD], llm=yqcloud).run("So?", chat_history=history)
    assert asked(sandbox)[-1].count(call_block("add", a=20, b=22)) == 1


# Objects at the end.


AGENTS = {
    "FunctionAgent": lambda llm: FunctionAgent(tools=[ADD], llm=llm, output_cls=Person),
    "ReActAgent": lambda llm: ReActAgent(tools=[ADD], llm=llm, output_cls=Person),
    "AgentWorkflow": lambda llm: AgentWorkflow.from_tools_or_functions([ADD], llm=llm, output_cls=Person),
}


@pytest.mark.parametrize(
    ("kind", "calling"),
    # core refuses a FunctionAgent without calls
    [(kind, calling) for kind in AGENTS for calling in (True, False) if calling or kind != "FunctionAgent"],
)
@runs_an_agent
async def test_every_agent_gives_an_object_at_last(make: Any, sandbox: Sandbox, calling: bool, kind: str) -> None:
    said = "Zora is seven." if calling and kind != "ReActAgent" else ANSWER.format("Zora is seven.")
    answers(sandbox, said, call_block("Person", **dict(ZORA)) if calling else ZORA.model_dump_json())
    llm = make(Yqcloud, is_function_calling_model=calling)
    result = await AGENTS[kind](llm).run("Who?")
    assert result.get_pydantic_model(Person) == ZORA


@BOTH
@runs_an_agent
async def test_an_object_comes_after_the_calls(make: Any, sandbox: Sandbox, calling: bool) -> None:
    steps = [call_block("add", a=3, b=4), "Zora is seven."]
    texts = [action("add", a=3, b=4), ANSWER.format("Zora is seven.")]
    at_last = call_block("Person", **dict(ZORA)) if calling else ZORA.model_dump_json()
    answers(sandbox, *(steps if calling else texts), at_last)
    llm = make(Yqcloud, is_function_calling_model=calling)
    result = await AGENTS["AgentWorkflow"](llm).run("Who?")
    assert [str(call.tool_output) for call in result.tool_calls] == ["7"]
    assert result.get_pydantic_model(Person) == ZORA
