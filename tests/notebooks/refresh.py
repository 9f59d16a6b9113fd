"""Executes the notebooks from top to bottom, each in a kernel of its own, and stores what came out.

Run it after changing a notebook: ``python tests/notebooks/refresh.py``. The test beside it runs the same code and
compares.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

NOTEBOOKS = sorted(Path(__file__).parents[2].joinpath("notebooks").glob("*.ipynb"))
# A cell with this tag shows text of installed distributions, which another release may have worded anew.
INSTALLED_TEXT = "installed-text"
SECONDS_PER_CELL = 120
# All warnings count but tqdm's that a progress bar, which nobody sees here, would be prettier with ipywidgets.
_WARNINGS = "default,ignore:IProgress not found"
_ADDRESS = re.compile(r"\b(?:127\.0\.0\.1|localhost):\d+|0x[0-9a-f]{6,}|/(?:home|root|tmp|work)/")


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def executed(notebook: NotebookNode) -> NotebookNode:
    """A copy of the notebook with fresh outputs.

    Raises:
        CellExecutionError: If a cell raises.
    """
    fresh = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            fresh,
            timeout=SECONDS_PER_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            coalesce_streams=True,
            config=_transport(folder),
        )
        client.execute(env=_environment(folder))
    return _stripped(fresh)


def _transport(folder: str) -> Config:
    """Sockets in the file system where there are such: no ports, and no warning that TCP is not encrypted."""
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}} if os.name == "posix" else {})


def _environment(folder: str) -> dict[str, str]:
    """Ours, without settings that would lead elsewhere, and without the profile of whoever runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEPROVIDERS_")}
    return {**kept, "IPYTHONDIR": folder, "PYTHONWARNINGS": _WARNINGS, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _stripped(notebook: NotebookNode) -> NotebookNode:
    """Without what changes from run to run, or tells of the machine."""
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        installed=_versions(notebook),
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def _versions(notebook: NotebookNode) -> dict[str, str]:
    """Which release of each distribution the notebook reads was here."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    named = re.search(r"^distributions = \[(.*?)\]", code, re.DOTALL | re.MULTILINE)
    return {name: metadata.version(name) for name in re.findall(r'"([^"]+)"', named[1])} if named else {}


def differences(stored: NotebookNode, fresh: NotebookNode) -> list[str]:
    """Where two runs of a notebook do not show the same; text of distributions counts only for the same releases."""
    same = stored.metadata.get("installed") == fresh.metadata.get("installed")
    return [
        f"cell {number} shows {new!r}, stored is {old!r}"
        for number, (cell, old, new) in enumerate(zip(fresh.cells, _all(stored), _all(fresh), strict=True))
        if old != new and (same or INSTALLED_TEXT not in cell.metadata.get("tags", []) or not new)
    ]


def complaints(notebook: NotebookNode) -> list[str]:
    """What outputs should not hold: warnings, errors, addresses, paths of a machine."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for kind, text in _outputs(cell):
            if kind in ("stderr", "error"):
                found.append(f"cell {number} has output of kind {kind}: {text}")
            elif address := _ADDRESS.search(text):
                found.append(f"cell {number} shows {address[0]}")
    return found


def _all(notebook: NotebookNode) -> Iterator[list[tuple[str, str]]]:
    return (list(_outputs(cell)) for cell in notebook.cells)


def _outputs(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """A cell's outputs as kind and text, an image as its data."""
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            yield output.name, output.text
        elif output.output_type == "error":
            yield "error", f"{output.ename}: {output.evalue}"
        else:
            yield from sorted((kind, _text(data)) for kind, data in output.data.items())


def _text(data: Any) -> str:
    return "".join(data) if isinstance(data, list) else str(data)


def main() -> None:
    for path in NOTEBOOKS:
        fresh = executed(read(path))
        problems = complaints(fresh)
        if problems:
            sys.exit(f"{path.name}: not stored: " + "; ".join(problems))
        nbformat.validate(fresh)
        nbformat.write(fresh, path)
        sys.stdout.write(f"{path.name}: {len(fresh.cells)} cells\n")


if __name__ == "__main__":
    main()
