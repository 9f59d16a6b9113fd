"""Services of other packages join by an entry point, and cannot take the place of another."""

import subprocess

import pytest

from freeproviders.testing.kit import run_script

MODULE = """
from freeproviders.sandbox.answer import bytes_answer
from freeproviders.sandbox.service import Route, Service

class Foreign(Service):
    name = "foreign"
    def __init__(self):
        self.asked = 0
        self.routes = (Route(method="POST", path="/ask", endpoint="answer", handler=self._ask),)
    def reset(self):
        self.asked = 0
    def error_body(self, status, message):
        return "text/plain", message.encode()
    async def _ask(self, exchange):
        self.asked += 1
        return bytes_answer(f"foreign {self.asked}".encode(), "text/plain")

class Taker(Foreign):
    name = "pi"
"""
ASKS = """
import urllib.request
from freeproviders.sandbox import Sandbox
def ask(sandbox, name):
    return urllib.request.urlopen(sandbox.url(name) + "/ask", data=b"").read().decode()
with Sandbox() as one, Sandbox() as two:
    print(ask(one, "foreign"), ask(one, "foreign"), ask(two, "foreign"))
    one.reset()
    print(ask(one, "foreign"), [item.provider for item in one.received])
    print("/foreign" in urllib.request.urlopen(one.url()).read().decode())
    print(type(one._services[0]).__module__, len({service.name for service in one._services}) == len(one._services))
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Installs a package of two services; gives a function that runs a program beside it."""
    (tmp_path / "elsewhere.py").write_text(MODULE)
    described = tmp_path / "elsewhere-1.0.dist-info"
    described.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")

    def run(points: str, program: str) -> "subprocess.CompletedProcess[str]":
        (described / "entry_points.txt").write_text(f"[freeproviders.sandbox]\n{points}\n")
        return run_script(program)

    return run


def test_a_service_of_another_package_is_served_by_every_sandbox(package):
    done = package("foreign = elsewhere:Foreign\npi = elsewhere:Taker", ASKS)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "foreign 1 foreign 2 foreign 1",
        "foreign 1 ['foreign']",
        "True",
        "freeproviders.sandbox.pi True",
    ]


def test_a_service_that_a_package_announces_and_does_not_have_is_told(package):
    done = package("foreign = elsewhere:Absent", "from freeproviders.sandbox import Sandbox; Sandbox()")
    assert "Absent" in done.stderr
    assert done.returncode == 1
