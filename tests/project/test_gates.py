"""Gates that CI relies on, and for each one an input that must trip it."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


size = script("check_size")


def function(lines):
    return '"""Doc."""\n\n\ndef long():\n    """Doc."""\n    # why\n' + "    x = 1\n" * lines


def test_a_function_of_the_limit_passes():
    assert list(size.complaints(Path("a.py"), function(size.MAX_FUNCTION))) == []


def test_a_longer_function_trips_the_gate():
    [line] = size.complaints(Path("a.py"), function(size.MAX_FUNCTION + 1))
    assert "long has" in line


def test_nested_functions_count_alone():
    inner = "".join(f"    {line}\n" for line in function(20).splitlines()[3:])
    assert list(size.complaints(Path("a.py"), "def outer():\n" + "    x = 1\n" * 20 + inner)) == []


@pytest.mark.parametrize(("folder", "limit"), [("core", "MAX_FILE"), ("providers", "MAX_PROVIDER")])
def test_a_long_file_trips_the_gate(folder, limit):
    path, most = Path(folder) / "a.py", getattr(size, limit)
    assert list(size.complaints(path, "x = 1\n" * most)) == []
    assert len(list(size.complaints(path, "x = 1\n" * (most + 1)))) == 1


def test_nothing_to_look_at_is_a_failure(tmp_path):
    assert size.main([str(tmp_path)]) == 1


def test_an_untyped_public_name_trips_the_types_gate(tmp_path, monkeypatch):
    package = tmp_path / "untyped"
    package.mkdir()
    (package / "py.typed").touch()
    (package / "__init__.py").write_text("def public(x): return x\n")
    monkeypatch.chdir(tmp_path)
    assert script("check_types").main(["untyped"]) == 1


def test_missing_interpreters_are_told(monkeypatch):
    assert script("test_all").find("2.99") is None


def test_every_package_is_marked_as_typed():
    packages = ("freeproviders", "langchain_freeproviders", "llamaindex_freeproviders")
    assert all((ROOT / package / "py.typed").exists() for package in packages)
