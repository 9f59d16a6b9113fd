"""Extra ``langchain``: a chat model answers, whole and streamed."""

from freeproviders.sandbox import Sandbox
from langchain_freeproviders import ChatYqcloud

with Sandbox() as sandbox:
    chat = ChatYqcloud(base_url=sandbox.url("yqcloud"))
    answers = [chat.invoke("What is 6*7?").text, "".join(chunk.text for chunk in chat.stream("What is 6*7?"))]
if answers != ["42", "42"]:
    raise SystemExit(f"answered {answers}")
