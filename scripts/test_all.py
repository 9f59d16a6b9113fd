"""Runs ``make test`` on every supported Python, each with a virtual environment of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.10", "3.11", "3.12", "3.13")


def find(version: str) -> str | None:
    """Path of an interpreter of that version: from PATH, else among pyenv's."""
    candidates = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for candidate in filter(None, candidates):
        asked = [str(candidate), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        # pyenv puts commands on PATH for versions that are not switched on; they fail when they are run.
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
        if answer.stdout.strip() == version:
            return str(candidate)
    return None


def main() -> int:
    """Runs the versions one after another and prints a line for each.

    Returns:
        0 if all were found and passed, else 1.
    """
    results = {}
    for version in VERSIONS:
        python = find(version)
        command = ["make", "test", f"PYTHON={python}", f"VENV=.venv-{version}"]
        passed = python is not None and subprocess.run(command, check=False).returncode == 0  # noqa: S603
        results[version] = "passed" if passed else "not installed" if python is None else "failed"
    sys.stdout.write("".join(f"Python {version}: {result}\n" for version, result in results.items()))
    return 0 if set(results.values()) == {"passed"} else 1


if __name__ == "__main__":
    sys.exit(main())
