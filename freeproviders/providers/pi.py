"""Pi (pi.ai): server-sent events with JSON data, conversations kept by the service, a session cookie.

Protocol and evidence: docs/wire/pi.md.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from freeproviders import prompts
from freeproviders.errors import BadReply, EmptyAnswer, InvalidSetting, LoginRequired, ProviderError, RequestRejected
from freeproviders.provider import Card, Provider
from freeproviders.providers import catalogue
from freeproviders.providers.pi_replies import conversation_sid
from freeproviders.providers.pi_requests import SESSION_COOKIE, chat_request, start_request
from freeproviders.settings import variable
from freeproviders.status import login_advice, said
from freeproviders.wire import Exchange, Prompt, Reply, Request

__all__ = ["LOGIN_ADVICE", "Pi"]

LOGIN_ADVICE = (
    f"Pi does not accept this session. {login_advice('pi')} The cookie is __Host-session, the variable "
    f"{variable('pi', 'cookies')}."
)
_CHOICES = {"route": ("auto", "v1", "v2"), "start": ("start", "conversations")}

Thread: TypeAlias = dict[str, Any]
"""``{"conversation": sid}``, and for an anonymous session ``"cookies"``: the key to it, which the service issued."""


@dataclass(frozen=True, kw_only=True)
class Pi(Provider):
    """The service at pi.ai.

    Attributes:
        route: ``"v1"`` (/api/chat), ``"v2"`` (/api/v2/chat), or ``"auto"``: v1, and v2 where v1 is gone.
        start: How a conversation begins: ``"start"`` (/api/chat/start) or ``"conversations"`` (/api/conversations).
        start_version: ``X-Api-Version`` of /api/chat/start.
        conversations_version: ``X-Api-Version`` of /api/conversations.
        api_version: ``X-Api-Version`` of the v1 chat route.
        v2_api_version: ``X-Api-Version`` of the v2 chat route.
    """

    card: ClassVar[Card] = catalogue.PI

    base_url: str = "https://pi.ai"
    origin: str = "https://pi.ai"
    route: str = "auto"
    start: str = "start"
    start_version: str = "3"
    conversations_version: str = "2"
    api_version: str = "3"
    v2_api_version: str = "5"
    prompt_cap: int = 4000

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise InvalidSetting(f"{name} must be one of {known}, got {getattr(self, name)!r}", provider="pi")

    def exchange(self, prompt: Prompt) -> Exchange:
        """A start request for a new conversation, then the chat; on an expired session one fresh start."""
        self.model_name(prompt)
        known = self.thread_key(prompt, "conversation") is not None
        thread: Thread = dict(prompt.thread or {})
        if not isinstance(thread.get("cookies", {}), Mapping):
            raise InvalidSetting("the thread's cookies must be a mapping", provider="pi")
        text = self.checked(prompts.transcript(prompts.newest(prompt.turns) if known else prompt.turns))
        if not known:
            thread = yield from self._start()
        facts: dict[str, Any] = {}
        try:
            reply = yield from self._chat(thread, text)
        except (RequestRejected, EmptyAnswer) as error:
            if isinstance(error, RequestRejected) and error.status not in (400, 401, 403):
                raise
            thread = yield from self._renewed(thread, error, keep=known)
            reply = yield from self._last_chat(thread, text)
            facts["session"] = "renewed"  # told, as a signed-in user now speaks anonymously
        if "cookies" in thread or not self._signed_in:
            thread["cookies"] = {**thread.get("cookies", {}), **reply.cookies}
        return facts if prompt.thread is None else {**facts, "thread": thread}

    def failure(self, reply: Reply) -> ProviderError | None:
        """A used-up trial is cured by signing in alone; 401 is for ``exchange``, which renews the session first."""
        if reply.status >= 400 and "trial" in said(reply).casefold():
            return LoginRequired(
                f"the service says {said(reply)!r}. {LOGIN_ADVICE}", provider="pi", status=reply.status
            )
        error = super().failure(reply)
        if isinstance(error, LoginRequired) and reply.status == 401:
            words = f"the service says {said(reply)!r}. {LOGIN_ADVICE}"
            return RequestRejected(words, provider="pi", status=reply.status)
        return error

    # The requests.

    @property
    def _signed_in(self) -> bool:
        # Other cookies (Cloudflare's) say nothing about whose session it is.
        return SESSION_COOKIE in self.cookies

    def _start(self, *, fresh: bool = False) -> Generator[Request, Reply, Thread]:
        reply = yield start_request(self, fresh=fresh)
        thread: Thread = {"conversation": conversation_sid(reply.json())}
        return {**thread, "cookies": dict(reply.cookies)} if fresh or not self._signed_in else thread

    def _renewed(self, thread: Thread, error: ProviderError, *, keep: bool) -> Generator[Request, Reply, Thread]:
        """A fresh session; a conversation the caller goes on with is kept, as only it holds what was said."""
        try:
            fresh = yield from self._start(fresh=True)
        except (RequestRejected, LoginRequired, BadReply):
            raise _login_required(error) from error
        return {**fresh, "conversation": thread["conversation"]} if keep else fresh

    def _chat(self, thread: Thread, text: str) -> Generator[Request, Reply, Reply]:
        try:
            return (yield chat_request(self, "v2" if self.route == "v2" else "v1", thread, text))
        except RequestRejected as error:
            if self.route != "auto" or error.status not in (404, 405, 410):
                raise
        return (yield chat_request(self, "v2", thread, text))

    def _last_chat(self, thread: Thread, text: str) -> Generator[Request, Reply, Reply]:
        try:
            return (yield from self._chat(thread, text))
        except (RequestRejected, EmptyAnswer) as error:
            raise _login_required(error) from error


def _login_required(error: ProviderError) -> LoginRequired:
    advice = "" if LOGIN_ADVICE in error.message else f" {LOGIN_ADVICE}"
    return LoginRequired(f"{error.message.rstrip('.')}.{advice}", provider="pi", status=error.status)
