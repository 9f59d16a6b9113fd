"""The notebooks run from top to bottom and show what their stored outputs show; a change of either trips the gate."""

import base64
import copy
import os
import struct
import subprocess
import sys
import zlib

import nbformat
import pytest
from comparing import INSTALLED_TEXT, MEASURED, complaints, differences, links, pictures
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from refresh import NOTEBOOKS, code_of, executed, read

from freeproviders.sandbox import Question, RuleBrain, Sandbox

NAMES = [path.stem for path in NOTEBOOKS]
SHOWN = {"05_routing_and_failures": ["plot"], "06_images": ["picture"] * 3, "07_side_by_side": ["plot"]}
# Three minutes at the pace at which one reads prose and looks over code.
MOST_WORDS = 750
MOST_COLUMNS = 100


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def stored(request: pytest.FixtureRequest) -> NotebookNode:
    return read(request.param)


@pytest.fixture
def small() -> NotebookNode:
    """A notebook with one printing cell, as it would be stored."""
    cells = [
        nbformat.v4.new_markdown_cell("A sum. Next: [more](02_more.ipynb)."),
        nbformat.v4.new_code_cell("print(6 * 7)", outputs=[_printed("42\n")]),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"installed": {}})


def _printed(text: str, name: str = "stdout") -> NotebookNode:
    return nbformat.v4.new_output("stream", name=name, text=text)


def _first_cell(notebook: NotebookNode) -> str:
    return next(cell for cell in notebook.cells if cell.cell_type == "code").source


def test_they_are_numbered_and_lead_to_one_another():
    assert [name[:3] for name in NAMES] == [f"{number:02}_" for number in range(1, 8)]
    files = [path.name for path in NOTEBOOKS]
    assert [links(read(path)) for path in NOTEBOOKS] == [[name] for name in [*files[1:], files[0]]]


def test_it_runs_from_top_to_bottom_and_shows_what_is_stored(stored: NotebookNode):
    fresh = executed(stored)
    assert differences(stored, fresh) == []
    assert complaints(fresh) == []


def test_it_is_stored_valid_with_outputs_and_nothing_of_a_machine(stored: NotebookNode):
    nbformat.validate(stored)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert stored.metadata.kernelspec.name == "python3"
    assert complaints(stored) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_shows_its_pictures_and_plots(path):
    assert [told.split(maxsplit=1)[0].rstrip(",") for told in pictures(read(path))] == SHOWN.get(path.stem, [])


def _words(notebook: NotebookNode) -> int:
    return len(" ".join(cell.source for cell in notebook.cells).split())


def test_it_is_read_in_three_minutes(stored: NotebookNode):
    assert _words(stored) < MOST_WORDS


def test_a_long_notebook_trips_the_gate(small: NotebookNode):
    small.cells[0].source += " and more" * MOST_WORDS
    assert _words(small) > MOST_WORDS


def _wide(notebook: NotebookNode) -> list[str]:
    """Lines of code that a notebook cuts off or scrolls on a screen of common width."""
    return [line for line in code_of(notebook).splitlines() if len(line) > MOST_COLUMNS]


def test_its_code_is_read_without_scrolling(stored: NotebookNode):
    assert _wide(stored) == []


def test_a_wide_line_trips_the_gate(small: NotebookNode):
    wide = f"print({'6 * ' * MOST_COLUMNS}7)"
    small.cells[1].source = f"print(6 * 7)\n{wide}"
    assert _wide(small) == [wide]


# The switch, in the first cell.


def test_the_first_cell_is_the_same_everywhere_and_set_to_the_sandbox():
    (cell,) = {_first_cell(read(path)) for path in NOTEBOOKS}
    assert cell.startswith("LIVE = False ")


@pytest.mark.parametrize(
    ("live", "named", "leads_to", "starts"),
    [
        (False, None, "http://127.0.0.1:", True),
        (False, "http://sandbox.example", "http://sandbox.example", False),
        (True, None, "None", False),
        (True, "http://sandbox.example", "None", False),
    ],
)
def test_the_switch_leads_to_a_sandbox_or_to_the_services(live, named, leads_to, starts):
    cell = _first_cell(read(NOTEBOOKS[0])).replace("LIVE = False", f"LIVE = {live}", 1)
    asked = 'print(os.environ.get("FREEPROVIDERS_SANDBOX"), "sandbox" in globals())'
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEPROVIDERS_")}
    environment = kept if named is None else {**kept, "FREEPROVIDERS_SANDBOX": named}
    done = subprocess.run(
        [sys.executable, "-c", f"{cell}\n{asked}"], env=environment, capture_output=True, text=True, check=True
    )
    told, started = done.stdout.split()
    assert told.startswith(leads_to)
    assert started == str(starts)


def test_a_sandbox_that_runs_elsewhere_is_asked_and_gives_the_same_answers():
    notebook = read(NOTEBOOKS[0])
    with Sandbox() as elsewhere:
        fresh = executed(notebook, FREEPROVIDERS_SANDBOX=elsewhere.url())
        asked = {seen.provider for seen in elsewhere.received}
    assert asked == {"pi", "pizzagpt", "aichats", "yqcloud", "flowgpt"}
    assert differences(notebook, fresh) == []


LIVE = [path for path in NOTEBOOKS if code_of(read(path)).count("LIVE") > _first_cell(read(path)).count("LIVE")]
PLAN = '{"items": [{"sub_question": "What is a context manager?", "tool_name": "with"}]}'


def _model(question: Question) -> str:
    """What stands for the services' models, which can plan where the sandbox's rules cannot."""
    return PLAN if "sub_question" in question.text else RuleBrain()(question)


@pytest.mark.parametrize("path", LIVE, ids=[path.stem for path in LIVE])
def test_set_live_it_runs_through_on_the_services_alone(path):
    """The others have no cell that goes by the switch but the first."""
    notebook = read(path)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = first.source.replace("LIVE = False", "LIVE = True", 1)
    with Sandbox(brain=_model) as services:
        leading = {f"FREEPROVIDERS_{name.upper()}_BASE_URL": services.url(name) for name in services.variants}
        fresh = executed(notebook, **leading, FREEPROVIDERS_SANDBOX="http://127.0.0.1:9")
        assert len(services.received) > 5
    assert complaints(fresh) == []


# The gate itself: each of these notebooks must not pass, unless it says so.


def test_an_unchanged_notebook_passes(small: NotebookNode):
    assert differences(small, executed(small)) == []


def test_a_changed_output_trips_the_gate(small: NotebookNode):
    tampered = copy.deepcopy(small)
    tampered.cells[1].outputs[0].text = "43\n"
    assert differences(tampered, executed(tampered)) == [
        "cell 1 shows [('stdout', '42\\n')], stored is [('stdout', '43\\n')]"
    ]


def test_a_missing_output_trips_the_gate(small: NotebookNode):
    tampered = copy.deepcopy(small)
    tampered.cells[1].outputs = []
    assert differences(tampered, small) == ["cell 1 shows [('stdout', '42\\n')], stored is []"]


def test_a_cell_that_raises_trips_the_gate(small: NotebookNode):
    small.cells[1].source = "1 / 0"
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed(small)


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (_printed("at http://127.0.0.1:8080/x"), "cell 1 shows 127.0.0.1:8080"),
        (_printed("DeprecationWarning: old", "stderr"), "cell 1 has output of kind stderr: DeprecationWarning: old"),
        (_printed("/home/ada/x.py"), "cell 1 shows /home/"),
    ],
)
def test_what_tells_of_a_machine_trips_the_gate(small: NotebookNode, output: NotebookNode, complaint: str):
    small.cells[1].outputs = [output]
    assert complaints(small) == [complaint]


def test_text_of_another_release_passes_only_in_cells_that_show_such_text(small: NotebookNode):
    fresh = copy.deepcopy(small)
    fresh.cells[1].outputs[0].text = "new wording\n"
    fresh.metadata.installed = {"python": "3.99.0"}
    assert differences(small, fresh) != []
    fresh.cells[1].metadata.tags = [INSTALLED_TEXT]
    assert differences(small, fresh) == []
    fresh.cells[1].outputs = []
    assert differences(small, fresh) != []


def test_the_release_is_told_where_its_text_is_read():
    told = {path.stem: bool(read(path).metadata.installed) for path in NOTEBOOKS}
    assert told == {path.stem: INSTALLED_TEXT in _tags(read(path)) for path in NOTEBOOKS}
    assert sum(told.values()) == 1


def _tags(notebook: NotebookNode) -> set[str]:
    return {tag for cell in notebook.cells for tag in cell.metadata.get("tags", ())}


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("first after 3 ms, last after 0.27 s", "first after 12 ms, last after 1.30 s", True),
        ("first text 0.03 s · 14 pieces", "first text 0.1 s · 14 pieces", True),
        ("14 pieces in 0.27 s", "13 pieces in 0.27 s", False),
        ("answered after 3 ms", "failed after 3 ms", False),
        ("3 sheep", "4 sheep", False),
        ("3 ms", "3 s", False),
    ],
)
def test_times_may_differ_and_nothing_else(small: NotebookNode, old: str, new: str, same: bool):
    fresh = copy.deepcopy(small)
    small.cells[1].outputs, fresh.cells[1].outputs = [_printed(old)], [_printed(new)]
    assert (differences(small, fresh) == []) == same


def test_other_numbers_may_differ_only_where_something_is_measured(small: NotebookNode):
    fresh = copy.deepcopy(small)
    small.cells[1].outputs, fresh.cells[1].outputs = [_printed("pi  0.3   9")], [_printed("pi  0.25  13")]
    assert differences(small, fresh) != []
    fresh.cells[1].metadata.tags = [MEASURED]
    assert differences(small, fresh) == []
    fresh.cells[1].outputs = [_printed("pizzagpt  0.25  13")]
    assert differences(small, fresh) != []


def _png(width: int, software: str, colour: int) -> NotebookNode:
    """A PNG's beginning, as far as it is read here."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, 2, 8, 0, 0, 0, 0)), (b"tEXt", f"Software\0{software}".encode())]
    parts += [(b"IDAT", zlib.compress(bytes([0, *[colour] * width]) * 2)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()
    return nbformat.v4.new_output("display_data", data={"image/png": data})


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (_png(3, "Matplotlib version3.9", 0), _png(3, "Matplotlib version3.10", 1), True),
        (_png(3, "Matplotlib version3.9", 0), _png(4, "Matplotlib version3.9", 0), False),
        (_png(3, "", 0), _png(3, "", 1), False),
        (_png(3, "", 0), _png(3, "", 0), True),
        (_png(3, "Matplotlib version3.9", 0), _png(3, "", 0), False),
    ],
)
def test_plots_are_compared_by_size_and_pictures_by_their_bytes(small: NotebookNode, old, new, same: bool):
    fresh = copy.deepcopy(small)
    small.cells[1].outputs, fresh.cells[1].outputs = [old], [new]
    assert (differences(small, fresh) == []) == same
    fresh.cells[1].outputs = []
    assert differences(small, fresh) != []


def test_the_links_of_a_notebook_are_found(small: NotebookNode):
    assert links(small) == ["02_more.ipynb"]


def test_none_patches_the_loop_or_needs_a_magic():
    code = "\n".join(code_of(read(path)) for path in NOTEBOOKS)
    assert "nest_asyncio" not in code
    assert [line for line in code.splitlines() if line.lstrip().startswith(("%", "!"))] == []
