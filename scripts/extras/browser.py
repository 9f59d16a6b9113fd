"""Extra ``browser``: Playwright starts what it is told to; here that is no browser, which is a clear error."""

import contextlib
import io
import sys

from freeproviders.__main__ import main

with contextlib.redirect_stderr(io.StringIO()) as said:
    code = main(["login", "pi", "--headless", "--browser", sys.executable])
if code != 2 or "does not start" not in said.getvalue():
    raise SystemExit(f"code {code}: {said.getvalue()}")
