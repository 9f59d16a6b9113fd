"""The tool that draws: alone, in agents with a text model, when the service fails, and in what it shows to models."""

from typing import Any

import pytest
from kit.toolbox import runs_an_agent
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.llms import MockLLM
from llama_index.core.tools import FunctionTool, ToolOutput
from llama_index.core.workflow import JsonSerializer
from under_test import call_block

from freeproviders import errors
from freeproviders.images import save
from freeproviders.sandbox import Sandbox, Scenario
from freeproviders.sandbox.media import png
from llamaindex_freeproviders import AiChats, FreeImageToolSpec, Yqcloud
from llamaindex_freeproviders.image_tool import Drawing

WISH = "a lighthouse at dawn"
CALL = call_block("draw_image", prompt=WISH)
TOLD = f"An image of '{WISH}' was drawn and is attached."  # and no URL of this machine

both_ways = pytest.mark.parametrize("awaited", [False, True], ids=["blocking", "awaited"])


@pytest.fixture
def tool(make: Any) -> Any:
    def made(image_format: str = "bytes") -> FunctionTool:
        llm = make(AiChats, model="dalle", image_format=image_format, max_retries=0)
        [only] = FreeImageToolSpec(llm).to_tool_list()
        return only

    return made


async def called(tool: FunctionTool, *, awaited: bool) -> ToolOutput:
    return await tool.acall(prompt=WISH) if awaited else tool.call(prompt=WISH)


@both_ways
async def test_the_text_is_for_the_model_and_the_image_is_the_raw_output(
    tool: Any, awaited: bool, tmp_path: Any
) -> None:
    output = await called(tool(), awaited=awaited)
    assert (output.content, [block.block_type for block in output.blocks]) == (TOLD, ["text"])
    [image] = output.raw_output.images
    assert (image.resolve_image().read(), image.image_mimetype) == (png(WISH), "image/png")
    assert output.raw_output.urls[0].startswith("http://127.0.0.1:")
    assert save(image.resolve_image().read(), tmp_path / "lighthouse").name == "lighthouse.png"


def test_by_url_the_image_is_not_fetched(tool: Any, sandbox: Sandbox) -> None:
    drawing = tool("url").call(prompt=WISH).raw_output
    assert [str(image.url) for image in drawing.images] == drawing.urls
    assert sandbox.received_images == []


def test_bytes_that_came_with_the_answer_are_typed_by_what_they_are(tool: Any, sandbox: Sandbox) -> None:
    sandbox.scenario = Scenario(variant="b64")
    drawing = tool("url").call(prompt=WISH).raw_output
    assert (drawing.images[0].image_mimetype, drawing.urls) == ("image/png", [])


def test_the_model_is_told_what_the_tool_is_for(tool: Any) -> None:
    told = tool().metadata.to_openai_tool()["function"]
    assert told["name"] == "draw_image"
    assert told["description"] == "Draws an image from a description in words. Use it whenever a picture is asked for."
    assert told["parameters"]["required"] == ["prompt"]
    assert told["parameters"]["properties"]["prompt"]["type"] == "string"


def test_only_a_public_url_is_told() -> None:
    urls = ["https://pictures.example/a.png", "http://pictures.example/b.png", "https://10.0.0.1/c.png"]
    assert str(Drawing(prompt=WISH, images=[], urls=urls)) == f"{TOLD} It is also at https://pictures.example/a.png"


@runs_an_agent
@pytest.mark.parametrize("streaming", [False, True])
async def test_any_text_model_draws_in_an_agent(tool: Any, yqcloud: Any, sandbox: Sandbox, streaming: bool) -> None:
    sandbox.script(Scenario(answer=CALL), None, Scenario(answer="Here it is."))
    result = await FunctionAgent(tools=[tool()], llm=yqcloud, streaming=streaming).run(f"Draw {WISH}.")
    [made] = result.tool_calls
    assert made.tool_output.raw_output.images[0].resolve_image().read() == png(WISH)
    assert str(result) == "Here it is."
    question = sandbox.received[-1].question
    assert question is not None
    assert TOLD in question.text


@runs_an_agent
async def test_a_model_that_reads_the_prompt_finds_the_tool(tool: Any, yqcloud: Any) -> None:
    """The sandbox's own responder plays the model; no reply is scripted."""
    result = await FunctionAgent(tools=[tool()], llm=yqcloud).run("Draw an image of a lighthouse.")
    assert [made.tool_name for made in result.tool_calls] == ["draw_image"]


@runs_an_agent
async def test_it_draws_for_an_agent_that_reasons_in_words(tool: Any, yqcloud: Any, sandbox: Sandbox) -> None:
    thought = f'Thought: I need a picture.\nAction: draw_image\nAction Input: {{"prompt": "{WISH}"}}'
    sandbox.script(Scenario(answer=thought), None, Scenario(answer="Thought: Done.\nAnswer: Here it is."))
    result = await ReActAgent(tools=[tool()], llm=yqcloud).run(f"Draw {WISH}.")
    assert str(result) == "Here it is."
    assert len(sandbox.received_images) == 1


@runs_an_agent
async def test_what_was_drawn_can_be_stored_with_a_conversation(tool: Any, yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(answer=CALL), None, Scenario(answer="Here it is."))
    result = await FunctionAgent(tools=[tool()], llm=yqcloud).run(f"Draw {WISH}.")
    [made] = JsonSerializer().deserialize(JsonSerializer().serialize(result.tool_calls))
    drawing = Drawing.model_validate(made.tool_output.raw_output)
    assert drawing.images[0].resolve_image().read() == png(WISH)


# Faults.


@both_ways
async def test_an_error_is_raised_as_it_is(tool: Any, sandbox: Sandbox, awaited: bool) -> None:
    sandbox.scenario = Scenario(variant="expired")
    with pytest.raises(errors.RequestRejected, match="such URLs expire"):
        await called(tool(), awaited=awaited)


@runs_an_agent
async def test_an_agent_goes_on_after_an_error(tool: Any, yqcloud: Any, sandbox: Sandbox) -> None:
    sandbox.script(Scenario(answer=CALL), Scenario(status=404), Scenario(answer="It cannot be drawn."))
    result = await FunctionAgent(tools=[tool()], llm=yqcloud).run(f"Draw {WISH}.")
    assert result.tool_calls[0].tool_output.is_error
    assert str(result) == "It cannot be drawn."


@both_ways
async def test_a_model_that_does_not_draw_is_an_error_that_names_one_that_does(awaited: bool) -> None:
    [tool] = FreeImageToolSpec(MockLLM()).to_tool_list()
    with pytest.raises(errors.InvalidSetting, match="dalle"):
        await called(tool, awaited=awaited)


def test_by_default_it_draws_with_aichats(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())
    [tool] = FreeImageToolSpec().to_tool_list()
    assert tool.call(prompt=WISH).content == TOLD
    assert [seen.provider for seen in sandbox.received] == ["aichats"]


def test_a_text_model_of_ours_is_refused(make: Any) -> None:
    [tool] = FreeImageToolSpec(make(Yqcloud)).to_tool_list()
    with pytest.raises(errors.InvalidSetting, match="text alone"):
        tool.call(prompt=WISH)
