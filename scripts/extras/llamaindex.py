"""Extra ``llamaindex``: an LLM answers, whole and streamed."""

from freeproviders.sandbox import Sandbox
from llamaindex_freeproviders import Yqcloud

with Sandbox() as sandbox:
    llm = Yqcloud(base_url=sandbox.url("yqcloud"))
    pieces = [piece.delta for piece in llm.stream_complete("What is 6*7?")]
    answers = [llm.complete("What is 6*7?").text, "".join(filter(None, pieces))]
if answers != ["42", "42"]:
    raise SystemExit(f"answered {answers}")
