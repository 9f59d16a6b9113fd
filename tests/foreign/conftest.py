"""Two servers of different lineage: litellm's proxy, with the sandbox behind one of its models, and llmock."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign_servers import HERE, OutOfReach, asked, commands, served

from freeproviders.sandbox import Sandbox


@pytest.fixture(scope="session")
def foreign() -> Path:
    """The folder of their commands."""
    if sys.version_info < (3, 11):
        pytest.skip("the pinned versions of other projects' servers need Python 3.11")
    try:
        return commands()
    except OutOfReach as error:
        pytest.skip(f"the package registry, which other projects' servers come from, cannot be reached: {error}")


@pytest.fixture(scope="session")
def litellm(foreign: Path, _running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [str(foreign / "litellm"), "--config", str(HERE / "litellm.yaml"), "--host", "127.0.0.1", "--port"]
    words = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks the network for one
        "LITELLM_MODE": "PRODUCTION",
        "UPSTREAM_URL": _running_sandbox.url("openai_compatible"),
    }
    log = tmp_path_factory.mktemp("litellm") / "log"
    with served(command, log, health="/health/liveliness", words=words) as address:
        yield f"{address}/v1"


@pytest.fixture(scope="session")
def _llmock(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [str(foreign / "llmock"), "serve", "--response-style", "echo", "--log-level", "warning", "--port"]
    with served(command, tmp_path_factory.mktemp("llmock") / "log", health="/health", words={}) as address:
        yield address


@pytest.fixture
def llmock(_llmock: str) -> str:
    """Without memory and without anything that it was told to do."""
    asked(f"{_llmock}/_llmock/reset", {})
    return _llmock


@pytest.fixture(scope="session")
def narrow(foreign: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that takes a request a minute of each key, and few words."""
    command = [str(foreign / "llmock"), "serve", "--rpm", "1", "--context-window", "40", "--log-level", "warning"]
    log = tmp_path_factory.mktemp("narrow") / "log"
    with served([*command, "--port"], log, health="/health", words={}) as address:
        yield address
