"""Extra ``cli``: the table of services is drawn, and a service is asked."""

import contextlib
import io
import os

from freeproviders.__main__ import main
from freeproviders.sandbox import Sandbox

with Sandbox() as sandbox, contextlib.redirect_stdout(io.StringIO()) as shown:
    os.environ["FREEPROVIDERS_SANDBOX"] = sandbox.url()
    codes = [main(["list"]), main(["ask", "--provider", "yqcloud", "What is 6*7?"])]
if codes != [0, 0] or "42" not in shown.getvalue():
    raise SystemExit(f"codes {codes}: {shown.getvalue()}")
