"""Core's agents: they call tools through the model, or by texts of their own where that is switched off."""

from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentStream, AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.memory import ChatMemoryBuffer

from kit.described import Described
from kit.toolbox import ADD, FAIL, SHOUT, ZORA, Person, add, runs_an_agent

STREAMED = pytest.mark.parametrize("streaming", [True, False], ids=["streamed", "whole"])
BOTH = pytest.mark.parametrize("calling", [True, False], ids=["by calls", "by texts"])
ACTION = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 20, "b": 22}'
ANSWER = "Thought: I can answer without using any more tools.\nAnswer: It is 42."


class Agents(Described):
    @pytest.fixture
    def says(self) -> Any:
        """How the model says a call."""
        self.need(self.supports_function_calling, "supports_function_calling")
        self.need(self.asked, "asked")
        return self.need(self.call_text, "call_text")

    def scripted(self, *replies: str, **words: Any) -> Any:
        """An LLM whose model says these, one after the other."""
        self.need(self.replies, "replies")(*replies)
        return self.make(**words)

    # Agents that call tools through the model.

    @STREAMED
    @runs_an_agent
    async def test_an_agent_calls_a_tool_and_answers(self, says: Any, streaming: bool) -> None:
        llm = self.scripted("Let me see.\n" + says("add", a=20, b=22), "It is 42.")
        result = await FunctionAgent(tools=[ADD], llm=llm, streaming=streaming).run("What is 20+22?")
        assert str(result) == "It is 42."
        assert [call.tool_output.raw_output for call in result.tool_calls] == [42]
        assert self.need(self.result_text, "result_text")("add", "42") in self.asked()[-1]

    @STREAMED
    @runs_an_agent
    async def test_an_agent_calls_several_tools_at_once(self, says: Any, streaming: bool) -> None:
        llm = self.scripted(says("add", a=20, b=22) + says("shout", text="ahoy"), "Done.")
        result = await FunctionAgent(tools=[ADD, SHOUT], llm=llm, streaming=streaming).run("Both, please.")
        assert {str(call.tool_output.raw_output) for call in result.tool_calls} == {"42", "AHOY"}
        results = self.need(self.result_text, "result_text")
        assert all(said in self.asked()[-1] for said in (results("add", "42"), results("shout", "AHOY")))

    @runs_an_agent
    async def test_an_agent_without_parallel_calls_makes_one_after_the_other(self, says: Any) -> None:
        llm = self.scripted(says("add", a=20, b=22) + says("shout", text="ahoy"), says("shout", text="ahoy"), "Done.")
        agent = FunctionAgent(tools=[ADD, SHOUT], llm=llm, allow_parallel_tool_calls=False)
        result = await agent.run("Both, please.")
        assert [call.tool_name for call in result.tool_calls] == ["add", "shout"]
        assert len(self.asked()) == 3

    @runs_an_agent
    async def test_an_agents_stream_shows_the_words_and_not_how_calls_are_said(self, says: Any) -> None:
        llm = self.scripted("Let me see.\n" + says("add", a=20, b=22), "It is 42.")
        handler = FunctionAgent(tools=[ADD], llm=llm).run("What is 20+22?")
        pieces = [event async for event in handler.stream_events() if isinstance(event, AgentStream)]
        await handler
        shown = "".join(piece.delta for piece in pieces)
        assert shown.replace("\n", "") == "Let me see.It is 42."
        assert [mark for mark in self.call_marks if mark in shown + "".join(piece.response for piece in pieces)] == []

    @runs_an_agent
    async def test_a_tool_that_fails_is_told_to_the_model(self, says: Any) -> None:
        llm = self.scripted(says("fail", text="tea"), "There is none.")
        assert str(await FunctionAgent(tools=[FAIL], llm=llm).run("Tea?")) == "There is none."
        assert "no tea today" in self.asked()[-1]

    @runs_an_agent
    async def test_the_first_tool_can_be_chosen_and_no_other_is(self, says: Any) -> None:
        llm = self.scripted(says("add", a=20, b=22), "It is 42.")
        await FunctionAgent(tools=[ADD, SHOUT], llm=llm, initial_tool_choice="add").run("What is 20+22?")
        first, second = self.asked()
        assert "shout" in second
        if self.chosen is None:
            assert "shout" not in first
        else:
            assert self.chosen() == ["add", None]

    @STREAMED
    @runs_an_agent
    async def test_a_call_gone_wrong_does_not_end_an_agent(self, says: Any, streaming: bool) -> None:
        llm = self.scripted(self.broken_call("add", a=20, b=22), says("add", a=20, b=22), "It is 42.")
        result = await FunctionAgent(tools=[ADD], llm=llm, streaming=streaming).run("What is 20+22?")
        assert str(result) == "It is 42."

    @STREAMED
    @runs_an_agent
    async def test_an_agent_never_answers_with_nothing(self, says: Any, streaming: bool) -> None:
        llm = self.scripted(*[self.broken_call("add", a=20, b=22)] * 2)
        assert str(await FunctionAgent(tools=[ADD], llm=llm, streaming=streaming).run("What is 20+22?")).strip()

    @runs_an_agent
    async def test_an_agent_remembers_its_calls(self, says: Any) -> None:
        llm = self.scripted(says("add", a=20, b=22), "It is 42.", "As I said.")
        agent, memory = FunctionAgent(tools=[ADD], llm=llm), ChatMemoryBuffer.from_defaults(llm=llm)
        await agent.run("What is 20+22?", memory=memory)
        assert str(await agent.run("And again?", memory=memory)) == "As I said."
        result = self.need(self.result_text, "result_text")
        words = (says("add", a=20, b=22), result("add", "42"), "It is 42.", "And again?")
        assert [word for word in words if word not in self.asked()[-1]] == []

    @STREAMED
    @runs_an_agent
    async def test_an_agent_hands_over_to_another(self, says: Any, streaming: bool) -> None:
        llm = self.scripted(says("handoff", to_agent="loud", reason="noise"), says("shout", text="ahoy"), "I said it.")
        calm = FunctionAgent(
            name="calm", description="Adds.", tools=[ADD], llm=llm, can_handoff_to=["loud"], streaming=streaming
        )
        loud = FunctionAgent(name="loud", description="Shouts.", tools=[SHOUT], llm=llm, streaming=streaming)
        result = await AgentWorkflow(agents=[calm, loud], root_agent="calm").run("Shout ahoy!")
        assert result.current_agent_name == "loud"
        assert [str(call.tool_output.raw_output) for call in result.tool_calls][-1] == "AHOY"

    @runs_an_agent
    async def test_an_agent_that_needs_calls_refuses_an_llm_without(self, says: Any) -> None:
        llm = self.scripted(is_function_calling_model=False)
        with pytest.raises(ValueError, match="FunctionCallingLLM"):
            await FunctionAgent(tools=[ADD], llm=llm).run("What is 20+22?")

    # Agents in either setting.

    @BOTH
    @runs_an_agent
    async def test_core_takes_the_agent_that_fits(self, says: Any, calling: bool) -> None:
        replies = [says("add", a=20, b=22), "It is 42."] if calling else [ACTION, ANSWER]
        llm = self.scripted(*replies, is_function_calling_model=calling)
        workflow = AgentWorkflow.from_tools_or_functions([add], llm=llm)
        (agent,) = workflow.agents.values()
        assert isinstance(agent, FunctionAgent if calling else ReActAgent)
        assert str(await workflow.run("What is 20+22?")) == "It is 42."

    @BOTH
    @STREAMED
    @runs_an_agent
    async def test_an_agent_that_calls_by_texts(self, says: Any, calling: bool, streaming: bool) -> None:
        llm = self.scripted(ACTION, ANSWER, is_function_calling_model=calling)
        result = await ReActAgent(tools=[ADD], llm=llm, streaming=streaming).run("What is 20+22?")
        assert str(result) == "It is 42."
        assert [str(call.tool_output) for call in result.tool_calls] == ["42"]

    @BOTH
    @STREAMED
    @runs_an_agent
    async def test_an_agent_that_writes_programs(self, says: Any, calling: bool, streaming: bool) -> None:
        ran: list[str] = []

        def execute(code: str) -> str:
            """Runs a program."""
            ran.append(code)
            return "42"

        llm = self.scripted(
            "I compute it.\n<execute>\nprint(add(20, 22))\n</execute>", "It is 42.", is_function_calling_model=calling
        )
        agent = CodeActAgent(code_execute_fn=execute, tools=[ADD], llm=llm, streaming=streaming)
        assert str(await agent.run("What is 20+22?")) == "It is 42."
        assert ran == ["print(add(20, 22))"]

    @STREAMED
    @runs_an_agent
    async def test_an_agent_that_writes_programs_hands_over(self, says: Any, streaming: bool) -> None:
        llm = self.scripted(says("handoff", to_agent="loud", reason="noise"), "AHOY")
        coder = CodeActAgent(
            code_execute_fn=_execute, name="coder", llm=llm, can_handoff_to=["loud"], streaming=streaming
        )
        loud = FunctionAgent(name="loud", description="Shouts.", tools=[SHOUT], llm=llm, streaming=streaming)
        result = await AgentWorkflow(agents=[coder, loud], root_agent="coder").run("Shout ahoy!")
        assert (result.current_agent_name, str(result)) == ("loud", "AHOY")

    @BOTH
    @runs_an_agent
    async def test_an_agent_gives_an_object_at_last(self, says: Any, calling: bool) -> None:
        in_call = calling and not self.forms_travel_as_data
        at_last = says("Person", **dict(ZORA)) if in_call else ZORA.model_dump_json()
        kind = FunctionAgent if calling else ReActAgent
        llm = self.scripted("Zora is seven." if calling else ANSWER, at_last, is_function_calling_model=calling)
        result = await kind(tools=[ADD], llm=llm, output_cls=Person).run("Who?")
        assert result.get_pydantic_model(Person) == ZORA

    @BOTH
    @runs_an_agent
    async def test_an_agent_that_was_stopped_still_answers(self, says: Any, calling: bool) -> None:
        """Core then asks with a system message behind all others."""
        step = says("add", a=20, b=22) if calling else ACTION
        llm = self.scripted(step, "All I know is 42.", is_function_calling_model=calling)
        kind = FunctionAgent if calling else ReActAgent
        agent = kind(tools=[ADD], llm=llm, early_stopping_method="generate", system_prompt="Be kind.")
        assert str(await agent.run("What is 20+22?", max_iterations=1)) == "All I know is 42."
        assert "What is 20+22?" in self.asked()[-1]


def _execute(code: str) -> str:
    """Runs a program."""
    return code
