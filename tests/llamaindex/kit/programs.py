"""Structured output, selectors and questions: what core builds on calls, and on texts where calls are switched off."""

import json
from typing import Any

import pytest
from llama_index.core import Document, SummaryIndex
from llama_index.core.agent.react.formatter import ReActChatFormatter
from llama_index.core.agent.react.output_parser import ReActOutputParser
from llama_index.core.llms import ChatMessage
from llama_index.core.program import FunctionCallingProgram, LLMTextCompletionProgram
from llama_index.core.program.utils import get_program_for_llm
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import RouterQueryEngine, SubQuestionQueryEngine
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.selectors import (
    LLMMultiSelector,
    LLMSingleSelector,
    PydanticMultiSelector,
    PydanticSingleSelector,
)
from llama_index.core.selectors.utils import get_selector_from_llm
from llama_index.core.tools import QueryEngineTool
from pydantic import BaseModel

from kit.described import Described
from kit.toolbox import ADD, ZORA, Crew, Person, runs_an_agent

PROMPT = PromptTemplate("Tell of {it}.")
PREDICTS = ["structured_predict", "astructured_predict", "stream_structured_predict", "astream_structured_predict"]
STRUCTURED = ["chat", "achat", "stream_chat", "astream_chat", "complete", "acomplete"]
CREW = Crew(ship="Argo", captain=ZORA, sailors=[Person(name="Abe", age=50), Person(name="Bo", age=51)])


class Nobody(BaseModel):
    """Somebody without a name."""

    age: int = 7


BOTH = pytest.mark.parametrize("calling", [True, False], ids=["by calls", "by texts"])


class Programs(Described):
    @pytest.fixture
    def giving(self, calling: bool) -> Any:
        """Makes the model give objects, in a call or in a text."""
        self.need(self.supports_function_calling, "supports_function_calling")
        call, replies = self.need(self.call_text, "call_text"), self.need(self.replies, "replies")

        def give(*objects: BaseModel, of: str = "") -> Any:
            values = [(of or type(item).__name__, item.model_dump()) for item in objects]
            in_calls = calling and not self.forms_travel_as_data
            replies(*(call(name, **value) if in_calls else json.dumps(value) for name, value in values))
            return self.make(is_function_calling_model=calling)

        return give

    @BOTH
    def test_core_takes_the_program_that_fits(self, giving: Any, calling: bool) -> None:
        program = get_program_for_llm(Person, PROMPT, giving())
        assert isinstance(program, FunctionCallingProgram if calling else LLMTextCompletionProgram)

    @BOTH
    @pytest.mark.parametrize("thing", [ZORA, CREW], ids=["flat", "nested"])
    @pytest.mark.parametrize("name", PREDICTS)
    async def test_predicts_an_object(self, giving: Any, name: str, thing: BaseModel) -> None:
        result = getattr(giving(thing), name)(type(thing), PROMPT, it="her")
        result = await result if name.startswith("a") else result
        if "stream" in name:
            result = ([piece async for piece in result] if name.startswith("a") else list(result))[-1]
        assert result == thing

    @BOTH
    @pytest.mark.parametrize("name", STRUCTURED)
    @pytest.mark.filterwarnings("ignore:The `json` method is deprecated")  # core's streams use it
    async def test_a_structured_llm_answers_with_an_object(self, giving: Any, name: str) -> None:
        llm = giving(ZORA).as_structured_llm(Person)
        result = getattr(llm, name)([ChatMessage(content="Who?")] if "chat" in name else "Who?")
        result = await result if name.startswith("a") else result
        if "stream" in name:
            result = ([piece async for piece in result] if name.startswith("a") else list(result))[-1]
        assert result.raw == ZORA

    @BOTH
    @pytest.mark.parametrize("name", PREDICTS[:2])
    async def test_an_object_that_does_not_fit_is_an_error(self, giving: Any, name: str) -> None:
        llm = giving(*[Nobody()] * 3, of="Person")
        with pytest.raises(self.unfit_error, match=r"Person|tool call"):
            result = getattr(llm, name)(Person, PROMPT, it="her")
            _ = await result if name.startswith("a") else result

    @pytest.mark.parametrize("calling", [True], ids=["by calls"])
    @pytest.mark.parametrize("name", PREDICTS[2:])
    async def test_a_streamed_object_must_come_too(self, giving: Any, name: str) -> None:
        """Core says so of whole answers alone; a model that may answer in prose would."""
        llm = giving()
        call = self.need(self.call_text, "call_text")("Person", **dict(ZORA))
        self.need(self.replies, "replies")(
            "She is seven.", ZORA.model_dump_json() if self.forms_travel_as_data else call
        )
        result = getattr(llm, name)(Person, PROMPT, it="her")
        pieces = [piece async for piece in await result] if name.startswith("a") else list(result)
        assert pieces[-1] == ZORA

    @BOTH
    def test_a_prediction_applies_the_system_prompt(self, giving: Any) -> None:
        llm = giving(ZORA).model_copy(update={"system_prompt": "You live in Krakatoa."})
        llm.structured_predict(Person, PROMPT, it="her")
        assert "Krakatoa" in self.need(self.received, "received")()

    @BOTH
    @pytest.mark.parametrize("name", ["predict_and_call", "apredict_and_call"])
    @runs_an_agent
    async def test_predicts_and_calls(self, giving: Any, calling: bool, name: str) -> None:
        """Without calls core asks a ReAct agent, and leaves it to the caller to say how that one writes."""
        llm = giving()
        text = 'Thought: I need a tool.\nAction: add\nAction Input: {"a": 20, "b": 22}'
        call = self.need(self.call_text, "call_text")
        self.need(self.replies, "replies")(call("add", a=20, b=22) if calling else text)
        words = {"react_chat_formatter": ReActChatFormatter.from_defaults(), "output_parser": ReActOutputParser()}
        result = getattr(llm, name)([ADD], user_msg="What is 20+22?", **({} if calling else words))
        assert str(await result if name.startswith("a") else result) == "42"

    @BOTH
    @pytest.mark.parametrize("multi", [False, True], ids=["one", "several"])
    @pytest.mark.parametrize("way", ["query", "aquery"])
    async def test_a_router_goes_where_the_model_says(self, giving: Any, calling: bool, multi: bool, way: str) -> None:
        llm = giving()
        selector = get_selector_from_llm(llm, is_multi=multi)
        kinds = [[LLMSingleSelector, LLMMultiSelector], [PydanticSingleSelector, PydanticMultiSelector]]
        assert isinstance(selector, kinds[calling][multi])
        self.need(self.replies, "replies")(self._choice(calling, multi), *["It grows in Assam."] * 3)
        engine = RouterQueryEngine(selector=selector, query_engine_tools=_engines(llm), llm=llm)
        response = engine.query("Tea?") if way == "query" else await engine.aquery("Tea?")
        assert [choice.index for choice in response.metadata["selector_result"].selections] == [1, 0][: multi + 1]
        assert str(response) == "It grows in Assam."

    def _choice(self, calling: bool, multi: bool) -> str:
        choices = [(2, "it is of tea"), (1, "and of salt")]
        if not calling:
            texts = [{"choice": number, "reason": reason} for number, reason in choices]
            return json.dumps(texts[: multi + 1])
        selections = [{"index": number, "reason": reason} for number, reason in choices]
        call = self.need(self.call_text, "call_text")
        return call("MultiSelection", selections=selections) if multi else call("SingleSelection", **selections[0])

    @BOTH
    @pytest.mark.parametrize("way", ["query", "aquery"])
    @pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
    async def test_a_question_is_split_into_questions(self, giving: Any, way: str, at_once: bool) -> None:
        """The generator that needs no further package; it asks with texts in either setting."""
        llm = giving()
        items = [{"sub_question": "Where is tea from?", "tool_name": "tea"}] * 2
        self.need(self.replies, "replies")(f"```json\n{json.dumps({'items': items})}\n```", *["Assam."] * 3)
        engine = SubQuestionQueryEngine.from_defaults(
            _engines(llm),
            llm=llm,
            question_gen=LLMQuestionGenerator.from_defaults(llm=llm),
            use_async=at_once,
            verbose=False,
        )
        response = engine.query("Tea?") if way == "query" else await engine.aquery("Tea?")
        assert str(response) == "Assam."
        assert len(response.source_nodes) > 2
        assert len(self.need(self.asked, "asked")()) == 4


def _engines(llm: Any) -> list[QueryEngineTool]:
    texts = {"salt": "Salt is won from the sea.", "tea": "Tea grows in Assam."}
    return [
        QueryEngineTool.from_defaults(
            SummaryIndex.from_documents([Document(text=text)]).as_query_engine(llm=llm), name=name, description=text
        )
        for name, text in texts.items()
    ]
