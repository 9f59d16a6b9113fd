"""What two runs of a notebook must have in common, and what no output may hold. Nothing is executed here.

Texts must be the same but for times ("0.12 s", "12 ms"); in cells with the tag ``measured`` other numbers may differ
too. Pictures must be the same; plots, whose letters each release of Matplotlib draws a little differently, of the same
size.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

# A cell with this tag shows text of what is installed, which another release may have worded anew.
INSTALLED_TEXT = "installed-text"
# A cell with this tag shows figures of a measurement.
MEASURED = "measured"
_TIME = re.compile(r"\b\d+(?:\.\d+)?(?= ?(?:ms|s|seconds)\b)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ADDRESS = re.compile(r"\b(?:127\.0\.0\.1|localhost):\d+|0x[0-9a-f]{6,}|/(?:home|root|tmp|work)/")
_LINK = re.compile(r"\]\(([\w./]+\.ipynb)\)")


def differences(stored: NotebookNode, fresh: NotebookNode) -> list[str]:
    """Where two runs of a notebook do not show the same; text of what is installed counts only for the same release."""
    same = stored.metadata.get("installed") == fresh.metadata.get("installed")
    found = []
    for number, (old_cell, cell) in enumerate(zip(stored.cells, fresh.cells, strict=True)):
        tags = cell.metadata.get("tags", [])
        old, new = ([_comparable(kind, text, tags) for kind, text in _outputs(one)] for one in (old_cell, cell))
        if old != new and (same or INSTALLED_TEXT not in tags or not new):
            found.append(f"cell {number} shows {new!r}, stored is {old!r}")
    return found


def complaints(notebook: NotebookNode) -> list[str]:
    """What outputs should not hold: warnings, errors, addresses, paths of a machine."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for kind, text in _outputs(cell):
            if kind in ("stderr", "error"):
                found.append(f"cell {number} has output of kind {kind}: {text}")
            elif not kind.startswith("image/") and (address := _ADDRESS.search(text)):
                found.append(f"cell {number} shows {address[0]}")
    return found


def pictures(notebook: NotebookNode) -> list[str]:
    """Which images the outputs hold, as they are compared."""
    shown = (output for cell in notebook.cells for output in _outputs(cell))
    return [_picture(text) for kind, text in shown if kind == "image/png"]


def links(notebook: NotebookNode) -> list[str]:
    """The notebooks it leads to."""
    return [link for cell in notebook.cells if cell.cell_type == "markdown" for link in _LINK.findall(cell.source)]


def _outputs(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """A cell's outputs as kind and text, an image as its data."""
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            yield output.name, output.text
        elif output.output_type == "error":
            yield "error", f"{output.ename}: {output.evalue}"
        else:
            yield from sorted((kind, _text(data)) for kind, data in output.data.items())


def _comparable(kind: str, text: str, tags: list[str]) -> tuple[str, str]:
    if kind == "image/png":
        return kind, _picture(text)
    if MEASURED in tags:
        # Columns are as wide as their numbers.
        return kind, " ".join(_NUMBER.sub("#", text).split())
    return kind, _TIME.sub("#", text)


def _picture(data: str) -> str:
    image = base64.b64decode(data)
    width, height = struct.unpack(">II", image[16:24])
    # Matplotlib writes its name into a PNG.
    told = "plot" if b"Matplotlib" in image else f"picture {hashlib.sha256(image).hexdigest()[:12]}"
    return f"{told}, {width} x {height}"


def _text(data: Any) -> str:
    return "".join(data) if isinstance(data, list) else str(data)
