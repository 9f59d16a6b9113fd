"""What becomes of the tests beside it where no package can be had, and where one is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from foreign_servers import OutOfReach, install

HERE = Path(sys.executable).parent


def test_a_registry_that_is_out_of_reach_is_told_apart(tmp_path):
    words = ("--isolated", "--target", str(tmp_path), "--no-deps", "llmock==0.2.2")
    with pytest.raises(OutOfReach, match="connection broken"):
        install(HERE, "--index-url", "http://127.0.0.1:9/simple", *words)


def test_a_pin_that_is_wrong_is_a_failure(tmp_path):
    words = ("--isolated", "--target", str(tmp_path), "--no-index", "llmock==0.2.2")
    with pytest.raises(subprocess.CalledProcessError):
        install(HERE, *words)
