"""Executes the notebooks from top to bottom, each in a kernel of its own, and stores what came out.

Run it after changing a notebook: ``python tests/notebooks/refresh.py``, or with the beginnings of names, as in
``... refresh.py 03 05``. The test beside it runs the same code and compares; how is in ``comparing``.
"""

import os
import platform
import sys
import tempfile
from pathlib import Path

import nbformat
from comparing import complaints
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

NOTEBOOKS = sorted(Path(__file__).parents[2].joinpath("notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 120
# All warnings count but tqdm's that a progress bar, which nobody sees here, would be prettier with ipywidgets, and that
# of the inline backend about itself, when it is given a setting.
_WARNINGS = "default,ignore:IProgress not found,ignore:InlineBackend._print_figure_kwargs_changed"
# A figure's size in inches, not the extent of its letters, decides how large its picture is.
_PROFILE = 'c.InlineBackend.print_figure_kwargs = {"bbox_inches": None}\n'


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def executed(notebook: NotebookNode, **environment: str) -> NotebookNode:
    """A copy of the notebook with fresh outputs.

    Args:
        notebook: What to run.
        environment: Further variables of its kernel's environment.

    Raises:
        CellExecutionError: If a cell raises.
    """
    fresh = nbformat.from_dict(notebook)
    _prepare(code_of(notebook))
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
        client.execute(env={**_environment(folder), **environment})
    return _stripped(fresh)


def code_of(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def _prepare(code: str) -> None:
    """Matplotlib looks for fonts the first time it is used on a machine, and says so where that takes long."""
    if "plot" in code:
        import matplotlib.font_manager  # noqa: F401  # its import is what looks for them


def _transport(folder: str) -> Config:
    """Sockets in the file system where there are such: no ports, and no warning that TCP is not encrypted."""
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}} if os.name == "posix" else {})


def _environment(folder: str) -> dict[str, str]:
    """Ours, without settings that would lead elsewhere, and without the profile of whoever runs this."""
    profile = Path(folder, "ipython", "profile_default")
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(_PROFILE, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEPROVIDERS_")}
    return {
        **kept,
        "IPYTHONDIR": str(profile.parent),
        "PYTHONWARNINGS": _WARNINGS,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _stripped(notebook: NotebookNode) -> NotebookNode:
    """Without what changes from run to run, or tells of the machine."""
    # Which release the documents came with that the notebook reads.
    installed = {"python": platform.python_version()} if "pydoc_data" in code_of(notebook) else {}
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        installed=installed,
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def main(beginnings: tuple[str, ...]) -> None:
    for path in NOTEBOOKS:
        if not path.name.startswith(beginnings or ("",)):
            continue
        fresh = executed(read(path))
        problems = complaints(fresh)
        if problems:
            sys.exit(f"{path.name}: not stored: " + "; ".join(problems))
        nbformat.validate(fresh)
        nbformat.write(fresh, path)
        sys.stdout.write(f"{path.name}: {len(fresh.cells)} cells\n")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
