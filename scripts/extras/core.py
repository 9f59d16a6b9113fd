"""Without an extra: the core answers."""

from freeproviders import Client
from freeproviders.sandbox import Sandbox

with Sandbox() as sandbox:
    answer = Client("yqcloud", base_url=sandbox.url("yqcloud")).complete("What is 6*7?")
if answer.text != "42":
    raise SystemExit(f"answered {answer}")
