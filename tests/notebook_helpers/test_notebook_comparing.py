"""``compare`` asks all models at once, tells what each did, and lets none of them break the others."""

from __future__ import annotations

import asyncio
import pickle
import sys
import threading
from dataclasses import FrozenInstanceError

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from llama_index.core.llms import MockLLM
from notebook_kit import HOSTILE, client, text_of

from freeproviders import Candidate, Router, errors
from freeproviders.notebook import Comparison, Row, acompare, compare
from freeproviders.sandbox import Scenario
from langchain_freeproviders import ChatFreeRouter, ChatYqcloud
from llamaindex_freeproviders import FreeRouter, Yqcloud

GREETING = "Hello! How can I help you today?"
PIECES = Scenario(pieces=("one ", "two ", "three"), pause=0.02)
CUT = Scenario(pieces=("one ", "two ", "three"), cut_at=8)
REFUSED = Scenario(status=429, retry_after="30")


@pytest.fixture(params=["compare", "acompare"])
def asked(request):
    """Both ways to ask."""
    if request.param == "compare":
        return compare
    return lambda *words: asyncio.run(acompare(*words))


@pytest.fixture(autouse=True)
def _sent_to_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


def test_models_of_every_kind_answer_side_by_side(sandbox, asked):
    models = {
        "name": "yqcloud",
        "name and model": "yqcloud:gpt-4",
        "client": client(sandbox, "pi"),
        "provider": client(sandbox, "flowgpt").provider,
        "candidate": Candidate(client=client(sandbox, "aichats")),
        "router": Router(["pizzagpt"]),
        "langchain": ChatYqcloud(),
        "langchain router": ChatFreeRouter(candidates=["pi"]),
        "chain": ChatYqcloud() | StrOutputParser(),
        "llamaindex": Yqcloud(),
        "llamaindex router": FreeRouter(candidates=["flowgpt"]),
    }
    found = asked(models, "hello")
    assert [row.problem for row in found.rows] == [""] * len(models)
    assert [row.model for row in found.rows] == list(models)
    assert {row.answer for row in found.rows} <= {GREETING, "Hello, how can I help you today?"}
    assert {row.model: row.candidate for row in found.rows if row.candidate} == {
        "router": "pizzagpt",
        "langchain router": "pi",
        "llamaindex router": "flowgpt",
    }


def test_models_of_other_makers_answer_too(asked):
    langchain = GenericFakeChatModel(messages=iter([AIMessage(content="a b c")]))
    found = asked({"langchain": langchain, "llamaindex": MockLLM(max_tokens=3)}, "x y z")
    assert [(row.problem, row.answer) for row in found.rows] == [("", "a b c"), ("", "text text text")]


def test_it_counts_pieces_characters_and_seconds(sandbox, asked):
    (row,) = asked([client(sandbox, scenario=PIECES)], "hello").rows
    assert (row.answer, row.pieces, row.characters) == ("one two three", 3, 13)
    assert row.first is not None
    assert 0 < row.first < row.seconds


def test_an_answer_of_content_blocks_is_read(asked):
    class Blocks:
        async def astream(self, prompt):
            yield AIMessageChunk(content=[{"type": "text", "text": prompt}, {"type": "image", "url": "x"}, "b"])

    (row,) = asked({"blocks": Blocks()}, "a").rows
    assert (row.problem, row.answer, row.pieces) == ("", "ab", 1)


def test_a_failing_model_stops_no_other_and_is_asked_on(sandbox, asked):
    models = {
        "refused": client(sandbox, "pizzagpt", REFUSED),
        "broken": client(sandbox, "yqcloud", CUT),
        "nowhere": ChatYqcloud(base_url="http://127.0.0.1:9", max_retries=0),
        "raises": GenericFakeChatModel(messages=iter([AIMessage(content="only one answer")])),
        "well": "yqcloud",
    }
    found = asked(models, ["hello", "What is 6 * 7?"])
    outcomes = {name: [row.error for row in found.rows if row.model == name] for name in models}
    assert [type(error) for error in outcomes["refused"]] == [errors.RateLimited] * 2
    assert [type(error) for error in outcomes["broken"]] == [errors.StreamInterrupted] * 2
    assert all(isinstance(error, errors.ConnectionFailed) for error in outcomes["nowhere"])
    assert outcomes["raises"][0] is None
    assert outcomes["raises"][1] is not None
    assert outcomes["well"] == [None, None]
    assert found.answers["well"] == (GREETING, "42")


def test_what_had_come_of_a_broken_answer_is_kept(sandbox, asked):
    (row,) = asked([client(sandbox, "yqcloud", CUT)], "hello").rows
    assert isinstance(row.error, errors.StreamInterrupted)
    assert row.answer == row.error.partial == "one two "
    assert row.problem.startswith("StreamInterrupted: [yqcloud]")


def test_an_answer_that_a_router_begins_anew_holds_what_is_valid_alone(sandbox, asked):
    broken = CUT.as_header()
    words = {"on_interrupt": "restart", "max_retries": 0}
    models = [
        Router([client(sandbox, "yqcloud", CUT), "pi"], on_interrupt="restart"),
        ChatFreeRouter(candidates=[ChatYqcloud(default_headers=broken), "yqcloud:gpt-4"], **words),
        FreeRouter(candidates=[Yqcloud(default_headers=broken), "pi"], **words),
    ]
    found = asked(models, "hello")
    assert [(row.problem, row.answer) for row in found.rows] == [("", GREETING)] * 3


def test_a_model_gets_one_prompt_after_the_other(sandbox, asked):
    asked([client(sandbox, scenario=PIECES), "flowgpt"], ["hello", "bye", "again"])
    by_service = {
        name: [seen.question.text for seen in sandbox.received if seen.provider == name]
        for name in ("yqcloud", "flowgpt")
    }
    assert by_service == {name: ["hello", "bye", "again"] for name in by_service}


def test_all_models_are_asked_at_once(sandbox, asked):
    sandbox.scenario = Scenario(hold_after=1, pieces=("one ", "two"))

    def watch():
        while len(sandbox.received) < 3:
            pass
        sandbox.release()

    watcher = threading.Thread(target=watch)
    watcher.start()
    found = asked(["yqcloud", "flowgpt", "aichats"], "hello")
    watcher.join()
    assert [row.answer for row in found.rows] == ["one two"] * 3


async def test_it_blocks_inside_a_running_loop_without_touching_it():
    loop = asyncio.get_running_loop()
    assert compare(["yqcloud"], "hello").answers == {"yqcloud": (GREETING,)}
    assert asyncio.get_running_loop() is loop


async def test_a_cancelled_comparison_closes_its_streams(sandbox):
    sandbox.scenario = Scenario(hold_after=1)
    task = asyncio.create_task(acompare(["yqcloud", "flowgpt"], "hello"))
    while len(sandbox.received) < 2:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for seen in sandbox.received:
        assert await asyncio.to_thread(seen.wait_closed, 10)
        assert seen.outcome == "client closed"


def test_models_in_a_list_are_called_after_what_they_are(sandbox):
    models = [
        "yqcloud:gpt-4",
        "yqcloud:gpt-4",
        client(sandbox, "pi"),
        client(sandbox, "pi").provider,
        Candidate(client=client(sandbox, "pi"), model="pi"),
        Router(["pi"]),
        ChatYqcloud(),
        ChatYqcloud(name="mine"),
        Yqcloud(),
        MockLLM(),
    ]
    names = [row.model for row in compare(models, "hi").rows]
    assert names[:6] == ["yqcloud:gpt-4", "yqcloud:gpt-4#2", "pi", "pi#2", "pi:pi", "Router"]
    assert names[6:] == ["ChatYqcloud:gpt-4", "mine", "Yqcloud:gpt-4", "MockLLM"]


@pytest.mark.parametrize(
    ("models", "prompts", "message"),
    [
        ([], "hi", "no model"),
        ("yqcloud", "hi", "list or a mapping"),
        (None, "hi", "list or a mapping"),
        (["yqclou"], "hi", "yqcloud"),
        ([ChatYqcloud], "hi", r"class: make a model of it, ChatYqcloud\(\)"),
        ([42], "hi", "not a int"),
        (["yqcloud"], [], "there must be one"),
        (["yqcloud"], [1], "text"),
        (["yqcloud"], None, "text"),
    ],
)
def test_what_cannot_be_compared_is_told_before_anybody_is_asked(sandbox, asked, models, prompts, message):
    with pytest.raises(errors.InvalidSetting, match=message):
        asked(models, prompts)
    assert sandbox.received == []


def test_a_stream_of_unknown_things_is_an_error_of_its_row():
    class Odd:
        async def astream(self, prompt):
            yield {"prompt": prompt}

    class Whole:
        def astream(self, prompt):
            return prompt

    rows = compare([Odd(), Whole()], "hi").rows
    assert [type(row.error) for row in rows] == [errors.InvalidSetting] * 2
    assert "a dict" in rows[0].problem
    assert "a str" in rows[1].problem


# What comes back.


def row(**words):
    return Row(**{"model": "m", "prompt": "p", "answer": "a", "first": 0.5, "seconds": 1.5, "pieces": 1, **words})


def test_rows_are_frozen_values(sandbox):
    found = compare([client(sandbox, "pizzagpt", REFUSED), "pi"], "hello")
    with pytest.raises(FrozenInstanceError):
        found.rows[0].answer = "another"
    copy = pickle.loads(pickle.dumps(found))
    assert [one.problem for one in copy.rows] == [one.problem for one in found.rows]
    assert row() == row()


def test_the_table_is_a_frame_where_pandas_is_there():
    pandas = pytest.importorskip("pandas", reason="pip install pandas")
    frame = Comparison(rows=(row(), row(model="n", first=None, error=errors.Blocked("banned", provider="pi")))).table()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["error"]) == ["", "Blocked"]
    assert list(frame["message"]) == ["", "[pi] banned"]
    assert frame["first_seconds"].isna().tolist() == [False, True]


def test_the_table_is_a_list_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    (only,) = Comparison(rows=(row(candidate="pi"),)).table()
    assert only == {
        "model": "m",
        "prompt": "p",
        "first_seconds": 0.5,
        "seconds": 1.5,
        "pieces": 1,
        "characters": 1,
        "error": "",
        "message": "",
        "candidate": "pi",
        "answer": "a",
    }


def test_the_plot_shows_the_times_of_each_model_by_prompt():
    pytest.importorskip("matplotlib", reason="pip install 'freeproviders[notebook]'")
    failed = row(model="$n$", first=None, seconds=0.25, error=errors.Blocked("banned"))
    figure = Comparison(rows=(row(), row(prompt="q" * 90, seconds=3.0), failed)).plot()
    upper, lower = figure.axes
    assert [bar.get_width() for bar in upper.patches] == [0.5, 1.0, 0.25, 0.0]
    assert [bar.get_width() for bar in lower.patches] == [0.5, 2.5]
    assert [label.get_text() for label in upper.get_yticklabels()] == ["m", r"\$n\$"]
    assert [text.get_text().strip() for text in upper.texts] == ["1.50 s", "Blocked"]
    assert (upper.get_title(), lower.get_title()) == ("p", "q" * 60 + "…")
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_drawing_a_plot_leaves_pyplot_alone():
    pytest.importorskip("matplotlib", reason="pip install 'freeproviders[notebook]'")
    Comparison(rows=(row(),)).plot()._repr_png_()
    assert "matplotlib.pyplot" not in sys.modules


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(errors.InvalidSetting, match=r"needs matplotlib: pip install 'freeproviders\[notebook\]'"):
        Comparison(rows=(row(),)).plot()


def test_the_comparison_shows_its_figures_and_answers():
    refused = errors.RateLimited("wait", provider="pi", status=429)
    html = Comparison(rows=(row(candidate="yqcloud"), row(model="n", first=None, error=refused)))._repr_html_()
    text = text_of(html)
    for word in ("p", "m 0.50 s 1.50 s 1 1 answered by yqcloud", "n –", "RateLimited [pi] wait (HTTP 429)", "a"):
        assert word in text


def test_a_comparison_of_several_prompts_names_them():
    text = text_of(Comparison(rows=(row(), row(prompt="q" * 100)))._repr_html_())
    assert "q" * 79 + "…" in text


def test_an_empty_comparison_can_be_shown():
    assert "Comparison" in text_of(Comparison(rows=())._repr_html_())


@pytest.mark.parametrize("library", [True, False], ids=["with Markdown", "without"])
def test_whatever_a_model_says_is_inert(monkeypatch, library):
    if not library:
        monkeypatch.setitem(sys.modules, "markdown_it", None)
    words = {"model": HOSTILE, "prompt": HOSTILE, "answer": HOSTILE, "candidate": HOSTILE}
    failed = {**words, "error": errors.Blocked(HOSTILE, provider=HOSTILE)}
    text = text_of(Comparison(rows=(row(**words), row(**failed)))._repr_html_())
    assert "<script>window.hit = 1</script>" in text
