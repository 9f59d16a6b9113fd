"""In a real JupyterLab, in a browser: columns that fill while a cell runs, in both themes, and no script of a model."""

from __future__ import annotations

import pytest
from jupyterlab_kit import lab, missing, page_of, run_all
from notebook_kit import HOSTILE

from freeproviders.sandbox import Scenario

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"needs JupyterLab and a browser: {missing()}")

ASK = """
from freeproviders import Client, Retry
from freeproviders.notebook import ashow, compare

dead = Client("pizzagpt", base_url="http://127.0.0.1:9", retry=Retry(attempts=1))
found = compare({"Ada": "yqcloud", "Bob": "flowgpt", "Eve": dead}, "Tell me.")
"""
SHOW = 'text = await ashow(Client("aichats").astream("Tell me."))'
CELLS = [ASK, "found", "found.plot()", SHOW, 'print("the", "end")']
TOLD = Scenario(pieces=("Once ", "**upon** ", "a ", f"time.\n\n{HOSTILE}"), hold_after=2)
# In one step each: elements are replaced ten times a second.
COLOUR = "getComputedStyle(document.querySelector('.jp-OutputArea strong')).color"
PLACES = """
["Ada", "Bob", "Eve"].map(name => {
    const found = [...document.querySelectorAll(".jp-OutputArea span")].find(one => one.textContent == name)
    return [found.getBoundingClientRect().x, found.getBoundingClientRect().y]
})
"""


@pytest.mark.parametrize(("theme", "ink"), [("Light", "rgba(0, 0, 0, 0.87)"), ("Dark", "rgb(255, 255, 255)")])
def test_answers_grow_side_by_side(tmp_path, sandbox, theme, ink):
    sandbox.scenario = TOLD
    with lab(tmp_path, CELLS, {"FREEPROVIDERS_SANDBOX": sandbox.url()}, theme) as address, page_of(address) as page:
        run_all(page)
        page.wait_for_function("document.querySelectorAll('.jp-OutputArea strong').length == 2")
        columns = page.locator(".jp-OutputArea-output >> nth=0")
        assert columns.get_by_text("answering", exact=True).count() == 2
        assert "time." not in columns.inner_text()
        (ada, line), (bob, next_line), (eve, last_line) = page.evaluate(PLACES)
        assert line == next_line == last_line
        assert ada + 150 < bob < eve - 150
        assert columns.get_by_text("ConnectionFailed").count() == 1
        assert page.evaluate(COLOUR) == ink

        sandbox.release()
        page.get_by_text("the end", exact=True).wait_for()
        assert columns.get_by_text("answered", exact=True).count() == 2
        assert columns.get_by_text("failed", exact=True).count() == 1
        assert "Once upon a time." in columns.inner_text()
        assert page.locator("summary", has_text="answers").count() == 1
        assert page.locator(".jp-OutputArea-output img").count() == 1  # the plot, and no picture of a model's choice
        assert page.evaluate("window.hit") is None
        assert page.locator("a[href^='javascript']").count() == 0
