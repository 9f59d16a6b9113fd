"""In a real kernel: what is displayed, when it is drawn anew, and that nothing else comes out."""

from __future__ import annotations

import pytest
from notebook_kit import HOSTILE, kernel, text_of

from freeproviders.sandbox import Scenario

pytest.importorskip("ipykernel", reason="pip install ipykernel")
pytest.importorskip("markdown_it", reason="pip install 'freeproviders[notebook]'")

SETUP = """
import warnings
warnings.simplefilter("error")
from freeproviders import Client, Retry
from freeproviders.notebook import acompare, ashow, compare, show
"""
HELD = Scenario(pieces=("Once ", "**upon** ", "a ", "time."), hold_after=2)
GREETING = "Hello! How can I help you today?"
# Drawings of one place: the first displays it, the others replace it.
DRAWN = ("display_data", "update_display_data")
ASKING = {"compare": 'found = compare(["yqcloud", "flowgpt"], "Tell me.")'}
ASKING["acompare"] = ASKING["compare"].replace("compare", "await acompare")
SHOWING = {"show": 'text = show(Client("yqcloud").stream("hello"))'}
SHOWING["ashow"] = 'text = await ashow(Client("yqcloud").astream("hello"))'


@pytest.fixture(scope="module")
def _kernel(tmp_path_factory, _running_sandbox):
    with kernel(tmp_path_factory.mktemp("kernel"), _running_sandbox) as running:
        running.run(SETUP)
        yield running


@pytest.fixture
def cell(_kernel, sandbox):
    return _kernel


def texts(messages):
    """What is read in each drawing, all of them in one place."""
    assert [kind for kind, _ in messages] == [DRAWN[0], *[DRAWN[1]] * (len(messages) - 1)]
    assert len({content["transient"]["display_id"] for _, content in messages}) == 1
    return [text_of(content["data"]["text/html"]) for _, content in messages]


def drawn_until(messages, words):
    """Drawings up to the first that holds the words."""
    found = []
    for message in messages:
        found.append(message)
        if all(word in texts(found)[-1] for word in words):
            return found
    raise AssertionError(f"{words} came in none of {texts(found)}")


@pytest.mark.parametrize("code", ASKING.values(), ids=ASKING)
def test_columns_grow_in_one_place_while_the_models_answer(cell, sandbox, code):
    sandbox.scenario = HELD
    messages = cell.messages(cell.begin(code))
    drawn = drawn_until(messages, ["yqcloud answering", "flowgpt answering", "Once upon"])
    assert "time." not in texts(drawn)[-1]
    sandbox.release()
    drawn += list(messages)
    last = texts(drawn)[-1]
    assert last.startswith("Tell me. yqcloud answered first text")
    assert last.count("Once upon a time.") == 2
    assert last.count("pieces · 21 characters") == 2
    assert drawn[-1][1]["data"]["text/plain"] == "yqcloud: answered, 21 characters\nflowgpt: answered, 21 characters"


@pytest.mark.parametrize("code", SHOWING.values(), ids=SHOWING)
def test_markdown_is_drawn_in_one_place_while_it_arrives(cell, sandbox, code):
    sandbox.scenario = HELD
    messages = cell.messages(cell.begin(code))
    drawn = drawn_until(messages, ["Once"])
    assert "time." not in texts(drawn)[-1]
    sandbox.release()
    drawn += list(messages)
    assert texts(drawn)[-1] == "Once upon a time."
    assert "<strong>upon</strong>" in drawn[-1][1]["data"]["text/html"]
    assert drawn[-1][1]["data"]["text/plain"] == "Once **upon** a time."


def test_pieces_that_come_fast_are_drawn_seldom_and_the_last_one_always(cell):
    drawn = cell.run("text = show(f'{number} ' for number in range(5000))")
    assert len(drawn) < 1000
    assert texts(drawn)[-1].endswith("4998 4999")


def test_a_stream_that_breaks_off_shows_what_had_come(cell, sandbox):
    sandbox.scenario = Scenario(pieces=("Once ", "upon"), cut_at=7)
    code = """
try:
    show(Client("yqcloud", retry=Retry(attempts=1)).stream("hello"))
except Exception as error:
    raised = type(error).__name__
assert raised == "StreamInterrupted"
"""
    assert texts(cell.run(code))[-1] == "Once up"


def test_the_prompts_have_lines_of_their_own_and_failures_their_words(cell, sandbox):
    code = """
refused = Client("pizzagpt", base_url="http://127.0.0.1:9", retry=Retry(attempts=1))
found = compare({"refused": refused, "well": "yqcloud"}, ["hello", "What is 6 * 7?"])
"""
    last = texts(cell.run(code))[-1]
    assert last.startswith("hello refused failed no text")
    assert last.count("ConnectionFailed [pizzagpt]") == 2
    assert "What is 6 * 7? refused failed" in last
    assert GREETING in last


def test_a_comparison_that_is_not_to_be_drawn_is_not(cell):
    assert cell.run('found = compare(["yqcloud"], "hello", live=False)') == []


def test_the_values_are_shown_as_the_result_of_a_cell(cell):
    ((kind, content),) = cell.run('compare(["yqcloud"], "hello", live=False)')
    assert kind == "execute_result"
    assert GREETING in text_of(content["data"]["text/html"])


def test_a_plot_is_shown_as_the_result_of_a_cell(cell):
    pytest.importorskip("matplotlib", reason="pip install 'freeproviders[notebook]'")
    ((kind, content),) = cell.run('compare(["yqcloud"], "hello", live=False).plot()')
    assert kind == "execute_result"
    assert content["data"]["image/png"].startswith("iVBOR")


def test_it_is_an_error_with_a_command_where_a_library_is_missing(cell):
    code = """
import sys
kept, sys.modules["markdown_it"] = sys.modules["markdown_it"], None
for attempt in (lambda: show(["text"]), lambda: compare(["yqcloud"], "hello")):
    try:
        attempt()
    except Exception as error:
        print(error)
sys.modules["markdown_it"] = kept
"""
    ((_, content),) = cell.run(code)
    assert content["text"].count("needs markdown-it-py: pip install 'freeproviders[notebook]'") == 2


def test_an_interrupted_comparison_ends_its_calls(cell, sandbox):
    sandbox.scenario = HELD
    code = """
import _thread, threading
threading.Timer(0.5, _thread.interrupt_main).start()
try:
    compare(["yqcloud", "flowgpt"], "hello")
except KeyboardInterrupt:
    print("interrupted")
"""
    out = cell.run(code)
    assert out[-1] == ("stream", {"name": "stdout", "text": "interrupted\n"})
    for seen in sandbox.received:
        assert seen.wait_closed(10)
        assert seen.outcome == "client closed"


def test_whatever_a_model_says_is_inert(cell, sandbox):
    sandbox.scenario = Scenario(answer=HOSTILE)
    for code in ('found = compare(["yqcloud"], "hello")', SHOWING["show"]):
        assert "<script>window.hit = 1</script>" in texts(cell.run(code))[-1]
