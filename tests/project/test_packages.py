"""The distributions: built twice they are the same, they hold the packages, and each extra suffices for what it is for.

An environment here is a folder with the distributions that an extra asks for, and what those ask for, taken from what
is installed; so no index is needed. `make packages` does the same with one.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PACKAGES = ("freeproviders", "langchain_freeproviders", "llamaindex_freeproviders", "llama_index")

_spec = importlib.util.spec_from_file_location("packages", ROOT / "scripts" / "packages.py")
packages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(packages)


def copy_of_the_project(place, *, time):
    """What is under version control, or would be, with other times and modes of files."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "demo-output", "site", "results")
    shutil.copytree(ROOT, place, ignore=ignored)
    shutil.copy(ROOT / ".gitignore", place)
    for path in place.rglob("*"):
        os.utime(path, (time, time))
    return place


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("built")
    return packages.build(copy_of_the_project(place / "project", time=1_700_000_000), place / "dist")


@pytest.fixture(scope="module")
def wheel(built):
    return built[0]


def test_another_copy_builds_the_same(built, tmp_path):
    again = packages.build(copy_of_the_project(tmp_path / "project", time=1_750_000_000), tmp_path / "dist")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_the_sdist_builds_the_same_wheel(built, tmp_path):
    shutil.unpack_archive(built[1], tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    [source] = tmp_path.iterdir()
    again, _ = packages.build(source, tmp_path / "dist")
    assert again.read_bytes() == built[0].read_bytes()


def test_the_wheel_holds_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    here = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == here


# Each extra alone.


def requirements(name, extras, seen):
    """The distributions that one asks for with these extras, and so on; itself not among them."""
    for text in importlib.metadata.requires(name) or ():
        wanted = Requirement(text)
        asked = wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
        if asked and (wanted.name, *sorted(wanted.extras)) not in seen:
            seen.add((wanted.name, *sorted(wanted.extras)))
            requirements(wanted.name, wanted.extras, seen)
    return seen


def environment(place, wheel, extra):
    """A folder to import from, with the wheel and what its extra brings."""
    shutil.unpack_archive(wheel, place, "zip")
    for name in {name for name, *_ in requirements("freeproviders", {extra}, set())} - {"freeproviders"}:
        for path in importlib.metadata.files(name):
            if ".." not in path.parts and "__pycache__" not in path.parts:
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path.locate(), place / path)
    return place


def python_of(site):
    """An interpreter that finds the standard library and this folder, and takes warnings as errors."""
    start = f"import runpy, sys; sys.path.insert(0, {str(site)!r}); sys.argv.pop(0); runpy.run_path(sys.argv[0])"
    return [sys.executable, "-S", "-I", "-W", "error", "-c", start]


@pytest.mark.parametrize("extra", packages.PROGRAMS)
def test_an_extra_suffices_for_what_it_is_for(extra, wheel, tmp_path):
    site = environment(tmp_path / "site", wheel, extra)
    assert packages.fault(extra, python_of(site), tmp_path) == ""


def test_llamaindex_has_the_llms_under_a_name_of_its_own(wheel, tmp_path):
    site = environment(tmp_path / "site", wheel, "llamaindex")
    program = tmp_path / "program.py"
    program.write_text(
        "import llama_index.core, llamaindex_freeproviders\n"
        "from llama_index.llms.freeproviders import Yqcloud\n"
        "assert Yqcloud is llamaindex_freeproviders.Yqcloud\n"
        "print(*llama_index.__path__, llama_index.core.__file__, sep='\\n')\n"
    )
    done = subprocess.run([*python_of(site), str(program)], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (
        [str(site / "llama_index"), str(site / "llama_index" / "core" / "__init__.py")],
        "",
    )


@pytest.mark.parametrize(
    ("extra", "missing"), [("core", "langchain"), ("core", "llamaindex"), ("langchain", "llamaindex")]
)
def test_a_missing_extra_is_named_with_the_command(extra, missing, wheel, tmp_path):
    site = environment(tmp_path / "site", wheel, extra)
    told = packages.fault(missing, python_of(site), tmp_path)
    last = told.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert f"pip install 'freeproviders[{missing}]'" in last


def test_every_extra_is_tried():
    described = importlib.metadata.metadata("freeproviders").get_all("Provides-Extra")
    assert {*described, "core"} == {*packages.PROGRAMS, "all"}


# The oldest releases.


def test_the_oldest_releases_are_the_lower_bounds():
    lines = (ROOT / "tests" / "lowest.txt").read_text().splitlines()
    tested = {
        name: Version(number) for name, number in (line.split("==") for line in lines if not line.startswith("#"))
    }
    wanted = map(Requirement, importlib.metadata.requires("freeproviders"))
    bounds = {
        one.name: Version(part.version)
        for one in wanted
        if one.name != "freeproviders" and not (one.marker and 'extra == "testing"' in str(one.marker))
        for part in one.specifier
        if part.operator == ">="
    }
    assert tested == bounds
