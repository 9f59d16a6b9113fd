"""Stages all pages in one folder and has Zensical make a site of them. What a page says is not decided here."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.docs_site import links, notebooks, presets, reference, services

__all__ = ["ROOT", "Built", "generated", "places", "run", "site", "stage"]

ROOT = Path(__file__).resolve().parents[2]

# Pages that live elsewhere in the repository, by their place in the site.
_ELSEWHERE = {
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CHANGELOG.md": "project/changelog.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "examples/freeproviders-echo/README.md": "project/echo.md",
}
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_AS_THEY_ARE = (".css", ".svg", ".png", ".gif", ".webp", ".jpg", ".ico", ".cast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What Zensical did.

    Attributes:
        failed: Whether it stopped, or warned of anything.
        output: All it said.
    """

    failed: bool
    output: str


def places() -> dict[PurePosixPath, PurePosixPath]:
    """Where files of the repository stand in the site: pages, pictures, notebooks."""
    found = {PurePosixPath(source): PurePosixPath(place) for source, place in _ELSEWHERE.items()}
    for path in sorted((ROOT / "docs").rglob("*")):
        source = PurePosixPath(path.relative_to(ROOT).as_posix())
        if path.suffix in (".md", *_AS_THEY_ARE) and not path.name.endswith(".part.md"):
            found[source] = source.relative_to("docs")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        found[PurePosixPath("notebooks", path.name)] = PurePosixPath("notebooks", path.name)
    return found


def generated() -> Iterator[tuple[PurePosixPath, str]]:
    """The pages that come from the code: their place in the site, and their text."""
    yield from services.pages()
    yield from presets.pages()
    yield from notebooks.pages()
    yield from reference.pages()


def stage(out: Path) -> None:
    """Writes all pages to ``out / "pages"``, and the configuration beside it."""
    shutil.rmtree(out, ignore_errors=True)
    known = places()
    for source, place in known.items():
        target = out / "pages" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            text = links.moved((ROOT / source).read_text(encoding="utf-8"), source, known)
            target.write_text(links.with_pictures(text, ROOT / source), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / source, target)
    for place, text in generated():
        target = out / "pages" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    shutil.copyfile(ROOT / "zensical.toml", out / "zensical.toml")


def site(out: Path) -> Built:
    """Builds the site into ``out / "site"``; a warning is a failure."""
    stage(out)
    return run(out)


def run(out: Path) -> Built:
    """Has Zensical build what is staged in a folder."""
    done = subprocess.run(  # noqa: S603  # the command is ours
        [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", out / "zensical.toml"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Griffe warns of docstrings by a line of its own, which does not count as an issue for Zensical.
    # Where a warning has stopped it, its own traceback says nothing more.
    said = _COLOUR.sub("", done.stdout)
    said = said.partition("Traceback")[0] if "Aborted because --strict" in said else said
    return Built(failed=done.returncode != 0 or "griffe:" in said, output=said)
