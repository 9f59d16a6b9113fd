"""How strict the sandbox is: one mutable value, read at every request."""

from __future__ import annotations

from dataclasses import dataclass, field

YQCLOUD_ORIGINS = frozenset(
    {
        "https://chat9.yqcloud.top",
        "https://chat.yqcloud.top",
        "https://chat.jinshutuan.com",
        "https://chat18.aichatos.top",
        "https://chat18.aichatos.xyz",
        "https://chat18.aichatos8.com",
        "https://chat18.aichatos68.com",
        "https://iai.aichatos8.com.cn",
    }
)


@dataclass(slots=True, kw_only=True)
class Settings:
    """Strictness of the services; fields may be changed at any time, and a fresh value has the defaults.

    Attributes:
        pi_sessions: `__Host-session` values of signed-in users; the login page adds one, a rotation replaces one.
        pi_login_required: Refuse chats of sessions which are not in `pi_sessions`.
        pi_prompt_cap: Characters a prompt may have.
        pi_history_page: Messages on one page of the history.
        pizzagpt_secrets: Accepted `x-secret` words.
        pizzagpt_generations: Accepted generations of the request body: "2024", "2025-02", "2025-09".
        aichats_cookies_required: Answer requests without an `ai-chat-front` cookie with a challenge page.
        yqcloud_origins: Accepted Origins; an empty set accepts any.
        yqcloud_prompt_limit: Characters a prompt may have before it is refused with 429, or None.
        flowgpt_skew: Seconds `x-timestamp` may be off.
        flowgpt_max_devices: Different device ids accepted since the last reset, or None.
        openai_keys: Accepted keys of the OpenAI-compatible service; none accepts any, and requests without one.
        openai_models: Models the OpenAI-compatible service has; none accepts any.
        flowgpt_tokens: Bearer tokens of signed-in users; the login page adds one.
    """

    pi_sessions: set[str] = field(default_factory=lambda: {"signed-in-session"})
    pi_login_required: bool = False
    pi_prompt_cap: int = 4000
    pi_history_page: int = 2
    pizzagpt_secrets: set[str] = field(default_factory=lambda: {"Diavola"})
    pizzagpt_generations: set[str] = field(default_factory=lambda: {"2024", "2025-02", "2025-09"})
    aichats_cookies_required: bool = False
    yqcloud_origins: set[str] = field(default_factory=lambda: set(YQCLOUD_ORIGINS))
    yqcloud_prompt_limit: int | None = None
    flowgpt_skew: float = 300.0
    flowgpt_max_devices: int | None = None
    flowgpt_tokens: set[str] = field(default_factory=set)
    openai_keys: set[str] = field(default_factory=set)
    openai_models: set[str] = field(default_factory=set)
