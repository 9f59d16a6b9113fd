"""What these tests share: models that say what they are told, a reader of HTML, a kernel that is listened to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from freeproviders import Client, Retry
from freeproviders.sandbox import Sandbox, Scenario

HOSTILE = (
    "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\n\n"
    "<b onclick=hit()>bold</b> [link](javascript:window.hit=1) ![picture](https://example.com/x.png)\n\n"
    "```html\n<script>window.hit = 1</script>\n```\n\n\"quoted\" 'words' & <https://example.com/?a=1&b=2>\n\n"
    "> <script>window.hit = 1</script>\n\n&lt;script&gt;window.hit = 1&lt;/script&gt; </div></td></table>\n"
)
_PLAIN = {"div", "span", "a", "b", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
_OF_MARKDOWN = {"p", "code", "pre", "em", "strong", "blockquote", "ol", "ul", "li", "h1", "h2", "h3", "hr", "br", "s"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def text_of(html: str) -> str:
    """What is read; fails unless tags are balanced, harmless, and of those that we use."""
    tags = _Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    for tag, attributes in tags.found:
        assert tag in _PLAIN | _OF_MARKDOWN
        assert set(attributes) <= {"style", "href", "target", "rel", "class", "start"}
        assert (attributes.get("href") or "https://").startswith(("https://", "http://"))
    return " ".join(" ".join(tags.words).split())


def client(sandbox: Sandbox, name: str = "yqcloud", scenario: Scenario | None = None, **words: Any) -> Client:
    headers = {} if scenario is None else scenario.as_header()
    return Client(name, base_url=sandbox.url(name), retry=Retry(attempts=1), default_headers=headers, **words)


def environment(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """Ours, without the profile of whoever runs this; services are in the sandbox, warnings are errors to be seen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FREEPROVIDERS_")}
    own = {"IPYTHONDIR": str(folder), "MPLCONFIGDIR": str(folder), "FREEPROVIDERS_SANDBOX": sandbox.url()}
    return {**kept, **own, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class Kernel:
    """A kernel's client: runs code, and gives what it displays."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def begin(self, code: str) -> str:
        request: str = self._client.execute(code)
        return request

    def messages(self, request: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What comes out until the code has ended: kind and content of each message."""
        while True:
            message = self._client.get_iopub_msg(timeout=120)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                return
            assert kind != "error", "\n".join(content["traceback"])
            assert not (kind == "stream" and content["name"] == "stderr"), content["text"]
            if kind not in ("status", "execute_input"):
                yield kind, content

    def run(self, code: str) -> list[tuple[str, dict[str, Any]]]:
        return list(self.messages(self.begin(code)))


@contextmanager
def kernel(folder: Path, sandbox: Sandbox) -> Iterator[Kernel]:
    from jupyter_client.manager import KernelManager

    # Sockets in the file system where there are such: no ports, and no warning that TCP is not encrypted.
    words = {"transport": "ipc", "ip": str(folder / "kernel")} if os.name == "posix" else {}
    manager = KernelManager(kernel_name="python3", **words)
    manager.start_kernel(env=environment(folder, sandbox), cwd=str(folder))
    listener = manager.client()
    listener.start_channels()
    try:
        listener.wait_for_ready(timeout=120)
        yield Kernel(listener)
    finally:
        listener.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
