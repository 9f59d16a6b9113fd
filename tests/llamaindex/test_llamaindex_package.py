"""The package as it is imported: what its names are, what is loaded for them, and LlamaIndex's own name for it."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import llama_index.core
import pytest

import llama_index.llms.freeproviders as namesake
import llamaindex_freeproviders as package

# What a program needs with a certain name alone; the core modules of providers that nobody has named among it.
SELDOM = (
    "llamaindex_freeproviders.image_tool",
    "llamaindex_freeproviders.instrumentation",
    "llamaindex_freeproviders.router",
    "llama_index.core.rate_limiter",
    "llama_index.core.tools.tool_spec",
    "freeproviders.images",
    "freeproviders.providers.openai_compatible",
    "freeproviders.providers.pi",
    "freeproviders.tools",
)


def loaded_by(program: str) -> set[str]:
    """The modules of a fresh process at a program's end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def before() -> set[str]:
    return loaded_by("import llama_index.core.llms")


def test_the_import_loads_what_core_loads_itself_and_what_loads_the_rest(before: set[str]) -> None:
    own = {"llamaindex_freeproviders", "freeproviders", "freeproviders.late"}
    assert loaded_by("import llamaindex_freeproviders") - before == own


def test_a_first_llm_loads_nothing_that_only_others_need(before: set[str]) -> None:
    assert before.isdisjoint(SELDOM)
    loaded = loaded_by("from llamaindex_freeproviders import Yqcloud; Yqcloud()")
    assert "freeproviders.providers.yqcloud" in loaded
    assert loaded.isdisjoint(SELDOM)


def test_every_name_is_there_and_listed() -> None:
    assert {name: getattr(package, name).__name__ for name in package.__all__} == {n: n for n in package.__all__}
    assert set(package.__all__) <= set(dir(package))


def test_a_star_brings_every_name() -> None:
    names = {}
    exec("from llamaindex_freeproviders import *", names)  # noqa: S102  # Python takes it at a module's top alone
    assert set(package.__all__) <= set(names)


def test_another_name_is_an_error_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'llamaindex_freeproviders' has no attribute 'Yqcluod'"):
        package.Yqcluod  # noqa: B018


def test_the_names_are_those_of_the_integration_too() -> None:
    assert namesake.__all__ == package.__all__
    assert all(getattr(namesake, name) is getattr(package, name) for name in package.__all__)


def test_the_integration_hides_nothing_of_the_namespaces_it_is_in() -> None:
    assert not [name for name in ("llama_index", "llama_index.llms") if sys.modules[name].__file__]
    core = Path(str(llama_index.core.__file__))
    assert core in {Path(str(file.locate())) for file in distribution("llama-index-core").files or ()}
