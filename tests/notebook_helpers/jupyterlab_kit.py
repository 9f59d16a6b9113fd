"""A real JupyterLab in a folder of its own, with a kernel of this environment, and headless Chromium to look at it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat

from freeproviders import errors
from freeproviders.logins.browser import find_browser

ROOT = Path(__file__).parents[2]
_SECONDS_TO_START = 60
_TOKEN = "only-for-this-test"
# What a browser does by itself: asks its maker for news.
_ALONE = ("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync")
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}


def python_with_lab() -> str:
    """The Python that has JupyterLab: this one, or that of ``.venv-jupyter``; empty if neither has."""
    if importlib.util.find_spec("jupyterlab") is not None:
        return sys.executable
    own = ROOT / ".venv-jupyter" / ("Scripts" if os.name == "nt" else "bin") / "python"
    return str(own) if own.exists() else ""


def missing() -> str:
    """What is missing here, in words; empty if nothing is."""
    if importlib.util.find_spec("playwright") is None:
        return "pip install playwright"
    if not python_with_lab():
        return "python -m venv .venv-jupyter && .venv-jupyter/bin/python -m pip install jupyterlab"
    try:
        find_browser()
    except errors.InvalidSetting as error:
        return str(error)
    return ""


def _write(folder: Path, cells: list[str], variables: dict[str, str], theme: str) -> dict[str, str]:
    """Writes the notebook, the kernel and the settings; gives the environment of the server."""
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    kernel = {"name": "ours", "display_name": "ours", "language": "python"}
    (folder / "work").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), folder / "work" / "a.ipynb")
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    _json(folder / "data" / "kernels" / "ours" / "kernel.json", {"argv": argv, "env": variables, **kernel})
    settings = {**_SETTINGS, "@jupyterlab/apputils-extension:themes": {"theme": f"JupyterLab {theme}"}}
    for name, values in settings.items():
        package, _, plugin = name.partition(":")
        _json(folder / "settings" / package / f"{plugin}.jupyterlab-settings", values)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "FREEPROVIDERS_"))}
    return {
        **kept,
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@contextmanager
def lab(folder: Path, cells: list[str], variables: dict[str, str], theme: str = "Light") -> Iterator[str]:
    """Runs the server.

    Args:
        folder: An empty folder; everything the server reads or writes is in it.
        cells: Code of the notebook's cells.
        variables: Environment of the kernel.
        theme: ``"Light"`` or ``"Dark"``.

    Yields:
        The address of the notebook.
    """
    environment = _write(folder, cells, variables, theme)
    command = [python_with_lab(), "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    options = [f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={folder / 'work'}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
        try:
            yield f"{_address(folder, server)}doc/tree/a.ipynb?token={_TOKEN}"
        finally:
            server.terminate()
            server.wait()


def _address(folder: Path, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError, ValueError, StopIteration):  # not written to the end, or not listening yet
            address = json.loads(next(folder.glob("runtime/jpserver-*.json")).read_text())["url"]
            with urlopen(f"{address}api?token={_TOKEN}"):  # noqa: S310  # our own server
                return str(address)
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())


@contextmanager
def page_of(address: str, *, width: int = 1280, height: int = 900) -> Iterator[Any]:
    """The notebook in a browser, its kernel idle."""
    from playwright.sync_api import sync_playwright

    confined = os.name == "nt" or os.geteuid() != 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), headless=True, chromium_sandbox=confined, args=list(_ALONE)
        )
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_selector(".jp-Notebook .jp-CodeCell")
            page.wait_for_selector("text=ours | Idle")
            yield page
        finally:
            browser.close()


def run_all(page: Any) -> None:
    """Runs all cells, without waiting for them."""
    page.click("text=Run >> nth=0")
    page.click("text=Run All Cells")
