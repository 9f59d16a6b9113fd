"""Builds the wheel and installs it with each extra alone into an environment of its own, to see that it works there.

``make packages`` takes the distributions from the package index, prints what each extra brings and how large that is,
and fails where one does not work alone. ``tests/project/test_packages.py`` does the like with what is installed.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]

# A program for each extra, that uses what the extra is for; the first, "core", is for none.
_PATHS = sorted(Path(__file__).with_name("extras").glob("*.py"), key=lambda path: (path.stem != "core", path.stem))
PROGRAMS = {path.stem: path for path in _PATHS}

_SIZES = """
import importlib.metadata, json
print(json.dumps({
    found.name.lower(): sum(path.stat().st_size for path in map(found.locate_file, found.files) if path.is_file())
    for found in importlib.metadata.distributions()
}))
"""


def build(source: Path, folder: Path) -> tuple[Path, Path]:
    """Builds the distributions.

    Args:
        source: The project.
        folder: Where they are put.

    Returns:
        The wheel and the sdist.
    """
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def fault(extra: str, python: Sequence[str], folder: Path) -> str:
    """Runs the program of an extra.

    Args:
        extra: Its name, or ``"core"``.
        python: The interpreter's command with its options.
        folder: Where it runs.

    Returns:
        What it said if it failed or complained, else nothing.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FREEPROVIDERS_")}
    done = subprocess.run(  # noqa: S603
        [*python, str(PROGRAMS[extra])],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    return f"{extra}: {done.stdout}{done.stderr}\n" if done.returncode or done.stderr else ""


def sizes(python: Path) -> dict[str, int]:
    """The bytes of each distribution of an environment."""
    done = subprocess.run([str(python), "-c", _SIZES], check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, int] = json.loads(done.stdout)
    return found


def main() -> int:
    """Tries every extra and prints a line for each.

    Returns:
        0 if all work alone, else 1.
    """
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel, _ = build(ROOT, folder / "dist")
        core: dict[str, int] = {}
        for extra in PROGRAMS:
            python = _installed(folder / extra, f"{wheel}[{extra}]" if extra != "core" else str(wheel))
            here = sizes(python)
            core = core or {**here, "freeproviders": 0}
            _tell(extra, {one: size for one, size in here.items() if extra == "core" or one not in core})
            faults.append(fault(extra, [str(python), "-I", "-W", "error"], folder))
    sys.stderr.write("".join(faults))
    return 1 if any(faults) else 0


def _installed(place: Path, what: str) -> Path:
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", what], check=True)  # noqa: S603
    subprocess.run([*pip, "uninstall", "--yes", "setuptools", "pip"], check=True)  # noqa: S603
    return python


def _tell(extra: str, brought: dict[str, int]) -> None:
    mebibytes = sum(brought.values()) / 2**20
    sys.stdout.write(f"| `{extra}` | {mebibytes:.1f} MiB | {len(brought)} | {', '.join(sorted(brought))} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
