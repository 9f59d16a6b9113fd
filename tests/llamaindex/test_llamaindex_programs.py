"""What core builds on a model without function calling: text programs, selectors, routers, ReAct agents."""

from typing import Any

import pytest
from library import ANSWER, QUESTION, documents, keywords, summary
from llama_index.core import KeywordTableIndex, TreeIndex
from llama_index.core.agent.workflow import AgentWorkflow, ReActAgent
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import RouterQueryEngine
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.selectors.utils import get_selector_from_llm
from llama_index.core.tools import QueryEngineTool
from pydantic import BaseModel

from freeproviders import errors
from freeproviders.sandbox import Sandbox, Scenario


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


PROMPT = PromptTemplate("Tell of {name}.")
ZORA = Scenario(answer='Here she is: {"name": "Zora", "age": 7}')


def test_a_text_program_reads_an_object(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = ZORA
    assert llm.structured_predict(Person, PROMPT, name="Zora") == Person(name="Zora", age=7)
    assert llm.as_structured_llm(Person).complete("Tell of Zora.").raw == Person(name="Zora", age=7)


async def test_a_text_program_reads_an_object_in_a_loop(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = ZORA
    assert await llm.astructured_predict(Person, PROMPT, name="Zora") == Person(name="Zora", age=7)


def test_a_fault_passes_through_a_text_program(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = Scenario(status=404)
    with pytest.raises(errors.ProviderError):
        llm.structured_predict(Person, PROMPT, name="Zora")


def test_a_router_chooses_by_a_prompt(llm: Any) -> None:
    selector = get_selector_from_llm(llm, is_multi=False)
    assert isinstance(selector, LLMSingleSelector)
    tools = [
        QueryEngineTool.from_defaults(keywords(llm), name="drinks", description="Where coffee and tea grow."),
        QueryEngineTool.from_defaults(summary(llm), name="ships", description="Ships and their captains."),
    ]
    response = RouterQueryEngine(selector=selector, query_engine_tools=tools, llm=llm).query(QUESTION)
    assert response.metadata["selector_result"].selections[0].index == 0
    assert ANSWER in str(response)


@pytest.mark.parametrize("index", [KeywordTableIndex, TreeIndex])
def test_an_index_that_the_model_builds(llm: Any, index: Any) -> None:
    assert str(index.from_documents(documents(), llm=llm).as_query_engine(llm=llm).query(QUESTION))


# llama-index-workflows looks at every member of its agents, the deprecated ones too.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")
async def test_an_agent_that_needs_no_tools_of_the_model_runs(llm: Any) -> None:
    """Without function calling core chooses ReActAgent by itself; plain words are its answer."""
    workflow = AgentWorkflow.from_tools_or_functions([_add], llm=llm)
    (agent,) = workflow.agents.values()
    assert isinstance(agent, ReActAgent)
    assert str(await workflow.run(user_msg="Good morning!"))


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")
async def test_an_agent_calls_a_tool_by_words(llm: Any, sandbox: Sandbox) -> None:
    sandbox.script(
        Scenario(answer='Thought: I need a tool.\nAction: _add\nAction Input: {"one": 20, "other": 22}'),
        Scenario(answer="Thought: I can answer without using any more tools.\nAnswer: It is 42."),
    )
    agent = ReActAgent(tools=[_add], llm=llm)
    result = await agent.run("What is 20 + 22?")
    assert str(result) == "It is 42."
    assert [str(call.tool_output) for call in result.tool_calls] == ["42"]


def _add(one: int, other: int) -> int:
    """Adds two numbers."""
    return one + other
