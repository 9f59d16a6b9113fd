"""The example of a plug-in is a package of its own: it installs, keeps the contract, and the page shows it.

The tests of the example run in an interpreter of their own, which finds the package where it was installed to.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "freeproviders-echo"
PAGE = ROOT / "docs" / "adding_a_provider.md"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed without the network into ``site``; ``outside`` has its tests and not its code."""
    place = tmp_path_factory.mktemp("example")
    source = shutil.copytree(EXAMPLE, place / "source")  # building leaves files behind
    words = "-m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --target"
    subprocess.run([sys.executable, *words.split(), place / "site", source], check=True)
    (place / "outside").mkdir()
    for name in ("tests", "pyproject.toml"):
        shutil.move(source / name, place / "outside" / name)
    return place


def outcome_of(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python where the package is installed; pytest gets none of the plug-ins that are installed here."""
    more = {"PYTHONPATH": str(place / "site"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-X", "dev", *words]
    return subprocess.run(command, cwd=place / "outside", env={**os.environ, **more}, capture_output=True, text=True)


PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_the_example_keeps_the_contract_from_outside(example):
    done = outcome_of(example, *PYTEST)
    assert done.returncode == 0, done.stdout
    skipped = ", 1 skipped" if sys.version_info < (3, 11) else ""  # one promise is about what later Pythons can do
    passed = re.search(rf"(\d+) passed{skipped} in", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) > 370


def test_the_example_is_asked_by_its_name_in_every_sandbox(example):
    [program] = [code for code in shown() if "Sandbox() as" in code]
    done = outcome_of(example, "-W", "error", "-c", program)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


MISTAKES = {
    "a secret is shown": ("provider", 'field(default="paper", repr=False)', '"paper"', "no_secret_is_shown"),
    "an error passes for an answer": (
        "provider",
        'raise BadReply(f"the service sent no piece of an answer: {str(line)[:200]}")',
        "yield str(line)",
        "fault_is_no_answer",
    ),
    "a turn is lost": ("provider", "transcript(prompt.turns)", "transcript(prompt.turns[-1:])", "no_turn"),
    "an answer is trimmed": ("provider", 'yield line["piece"]', 'yield line["piece"].strip()', "honest_answer"),
    "a stale word is let in": (
        "sandbox",
        'raise checks.refuse("x-token is missing or wrong", 401)',
        "pass",
        "wrong_word",
    ),
}


@pytest.mark.parametrize(("module", "right", "wrong", "promise"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_breaks_a_promise(example, tmp_path, module, right, wrong, promise):
    place = shutil.copytree(example, tmp_path / "example")
    path = place / "site" / "freeproviders_echo" / f"{module}.py"
    assert right in path.read_text()
    path.write_text(path.read_text().replace(right, wrong))
    done = outcome_of(place, *PYTEST, "-k", promise)
    assert done.returncode == 1, done.stdout


# The page.


def shown() -> list[str]:
    """The code and the tables on the page."""
    return re.findall(r"^```(?:python|python-installed|toml)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_page_shows_the_example_as_it_is():
    files = [path.read_text() for path in EXAMPLE.rglob("*") if path.suffix in (".py", ".toml")]
    own = [code for code in shown() if "Sandbox() as" not in code]
    assert len(own) == 4
    assert [code for code in own if not any(code in text for text in files)] == []


def test_the_page_tells_what_the_example_costs():
    (cost,) = re.findall(r"^```text\n\$ wc -l (.*?)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    files = [path for pattern in cost[0].split() for path in sorted(EXAMPLE.glob(pattern))]
    assert {path.name for path in files} >= {"provider.py", "sandbox.py", "test_echo.py", "pyproject.toml"}
    lines = {str(path.relative_to(EXAMPLE)): len(path.read_text().splitlines()) for path in files}
    told = [line.split() for line in cost[1].splitlines()]
    assert {name: int(count) for count, name in told} == {**lines, "total": sum(lines.values())}
