"""The documentation site: it builds without a warning, its links hold, and its reference has every public name."""

import ast
import importlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import griffe
import pytest

import freeproviders
from freeproviders import registry
from freeproviders.presets import presets
from scripts.docs_site import build, inspection, links, notebooks, reference
from scripts.docs_site.docstrings import AsMarkdown, markdown

ROOT = Path(__file__).parents[2]
PACKAGES = ("freeproviders", "freeproviders.sandbox", "langchain_freeproviders", "llamaindex_freeproviders")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs")
    done = build.site(out)
    assert not done.failed, done.output
    return out / "site"


@pytest.fixture(scope="session")
def pages(built: Path) -> dict[str, inspection.Page]:
    return inspection.read(built)


# The site.


def test_links_and_anchors_hold_and_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    assert inspection.complaints(built) == []


def test_no_script_or_style_is_asked_to_fetch_from_elsewhere(built: Path) -> None:
    """The theme knows addresses of its own for diagrams and mathematics; no page has what they are fetched for."""
    texts = {path: path.read_text(encoding="utf-8") for path in built.rglob("*.html")}
    assert [path for path, text in texts.items() if 'class="mermaid"' in text or 'class="arithmatex"' in text] == []
    styles = [path for path in built.rglob("*.css") if "url(http" in path.read_text(encoding="utf-8")]
    assert styles == []


def test_every_page_can_be_reached_from_the_start(pages: dict[str, inspection.Page]) -> None:
    reached, waiting = {"404.html"}, ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in pages and name not in reached:
            reached.add(name)
            waiting += [str(PurePosixPath(target)) for target in _targets(name, pages[name])]
    assert sorted(set(pages) - reached) == []


def _targets(name: str, page: inspection.Page) -> Iterator[str]:
    for link in page.links:
        path = link.partition("#")[0]
        if path and ":" not in path:
            parts: list[str] = []
            for part in [*PurePosixPath(name).parent.parts, *PurePosixPath(path).parts]:
                parts = parts[:-1] if part == ".." else [*parts, part]
            yield "/".join(part for part in parts if part != ".")


def test_every_page_is_in_the_navigation_once() -> None:
    named = re.findall(r'"([\w./]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8"))
    places = [place for place in build.places().values() if place.suffix == ".md"]
    written = [place for place, _ in build.generated()]
    assert sorted(named) == sorted(str(place) for place in (*places, *written))


# The reference.


def _modules() -> list[ModuleType]:
    return [importlib.import_module(name) for members in reference.MODULES.values() for name in members]


@pytest.mark.parametrize("module", _modules(), ids=lambda module: module.__name__)
def test_the_reference_has_every_public_name(module: ModuleType, pages: dict[str, inspection.Page]) -> None:
    anchors = pages[f"reference/{module.__name__}.html"].anchors
    assert [name for name in reference.names(module) if f"{module.__name__}.{name}" not in anchors] == []


@pytest.mark.parametrize(
    ("page", "method"),
    [
        ("freeproviders", "freeproviders.Client.complete"),
        ("langchain_freeproviders.chat", "langchain_freeproviders.chat.FreeChatModel.with_structured_output"),
        ("llamaindex_freeproviders.service", "llamaindex_freeproviders.service.FreeProviderLLM.acomplete"),
    ],
)
def test_what_all_models_share_is_shown_once(page: str, method: str, pages: dict[str, inspection.Page]) -> None:
    assert method in pages[f"reference/{page}.html"].anchors


def test_the_packages_that_are_promised_are_in_the_reference() -> None:
    modules = {module.__name__ for module in _modules()}
    assert [name for name in PACKAGES if name not in modules] == []
    within = {
        f"freeproviders.{name}" for name in freeproviders.__all__ if isinstance(vars(freeproviders)[name], ModuleType)
    }
    assert within - {"freeproviders.providers"} <= modules


def test_what_pages_and_examples_import_is_in_the_reference() -> None:
    modules = {module.__name__: reference.names(module) for module in _modules()}
    imported = {pair for text in _shown() for pair in _imports(text)}
    assert imported, "pages show imports"
    within = {f"{module}.{name}" for module, name in imported}
    assert sorted(name for name in within if name not in modules and not _known(name, modules)) == []


def _known(dotted: str, modules: dict[str, list[str]]) -> bool:
    module, _, name = dotted.rpartition(".")
    return name in modules.get(module, ())


def _shown() -> Iterator[str]:
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]:
        yield from _python(path.read_text(encoding="utf-8"))
    yield from (path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/*/freeproviders_*/*.py")))


def _python(text: str) -> list[str]:
    from tests.docs.test_docs import blocks

    return [block.code for block in blocks(text) if block.word == "python"]


def _imports(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in (
            "freeproviders",
            "langchain_freeproviders",
            "llamaindex_freeproviders",
        ):
            yield from ((node.module or "", alias.name) for alias in node.names)


# Pages that come from the code.


@pytest.mark.parametrize("name", registry.names())
def test_every_service_has_a_page_with_its_card(name: str, built: Path) -> None:
    card = registry.get(name).card
    text = (built / "services" / f"{name}.html").read_text(encoding="utf-8")
    assert [word for word in (card.title, card.verified, card.site, *card.models) if word not in text] == []


def test_every_preset_has_a_section_with_its_date(pages: dict[str, inspection.Page], built: Path) -> None:
    page, text = pages["services/presets.html"], (built / "services" / "presets.html").read_text(encoding="utf-8")
    assert [name for name in presets() if name not in page.anchors] == []
    assert [one.name for one in presets().values() if one.verified_on not in text or one.model not in text] == []


def test_every_notebook_has_a_page_and_can_be_downloaded(pages: dict[str, inspection.Page], built: Path) -> None:
    found = sorted(path.stem for path in ROOT.glob("notebooks/*.ipynb"))
    assert found
    assert [name for name in found if f"{name}.ipynb" not in pages[f"notebooks/{name}.html"].links] == []
    assert [name for name in found if not (built / "notebooks" / f"{name}.ipynb").exists()] == []


def test_a_notebook_is_shown_with_what_its_cells_gave_out() -> None:
    outputs = [
        {"output_type": "stream", "text": ["42\n", "43\n"]},
        {"output_type": "display_data", "data": {"text/html": ["<b>x</b>"], "text/plain": "x"}},
        {"output_type": "display_data", "data": {"image/png": "aGk=\n", "text/plain": "<Figure>"}},
        {"output_type": "execute_result", "data": {"text/plain": "'y'", "application/json": {"a": 1}}},
        {"output_type": "stream", "text": "\n"},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Text."]},
        {"cell_type": "code", "source": "f()", "outputs": outputs},
    ]
    assert notebooks.page({"cells": cells}).split("\n\n") == [
        "# Title",
        "Text.",
        "``` { .python }\nf()\n```",
        "```` { .text .output }\n42\n43\n````",
        '<div class="output">\n<b>x</b>\n</div>',
        '<img alt="What the cell drew" src="data:image/png;base64,aGk=">',
        "```` { .text .output }\n'y'\n````\n",
    ]


# Gates that cannot fail are no gates.


def _site(folder: Path, **pages: str) -> Path:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<a href="other.html#here">x</a>', None),
        ('<a href="#top"></a><p id="top"></p>', None),
        ('<a href="other.html#nowhere">x</a>', "an anchor that does not exist"),
        ('<a href="missing.html">x</a>', "which does not exist"),
        ('<img src="missing.png">', "which does not exist"),
        ('<img src="https://example.com/x.png">', "loads https://example.com/x.png"),
        ('<script src="//example.com/x.js"></script>', "loads //example.com/x.js"),
        ('<link rel="stylesheet" href="https://example.com/x.css">', "loads https://example.com/x.css"),
        ('<a href="https://example.com">x</a>', None),
    ],
)
def test_what_is_wrong_with_a_page_is_told(text: str, complaint: str | None, tmp_path: Path) -> None:
    found = inspection.complaints(_site(tmp_path, page=text, other='<p id="here"></p>'))
    assert (found == []) if complaint is None else (len(found) == 1 and complaint in found[0])


@pytest.mark.parametrize(
    "text", ["[x](missing.md)", "[x](index.md#missing)", "::: freeproviders.Missing", "[x][freeproviders.Missing]"]
)
def test_a_wrong_page_stops_the_build(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build.stage(tmp_path)
    pages = tmp_path / "pages"
    shutil.rmtree(pages)
    (pages / "assets").mkdir(parents=True)
    (pages / "assets" / "site.css").touch()
    (pages / "index.md").write_text(f"# Start\n\n{text}\n", encoding="utf-8")
    config = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    head, _, rest = config.partition("nav = [\n")
    (tmp_path / "zensical.toml").write_text(head + rest.partition("\n]\n")[2], encoding="utf-8")
    assert build.run(tmp_path).failed


def test_links_out_of_the_documents_lead_to_their_place_or_are_words() -> None:
    places = {
        PurePosixPath("docs/a.md"): PurePosixPath("a.md"),
        PurePosixPath("SECURITY.md"): PurePosixPath("project/s.md"),
    }
    text = "[a](../SECURITY.md#b), [code `x`](../setup.py), [web](https://example.com), [b](services/pi.md)\n"
    moved = links.moved(text, PurePosixPath("docs/a.md"), places)
    assert moved == "[a](project/s.md#b), code `x`, [web](https://example.com), [b](services/pi.md)\n"
    back = links.moved("[a](docs/a.md)", PurePosixPath("SECURITY.md"), places)
    assert back == "[a](../a.md)"


def test_code_keeps_its_links() -> None:
    text = "```text\n[a](b.md)\n```\n\n`[a](b.md)`\n"
    assert links.moved(text, PurePosixPath("docs/a.md"), {PurePosixPath("docs/a.md"): PurePosixPath("a.md")}) == text


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("One line.", "One line."),
        (
            "A.\n\nExample:\n    .. code-block:: python\n\n        x = 1\n\n        y = 2\n",
            "A.\n\n**Example**\n\n```python\nx = 1\n\ny = 2\n```",
        ),
        (
            "A.\n\nKey init args:\n    model: Its name.\n    a, b: Two.",
            "A.\n\n**Key init args**\n\n- `model`: Its name.\n- `a, b`: Two.",
        ),
        ("A.\n\nArgs:\n    model: Its name.", "A.\n\nArgs:\n    model: Its name."),
        ("Root\n├── Leaf\n└── Leaf", "```text\nRoot\n├── Leaf\n└── Leaf\n```"),
    ],
)
def test_docstrings_become_markdown(docstring: str, expected: str) -> None:
    assert markdown(docstring) == expected


def test_words_of_a_class_get_the_types_of_its_fields_and_are_not_required() -> None:
    source = '''
class Base:
    shared: int = 0

class Model(Base):
    """A model.

    Args:
        name: Its name,
            in two lines.
        path: A path.
        shared: Of all.
        **more: Others.

    Text.
    """

    path: str | None = None

    def __init__(self, name: str, **more: object) -> None: ...
'''
    module = griffe.visit("made", Path("made.py"), source, modules_collection=(found := griffe.ModulesCollection()))
    found["made"] = module
    AsMarkdown().on_package(pkg=module, loader=griffe.GriffeLoader())
    docstring = module["Model"].docstring
    assert docstring.value.split("\n\n")[1:] == [
        "Args:\n    name: Its name,\n        in two lines.\n    **more: Others.",
        "Keyword Args:\n    path (str | None): A path.\n    shared (int): Of all.",
        "Text.",
    ]


def test_names_without_a_list_are_those_that_a_module_defines() -> None:
    module: Any = ModuleType("made")
    exec("import os\nfrom json import loads\ndef shown(): ...\ndef _hidden(): ...\n", vars(module))  # noqa: S102
    assert reference.names(module) == ["shown"]
