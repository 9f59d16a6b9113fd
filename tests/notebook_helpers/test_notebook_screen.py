"""Where something is drawn: in a shell that can draw anew, not in a terminal, not in a script."""

from __future__ import annotations

import subprocess
import sys

import pytest
from notebook_kit import HOSTILE, client, environment, text_of

from freeproviders import Client, Retry, Router, errors
from freeproviders.notebook import Row, acompare, ashow, compare, show
from freeproviders.notebook.columns import columns
from freeproviders.notebook.screen import Screen

pytest.importorskip("IPython", reason="pip install 'freeproviders[notebook]'")
pytest.importorskip("markdown_it", reason="pip install 'freeproviders[notebook]'")

SCRIPT = """
from freeproviders.notebook import compare, show
print(compare(["yqcloud"], "hello").answers)
print(show(["one ", "two"]))
"""


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """What is displayed in a shell of IPython in this process."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance(history_length=0)
    shell.history_manager.enabled = False
    with capture_output() as captured:
        yield captured
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def _sent_to_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("FREEPROVIDERS_SANDBOX", sandbox.url())


async def test_a_shell_is_given_html_and_text(shown):
    show(["one *two*"])
    assert last_of(shown) == ("one two", "one *two*")
    await ashow(_pieces())
    assert last_of(shown) == ("three", "three")
    compare(["yqcloud"], "What is 6 * 7?")
    html, text = last_of(shown)
    assert html.startswith("What is 6 * 7? yqcloud answered")
    assert text == "yqcloud: answered, 2 characters"
    await acompare(["flowgpt"], "What is 6 * 7?")
    html, text = last_of(shown)
    assert html.startswith("What is 6 * 7? flowgpt answered")
    assert text == "flowgpt: answered, 2 characters"


def last_of(shown):
    data = shown.outputs[-1].data
    return text_of(data["text/html"]), data["text/plain"]


async def _pieces():
    yield "three"


def test_columns_tell_the_state_of_each_answer(sandbox, shown):
    dead = client(sandbox, "pizzagpt").provider.with_settings({"base_url": "http://127.0.0.1:9"})
    models = {"dead": Client(dead, retry=Retry(attempts=1)), "router": Router(["pi"])}
    compare(models, ["hello", "bye"])
    text = text_of(shown.outputs[-1].data["text/html"])
    assert text.startswith("hello dead failed no text")
    assert "ConnectionFailed [pizzagpt]" in text
    assert "bye dead failed" in text
    assert text.count("router by pi first text") == 2


def test_columns_show_what_is_under_way():
    waiting = Row(model="m", prompt="first", answer="", first=None, seconds=0.0, pieces=0)
    growing = Row(model="n", prompt="first", answer="*so* far", first=0.5, seconds=1.0, pieces=2)
    later = Row(model="m", prompt="second", answer="", first=None, seconds=0.0, pieces=0)
    html = columns([[("next", waiting), ("answering", growing)], [("next", later), ("next", later)]])
    assert text_of(html) == (
        "first m next waits for its turn n answering first text 0.50 s · total 1.0 s 2 pieces · 8 characters so far"
    )


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ("word " * 1000, "word " * 1000),
        ("begin\n\n" * 10 + "x" * 1600 + "\n\nend", "end"),
        ("a\n\n```\nx = 1\n\n" + "y" * 1490 + "\n\n<b>\n```", "<b>"),
    ],
    ids=["one paragraph", "several", "within code"],
)
def test_of_a_long_answer_that_grows_its_end_is_drawn(answer, seen):
    row = Row(model="m", prompt="p", answer=answer, first=0.5, seconds=1.0, pieces=2)
    told = "p m answering first text 0.50 s · total 1.0 s 2 pieces"
    growing = columns([[("answering", row)]])
    assert text_of(growing) == f"{told} · {len(answer)} characters {seen}".strip()
    assert ("<code>" in growing) == (seen == "<b>")
    ended = text_of(columns([[("answered", row)]]))
    assert ended.endswith(" ".join(answer.replace("```", "").split()))


def test_columns_hold_hostile_text_as_text():
    row = Row(
        model=HOSTILE,
        prompt=HOSTILE,
        answer=HOSTILE,
        first=0.5,
        seconds=1.0,
        pieces=1,
        error=errors.Blocked(HOSTILE, provider=HOSTILE),
        candidate=HOSTILE,
    )
    for state in ("answering", "answered", "failed"):
        assert "<script>window.hit = 1</script>" in text_of(columns([[(state, row)]]))


def test_what_follows_at_once_is_drawn_with_the_last(shown):
    show(str(number) for number in range(100))
    assert len(shown.outputs) < 100
    assert text_of(shown.outputs[-1].data["text/html"]).endswith("9899")


def test_what_is_not_to_be_live_is_not_drawn(shown):
    screen = Screen(lambda: (HOSTILE, HOSTILE), live=False)
    screen.changed()
    screen.now()
    compare(["yqcloud"], "hello", live=False)
    assert shown.outputs == []


@pytest.mark.parametrize("words", [["-c"], ["-m", "IPython", "--no-banner", "--simple-prompt", "-c"]])
def test_a_script_and_a_terminal_are_given_nothing(tmp_path, sandbox, words):
    done = subprocess.run(
        [sys.executable, *words, SCRIPT], env=environment(tmp_path, sandbox), capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout == "{'yqcloud': ('Hello! How can I help you today?',)}\none two\n"
