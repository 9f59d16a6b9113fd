"""The notebooks run from top to bottom and show what their stored outputs show; a change of either trips the gate."""

import copy

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from refresh import INSTALLED_TEXT, NOTEBOOKS, complaints, differences, executed, read

NAMES = [path.stem for path in NOTEBOOKS]


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def stored(request: pytest.FixtureRequest) -> NotebookNode:
    return read(request.param)


@pytest.fixture
def small() -> NotebookNode:
    """A notebook with one printing cell, as it would be stored."""
    cells = [
        nbformat.v4.new_markdown_cell("A sum."),
        nbformat.v4.new_code_cell("print(6 * 7)", outputs=[_printed("42\n")]),
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"installed": {}})


def _printed(text: str, name: str = "stdout") -> NotebookNode:
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_both_notebooks_are_found():
    assert NAMES == ["01_langchain", "02_llamaindex"]


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


def test_it_shows_an_image(stored: NotebookNode):
    outputs = [output for cell in stored.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1


def test_it_is_stored_for_the_sandbox(stored: NotebookNode):
    first = next(cell for cell in stored.cells if cell.cell_type == "code")
    assert first.source.startswith("LIVE = False\n")


# The gate itself: each of these notebooks must not pass.


def test_an_unchanged_notebook_passes(small: NotebookNode):
    assert differences(small, executed(small)) == []


def test_a_changed_output_trips_the_gate(small: NotebookNode):
    tampered = copy.deepcopy(small)
    tampered.cells[1].outputs[0].text = "43\n"
    assert differences(tampered, executed(tampered)) == [
        "cell 1 shows [('stdout', '42\\n')], stored is [('stdout', '43\\n')]"
    ]


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


def test_text_of_another_release_of_a_distribution_passes_only_in_cells_that_show_such_text(small: NotebookNode):
    fresh = copy.deepcopy(small)
    fresh.cells[1].outputs[0].text = "new wording\n"
    fresh.metadata.installed = {"tenacity": "99"}
    assert differences(small, fresh) != []
    fresh.cells[1].metadata.tags = [INSTALLED_TEXT]
    assert differences(small, fresh) == []
    fresh.cells[1].outputs = []
    assert differences(small, fresh) != []
