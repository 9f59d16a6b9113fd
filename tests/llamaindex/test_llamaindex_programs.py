"""What core builds of texts where function calling is switched off; the kit has the same with scripted replies."""

from typing import Any

import pytest
from library import ANSWER, QUESTION, documents, keywords, summary
from llama_index.core import KeywordTableIndex, TreeIndex
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


@pytest.fixture
def llm(make: Any, llm_class: Any) -> Any:
    return make(llm_class, is_function_calling_model=False)


PROMPT = PromptTemplate("Tell of {name}.")
ZORA = Scenario(answer='Here she is: {"name": "Zora", "age": 7}')


def test_a_text_program_reads_an_object(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = ZORA
    assert llm.structured_predict(Person, PROMPT, name="Zora") == Person(name="Zora", age=7)
    assert llm.as_structured_llm(Person).complete("Tell of Zora.").raw == Person(name="Zora", age=7)


async def test_a_text_program_reads_an_object_in_a_loop(llm: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = ZORA
    assert await llm.astructured_predict(Person, PROMPT, name="Zora") == Person(name="Zora", age=7)


class Branch(BaseModel):
    """A branch, with branches."""

    name: str
    branches: list["Branch"] = []


@pytest.mark.parametrize("calls", [True, False], ids=["by calls", "by texts"])
def test_an_object_of_a_class_that_holds_itself(make: Any, llm_class: Any, sandbox: Sandbox, calls: bool) -> None:
    sandbox.scenario = Scenario(answer='{"name": "a", "branches": [{"name": "b"}]}')
    llm = make(llm_class, is_function_calling_model=calls)
    expected = Branch(name="a", branches=[Branch(name="b")])
    assert llm.structured_predict(Branch, PROMPT, name="a tree") == expected
    assert list(llm.stream_structured_predict(Branch, PROMPT, name="a tree"))[-1] == expected


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
