"""The sandbox shares no code with what it tests."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import freeproviders.sandbox

FOLDER = Path(freeproviders.sandbox.__file__).parent
ALLOWED = {*sys.stdlib_module_names, "aiohttp"}


def strangers(source):
    """Modules a source imports beyond the standard library, aiohttp and the sandbox."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.partition(".")[0] not in ALLOWED and not name.startswith("freeproviders.sandbox"):
                yield name


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_a_file_imports_nothing_of_the_client(path):
    assert list(strangers(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line", ["import freeproviders.wire", "from freeproviders import wire", "from . import x", "import yaml"]
)
def test_the_arrow_can_break(line):
    assert list(strangers(line))
