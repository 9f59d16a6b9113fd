"""Extra ``testing``: one promise of the contract is checked by pytest."""

import os
import pathlib
import sys
import tempfile

import pytest

CASE = """
from freeproviders.testing import ProviderContract
class TestYqcloud(ProviderContract):
    provider = "yqcloud"
    fragments = (b"Hello", b"world")
"""

os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # what else is installed is not part of the extra
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "test_contract.py")
    path.write_text(CASE)
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", "honest_answer", str(path)]))
