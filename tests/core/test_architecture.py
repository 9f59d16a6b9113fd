"""The arrows between the packages, and the lists of public names.

Every gate is a function over source text, and has a test that trips it.
"""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import freeproviders

PACKAGE = Path(freeproviders.__file__).parent
CORE = sorted(path for path in PACKAGE.rglob("*.py") if "sandbox" not in path.relative_to(PACKAGE).parts)
TESTING = sorted((PACKAGE / "testing").rglob("*.py"))
SANDBOX = sorted((PACKAGE / "sandbox").rglob("*.py"))
PROVIDERS = sorted((PACKAGE / "providers").glob("*.py"))
FRAMEWORKS = (
    "langchain",
    "langchain_core",
    "langgraph",
    "llama_index",
    "langchain_freeproviders",
    "llamaindex_freeproviders",
)

_named = {"ids": lambda path: str(path.relative_to(PACKAGE))}


def imported(source: str, module: str = "") -> set[str]:
    """Full names of all modules a source imports, at its top or later."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], base]).strip(".")
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def reaches(source: str, targets: tuple[str, ...], module: str = "") -> set[str]:
    """The imports of a source that lie in one of the targets."""
    return {name for name in imported(source, module) if any(f"{name}.".startswith(f"{target}.") for target in targets)}


def name_of(path: Path) -> str:
    return ".".join(["freeproviders", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


def public_names(source: str) -> tuple[str, ...] | None:
    """The names a module declares as its own, in order."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "__all__" for target in node.targets):
            return tuple(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("path", CORE, **_named)
def test_the_core_imports_no_framework(path):
    assert reaches(path.read_text(), FRAMEWORKS, name_of(path)) == set()


@pytest.mark.parametrize("path", SANDBOX, **_named)
def test_the_sandbox_imports_nothing_of_the_core(path):
    own = reaches(path.read_text(), ("freeproviders",), name_of(path))
    assert {name for name in own if not f"{name}.".startswith("freeproviders.sandbox.")} <= {"freeproviders"}


@pytest.mark.parametrize(
    "path", [path for path in CORE if path not in (*TESTING, PACKAGE / "commands" / "sandbox.py")], **_named
)
def test_the_core_imports_nothing_of_the_sandbox(path):
    assert reaches(path.read_text(), ("freeproviders.sandbox",), name_of(path)) == set()


@pytest.mark.parametrize("path", [path for path in (*CORE, *SANDBOX) if path not in TESTING], **_named)
def test_nothing_but_tests_imports_the_contract(path):
    targets = ("freeproviders.testing", "pytest", "hypothesis")
    assert reaches(path.read_text(), targets, name_of(path)) == set()


@pytest.mark.parametrize("path", PROVIDERS, **_named)
def test_a_provider_does_no_input_or_output(path):
    assert reaches(path.read_text(), ("aiohttp", "asyncio", "socket", "threading", "freeproviders.transport")) == set()


@pytest.mark.parametrize("path", [path for path in CORE if path.name not in ("__main__.py", "_version.py")], **_named)
def test_the_list_of_public_names_is_sorted_and_true(path):
    names = public_names(path.read_text())
    assert names is not None
    assert list(names) == sorted(set(names))
    module = importlib.import_module(name_of(path))
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize(
    "path", [path for path in CORE if path.name not in ("__main__.py", "__init__.py", "_version.py")], **_named
)
def test_what_other_modules_import_is_public(path):
    module, taken = name_of(path), set()
    for other in CORE:
        for node in ast.walk(ast.parse(other.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == module:
                taken |= {alias.name for alias in node.names}
    assert taken <= set(public_names(path.read_text()) or ())


def test_importing_the_core_loads_nothing_else():
    script = (
        "import sys, freeproviders\n"
        f"print(sorted(name for name in sys.modules if name.partition('.')[0] in {FRAMEWORKS!r}))\n"
        "print([name for name in sys.modules if name.startswith('freeproviders.sandbox')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


# The gates trip.


def test_an_import_of_a_framework_is_found_wherever_it_stands():
    assert reaches("import langchain_core.messages", FRAMEWORKS) == {"langchain_core.messages"}
    assert reaches("def f():\n    from llama_index import core", FRAMEWORKS) == {"llama_index", "llama_index.core"}
    assert reaches("import langchainlike, freeproviders", FRAMEWORKS) == set()


def test_a_relative_import_is_resolved():
    found = reaches("from ..pi import Pi", ("freeproviders.providers",), "freeproviders.providers.x.y")
    assert found == {"freeproviders.providers.pi", "freeproviders.providers.pi.Pi"}
    assert "freeproviders.wire" in imported("from freeproviders import wire")


def test_public_names_are_read():
    assert (public_names("__all__ = ['b', 'a']"), public_names("x = 1")) == (("b", "a"), None)
