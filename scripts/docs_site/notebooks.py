"""The notebooks as pages: what their cells say, hold and gave out when they were last run. Nothing is run here."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from scripts.docs_site.tables import table

__all__ = ["page", "pages"]

_FOLDER = Path(__file__).resolve().parents[2] / "notebooks"

_INTRODUCTION = """# The notebooks

They are run from top to bottom by the tests, against the [sandbox](../testing.md), and shown here with what is stored
of such a run. `LIVE = True` in the first cell sends the same notebook to the services. What helps in a notebook:
[notebook helpers](../notebooks.md).

"""


def pages() -> Iterator[tuple[PurePosixPath, str]]:
    """A page that lists them, and one for each."""
    found = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.ipynb"))}
    heads = {path: "".join(notebook["cells"][0]["source"]).split("\n\n") for path, notebook in found.items()}
    lines = [
        [f"[{title.removeprefix('# ')}]({path.stem}.md)", about.replace("\n", " ")]
        for path, (title, about, *_) in heads.items()
    ]
    yield PurePosixPath("notebooks/index.md"), _INTRODUCTION + table(["Notebook", ""], lines) + "\n"
    for path, notebook in found.items():
        download = f"[Download this notebook]({path.name}) to run it.\n\n"
        title, rest = page(notebook).split("\n", 1)
        yield PurePosixPath(f"notebooks/{path.stem}.md"), f"{title}\n\n{download}{rest}"


def page(notebook: Mapping[str, Any]) -> str:
    """A notebook as Markdown."""
    return "\n\n".join(text for cell in notebook["cells"] for text in _cell(cell) if text.strip()) + "\n"


def _cell(cell: Mapping[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        yield source
        return
    # The tests of notebooks run these, not those of the documents.
    yield f"``` {{ .python }}\n{source}\n```"
    for output in cell["outputs"]:
        yield _output(output)


def _output(output: Mapping[str, Any]) -> str:
    data = output.get("data", {})
    kinds = {kind: "".join(data[kind]) for kind in data if isinstance(data[kind], str | list)}
    if "text/html" in kinds:
        return f'<div class="output">\n{kinds["text/html"]}\n</div>'
    if "image/png" in kinds:
        return f'<img alt="What the cell drew" src="data:image/png;base64,{kinds["image/png"].strip()}">'
    if "text/markdown" in kinds:
        return kinds["text/markdown"]
    text = "".join(output.get("text", "")) or kinds.get("text/plain", "") or "\n".join(output.get("traceback", ()))
    return f"```` {{ .text .output }}\n{text.rstrip()}\n````" if text.strip() else ""
