"""Yqcloud (chat9.yqcloud.top, AIchatOS, binjie): raw UTF-8 text, a ``system`` field, conversations by ``userId``.

Protocol and evidence: docs/wire/yqcloud.md.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from freeproviders import prompts
from freeproviders.decode import Mapped, PlainText
from freeproviders.errors import PromptTooLong, ProviderError
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.screening import Screened, notice
from freeproviders.wire import Exchange, Prompt, Reply, Request

__all__ = ["Yqcloud"]

_TOO_LONG = "文字过长"
_MOVED = "The service may have moved: see the settings base_url, path and origin."
_BANNED = "Your address is banned there, often because it belongs to a data centre: use proxy= or another provider."
# Texts that come with HTTP 200 where the answer belongs, by how they begin (docs/wire/yqcloud.md, "Failures").
_OPENINGS = {
    "sorry, 您的ip": _BANNED,
    "sorry，您的ip": _BANNED,
    "您的ip已": _BANNED,
    "抱歉,您的ip": _BANNED,
    "抱歉，您的ip": _BANNED,
    "很抱歉地": "The service declined this prompt: rephrase it, or use another provider.",
    "系统公告": "The service sends announcements instead of answers: try later, or use another provider.",
    "当前站点不再提供免费接口": _MOVED,
}
# White space, and marks that a headline begins with.
_LEADING = " \t\r\n\u3000*#【["
# One of these alone may stand in an honest answer; two of them near its beginning mean the advert.
_ADVERT = (
    *("aichatos8.com.cn", "binjie09.shop", "binjie.site", "chatavx.com", "apifox.com"),
    *("触发防滥用检测", "您的ip已", "微信"),
)


@dataclass(frozen=True, kw_only=True)
class Yqcloud(Provider):
    """The service behind chat9.yqcloud.top.

    Attributes:
        path: Of the answer's request.
        network: Lets the service search the web.
    """

    card: ClassVar[Card] = catalogue.YQCLOUD

    base_url: str = "https://api.binjie.fun"
    origin: str = "https://chat9.yqcloud.top"
    path: str = "/api/generateStream"
    network: bool = True

    def exchange(self, prompt: Prompt) -> Exchange:
        """One request. Stateless: all of the conversation under a fresh userId; in a thread: the newest text alone."""
        self.model_name(prompt)
        user_id = self.thread_key(prompt, "userId")
        turns = prompts.without_system(prompt.turns)
        text = self.checked(prompts.transcript(prompts.newest(turns) if user_id else turns))
        user_id = user_id or fresh_user_id()
        yield Request(
            path=self.path,
            query=self.extra_query,
            headers=self.headers(accept="application/json, text/plain, */*", referer=f"{self.origin}/"),
            body={
                "prompt": text,
                "userId": user_id,
                "network": self.network,
                "system": prompts.system_text(prompt.turns),
                "withoutContext": prompt.thread is None,
                "stream": True,
                **self.extra_body,
            },
            decoder=Screened(Mapped(PlainText(), lambda piece: (piece,)), self._examiner(text)),
        )
        return {} if prompt.thread is None else {"thread": {"userId": user_id}}

    def failure(self, reply: Reply) -> ProviderError | None:
        """A 429 that speaks of the text's length is no rate limit."""
        too_long = _too_long(reply.text, reply.status) if reply.status >= 400 else None
        return too_long or super().failure(reply)

    def _examiner(self, asked: str) -> Callable[[str, bool], bool]:
        # What the user wrote themselves, the answer may quote.
        host = self.origin.partition("://")[2]
        markers = [marker for marker in _ADVERT if marker not in asked]
        openings = {text: advice for text, advice in _OPENINGS.items() if advice is _BANNED or text not in asked}
        beginnings = (*openings, _TOO_LONG)
        named = host not in asked
        begun = False  # so that it cannot begin like a notice any more

        def examine(head: str, complete: bool) -> bool:
            nonlocal begun
            if not begun:
                lead = head.lstrip(_LEADING).lower()
                if error := _too_long(lead, 200):
                    raise error
                for opening in filter(lead.startswith, openings):
                    raise notice(self.card.name, f"{opening}...", openings[opening])
                begun = complete or not any(text.startswith(lead) for text in beginnings)
            if sum(map(head.__contains__, markers)) >= 2 or (named and host in head):
                raise notice(self.card.name, head, _BANNED)
            return begun

        return examine


def _too_long(text: str, status: int) -> PromptTooLong | None:
    if not text.lstrip().startswith(_TOO_LONG):
        return None
    quoted = text.strip()[:60]
    return PromptTooLong(f"the service says the text is too long: {quoted!r}", provider="yqcloud", status=status)


def fresh_user_id() -> str:
    """A conversation key in the site's form, ``#/chat/`` and 13 digits of milliseconds.

    Two callers in the same millisecond would share a conversation, and with strangers at that; so the time is moved
    back by a random share of the last ten days.
    """
    return f"#/chat/{int(time.time() * 1000) - secrets.randbelow(10 * 86_400_000)}"
