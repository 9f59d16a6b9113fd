"""The documents keep their word: their Python runs against the sandbox, their links and setting names exist.

A file's ```python blocks run top to bottom in one namespace, with ``FREEPROVIDERS_SANDBOX`` set, in an empty folder,
and with loopback as the only network. Blocks that shall not run carry another word behind the fence. Pages that come
from the code are run too. The site that is built of all of them: ``test_docs_site.py``.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import socket
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from freeproviders import registry
from freeproviders.sandbox import Sandbox, Scenario, Settings
from freeproviders.settings import variable
from scripts.docs_site.build import generated

ROOT = Path(__file__).parents[2]
RUN = [path for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))) if path.exists()]
OWN = [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
GENERATED = {ROOT / "docs" / place: text for place, text in generated()}
LOOPBACK = ("127.0.0.1", "::1", "localhost")

# Pages that say how to do something; the others describe.
_DESCRIBE = "architecture certainty command_line errors honest_limits how_a_request_travels performance reliability"
USED = [path for path in sorted(ROOT.glob("docs/*.md")) if path.stem not in _DESCRIBE.split()]

_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,})\s*(?P<word>[^\s`]*)[^`]*")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_VARIABLE = re.compile(r"\bFREEPROVIDERS_[A-Z0-9_]*[A-Z0-9]\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The code of one fence.

    Attributes:
        word: What stands behind the opening fence, in lower case.
        code: The lines between the fences, without their common indent.
        line: Line of the opening fence, from 1.
    """

    word: str
    code: str
    line: int


def blocks(text: str) -> list[Block]:
    """All fenced blocks of a Markdown text, in order.

    Raises:
        ValueError: If a fence is never closed.
    """
    found, lines = [], list(enumerate(text.splitlines(), 1))
    while lines:
        number, line = lines.pop(0)
        opening = _FENCE.fullmatch(line)
        if opening is None:
            continue
        body = []
        while lines and not _closes(lines[0][1], opening["fence"]):
            body.append(lines.pop(0)[1])
        if not lines:
            raise ValueError(f"the fence in line {number} is never closed")
        lines.pop(0)
        found.append(Block(word=opening["word"].lower(), code=textwrap.dedent("\n".join(body)), line=number))
    return found


def _closes(line: str, fence: str) -> bool:
    return line.strip().startswith(fence) and not line.strip().strip(fence[0])


def run(path: Path, text: str) -> int:
    """Runs the Python of a page; tracebacks name the file and its own line.

    Returns:
        How many blocks ran.
    """
    found = [block for block in blocks(text) if block.word in ("python", "py", "python3")]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # LlamaIndex asks for the thread's loop, and would make one that nobody closes
    try:
        for block in found:
            source = "\n" * block.line + block.code
            code = compile(source, str(path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            result = eval(code, namespace)  # noqa: S307  # the point of this file
            if inspect.iscoroutine(result):
                loop.run_until_complete(result)
    finally:
        # what asyncio.run does at its end: held connections close here
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
    return len(found)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that all providers are sent to; everything but loopback is out of reach."""
    monkeypatch.chdir(tmp_path)
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in LOOPBACK, f"a document opened a connection to {address}"
        connect(self, address)

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        assert host in (*LOOPBACK, None, ""), f"a document looked up the name {host}"
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    with Sandbox() as running:
        monkeypatch.setenv("FREEPROVIDERS_SANDBOX", running.url())
        yield running


@pytest.fixture
def page(tmp_path: Path) -> Any:
    def write(text: str) -> tuple[Path, str]:
        text = textwrap.dedent(text)
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")  # tracebacks show its lines
        return path, text

    return write


# The documents.


# LlamaIndex's agents ask pydantic for names of its first version, and workflows for a method of theirs.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
@pytest.mark.filterwarnings("ignore:is_running called from within a step:DeprecationWarning")
@pytest.mark.parametrize("path", RUN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_runs(path: Path, sandbox: Sandbox) -> None:
    run(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*GENERATED], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_python_block_of_a_generated_page_runs(path: Path, sandbox: Sandbox) -> None:
    run(path, GENERATED[path])


@pytest.mark.parametrize("path", USED, ids=lambda path: path.name)
def test_the_pages_for_users_show_running_code(path: Path) -> None:
    assert "python" in [block.word for block in blocks(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = [match["target"].partition("#")[0] for match in _LINK.finditer(path.read_text(encoding="utf-8"))]
    local = [target for target in targets if target and ":" not in target]
    missing = [target for target in local if not (path.parent / target).exists()]
    assert [target for target in missing if path.parent / target not in GENERATED] == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_environment_variables_are_settings(path: Path) -> None:
    names = (*registry.names(), "openai_compatible", "groq")
    settings = {variable(name, setting) for name in names for setting in registry.get(name).setting_names()}
    named = set(_VARIABLE.findall(path.read_text(encoding="utf-8")))
    others = {"FREEPROVIDERS_SANDBOX", "FREEPROVIDERS_CONFIG", "FREEPROVIDERS_BROWSER"}
    assert named - settings - others == set()


@pytest.mark.parametrize("name", [*registry.names(), "openai_compatible"])
def test_the_wire_page_names_every_setting_of_its_provider(name: str) -> None:
    page = (ROOT / "docs" / "wire" / f"{name}.md").read_text(encoding="utf-8")
    assert [setting for setting in registry.get(name).setting_names() if f"`{setting}`" not in page] == []


@pytest.mark.parametrize("name", [*registry.names(), "openai_compatible"])
def test_the_wire_page_shows_the_date_of_the_card(name: str) -> None:
    page = (ROOT / "docs" / "wire" / f"{name}.md").read_text(encoding="utf-8")
    assert registry.get(name).card.verified in page


def test_the_sandbox_page_names_all_it_can_be_told(sandbox: Sandbox) -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    names = {field.name for value in (Scenario, Settings) for field in fields(value)}
    names |= {variant for variants in sandbox.variants.values() for variant in variants}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


# The runner itself: a gate that cannot fail is no gate.


def test_blocks_share_a_namespace_and_may_await_at_top_level(page: Any, sandbox: Sandbox) -> None:
    given = page("""
        ```python
        import asyncio
        from freeproviders import Client

        answer = await Client("yqcloud").acomplete("What is 6 * 7?")
        ```

        - in a list:

          ```python
          assert "42" in answer.text
          ```
    """)
    assert run(*given) == 2
    assert sandbox.received[-1].provider == "yqcloud"


def test_other_fences_do_not_run(page: Any) -> None:
    assert run(*page("```text\n1 / 0\n```\n\n~~~toml\n1 / 0\n~~~\n\n````\n```python\n1 / 0\n```\n````\n")) == 0


def test_a_failing_block_is_detected_at_its_line(page: Any) -> None:
    with pytest.raises(AssertionError) as caught:
        run(*page("# Title\n\n```python\nvalue = 1\nassert value == 2\n```\n"))
    assert caught.traceback[-1].lineno == 4  # counted from 0


def test_a_failing_block_with_await_is_detected(page: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        run(*page("```python\nimport asyncio\nawait asyncio.sleep(0)\n1 / 0\n```\n"))


def test_a_warning_is_a_failure(page: Any) -> None:
    with pytest.raises(DeprecationWarning):
        run(*page("```python\nimport warnings\nwarnings.warn('old', DeprecationWarning)\n```\n"))


def test_a_block_that_is_not_python_is_detected(page: Any) -> None:
    with pytest.raises(SyntaxError):
        run(*page("```python\ndef\n```\n"))


def test_an_open_fence_is_detected(page: Any) -> None:
    with pytest.raises(ValueError, match="line 1 is never closed"):
        run(*page("```python\n1\n"))


def test_a_connection_to_elsewhere_is_detected(page: Any, sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match="a document opened a connection"):
        run(*page("```python\nimport socket\nwith socket.socket() as s:\n    s.connect(('192.0.2.1', 80))\n```\n"))


def test_a_name_looked_up_is_detected(page: Any, sandbox: Sandbox) -> None:
    with pytest.raises(AssertionError, match="a document looked up the name"):
        run(*page("```python\nimport socket\nsocket.getaddrinfo('example.com', 80)\n```\n"))


@pytest.mark.parametrize("package", ["freeproviders", "langchain_freeproviders", "llamaindex_freeproviders"])
def test_the_page_on_the_architecture_names_every_file(package: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    start = page.index(f"| File of `{package}/` |")
    table = page[start : page.index("\n\n", start)]
    own = [path for path in (ROOT / package).iterdir() if not path.name.startswith("_") and path.suffix in (".py", "")]
    names = [f"`{path.name}/`" if path.is_dir() else f"`{path.name}`" for path in own]
    assert [name for name in names if name not in table] == []
