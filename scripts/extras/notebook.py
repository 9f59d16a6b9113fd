"""Extra ``notebook``: two services side by side, with a plot."""

import os

import matplotlib as mpl

from freeproviders.notebook import compare
from freeproviders.sandbox import Sandbox

mpl.use("agg")
with Sandbox() as sandbox:
    os.environ["FREEPROVIDERS_SANDBOX"] = sandbox.url()
    comparison = compare(["yqcloud", "pi"], ["What is 6*7?"])
failed = [row for row in comparison.rows if row.error]
if failed or len(comparison.rows) != 2 or comparison.plot() is None:
    raise SystemExit(f"rows {comparison.rows}")
