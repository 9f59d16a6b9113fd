"""A sandbox for the session, and correct requests of every service to vary."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from freeproviders.sandbox import Sandbox, Scenario, Settings

FLOWGPT_BODY = {
    "model": "gpt-3.5-turbo",
    "nsfw": False,
    "question": "hello",
    "history": [{"role": "assistant", "content": "Welcome"}],
    "system": "Be kind.",
    "temperature": 0.7,
    "promptId": "model-gpt-3.5-turbo",
    "documentIds": [],
    "chatFileDocumentIds": [],
    "generateImage": False,
    "generateAudio": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def flowgpt_headers(**changed: str) -> dict[str, str]:
    stamp = changed.get("x-timestamp", str(int(time.time())))
    nonce = changed.get("x-nonce", "0123456789abcdef" * 2)
    authorization = changed.get("Authorization", "Bearer null")
    signature = hashlib.md5(f"{stamp}-{nonce}-{authorization}".encode()).hexdigest()  # noqa: S324
    return {
        "Authorization": authorization,
        "x-timestamp": stamp,
        "x-nonce": nonce,
        "x-signature": signature,
        "x-flow-device-id": "f-abcdefghijklmnopqrs",
        "Origin": "https://flowgpt.com",
        "Referer": "https://flowgpt.com/",
        **changed,
    }


class Calls:
    """Correct requests; `headers` and body words change them, None takes a header away."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    async def send(
        self, method: str, url: str, usual: dict[str, str], changed: Any, scenario: Any, **rest: Any
    ) -> Reply:
        merged = {**usual, **(changed or {}), **(scenario.as_header() if scenario else {})}
        kept = {name: value for name, value in merged.items() if value is not None}
        async with self.session.request(method, url, headers=kept, allow_redirects=False, **rest) as response:
            return Reply(status=response.status, headers=response.headers, body=await response.read())

    async def yqcloud(self, scenario: Scenario | None = None, headers: Any = None, **body: Any) -> Reply:
        origin = "https://chat9.yqcloud.top"
        usual = {"Accept": "application/json, text/plain, */*", "Origin": origin, "Referer": f"{origin}/"}
        url = self.sandbox.url("yqcloud") + "/api/generateStream"
        return await self.send("POST", url, usual, headers, scenario, json={"prompt": "hello", **body})

    async def pizzagpt(self, scenario: Scenario | None = None, headers: Any = None, **body: Any) -> Reply:
        usual = {
            "x-secret": "Diavola",
            "Accept": "application/json",
            "Origin": "https://www.pizzagpt.it",
            "Referer": "https://www.pizzagpt.it/en",
        }
        url = self.sandbox.url("pizzagpt") + "/api/chatx-completion"
        return await self.send("POST", url, usual, headers, scenario, json={"question": "hello", **body})

    async def aichats(
        self,
        scenario: Scenario | None = None,
        headers: Any = None,
        kind: str = "chat",
        text: str = "hello",
        **body: Any,
    ) -> Reply:
        usual = {
            "Accept": "application/json, text/event-stream",
            "Origin": "https://ai-chats.org",
            "Referer": f"https://ai-chats.org/{kind}/",
        }
        url = self.sandbox.url("aichats") + "/chat/send2/"
        data = {"type": kind, "messagesHistory": [{"from": "you", "content": text}], **body}
        return await self.send("POST", url, usual, headers, scenario, json=data)

    async def flowgpt(
        self, scenario: Scenario | None = None, headers: Any = None, path: str = "/v3/chat-anonymous", **body: Any
    ) -> Reply:
        url = self.sandbox.url("flowgpt") + path
        data = {**FLOWGPT_BODY, **body}
        return await self.send("POST", url, flowgpt_headers(), headers, scenario, json=data)

    async def pi(self, method: str, path: str, scenario: Any = None, headers: Any = None, **rest: Any) -> Reply:
        usual = {"Accept": "application/json", "Origin": "https://pi.ai", "Referer": "https://pi.ai/talk"}
        return await self.send(method, self.sandbox.url("pi") + path, usual, headers, scenario, **rest)

    async def pi_start(self, scenario: Scenario | None = None, headers: Any = None) -> Reply:
        return await self.pi("POST", "/api/chat/start", scenario, {"X-Api-Version": "3", **(headers or {})}, json={})

    async def pi_thread(self) -> tuple[str, dict[str, str]]:
        """Start a conversation; gives its sid and the header with the session cookie."""
        reply = await self.pi_start()
        cookie = reply.headers["Set-Cookie"].partition(";")[0]
        return reply.json["conversations"][0]["sid"], {"Cookie": cookie}

    async def pi_chat(
        self, scenario: Scenario | None = None, text: str = "hello", thread: Any = None, path: str = "/api/v2/chat"
    ) -> Reply:
        sid, cookie = thread or await self.pi_thread()
        headers = {"X-Api-Version": "3", "Accept": "text/event-stream", **cookie}
        return await self.pi("POST", path, scenario, headers, json={"text": text, "conversation": sid})

    async def chat(self, provider: str, scenario: Scenario | None = None) -> Reply:
        """A correct chat request of any service."""
        if provider == "pi":
            return await self.pi_chat(scenario)
        reply: Reply = await getattr(self, provider)(scenario)
        return reply


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    _sandbox.reset()
    _sandbox.settings = Settings()
    return _sandbox


@pytest.fixture
async def calls(sandbox: Sandbox) -> AsyncIterator[Calls]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Calls(sandbox, session)


@pytest.fixture
def flowgpt_signed() -> Any:
    return flowgpt_headers
