"""What is known of the five services and of any OpenAI-compatible one, as data: one card each.

Rules live with the providers. Hosted services that speak OpenAI's protocol are in ``freeproviders.presets``.

Sources and confidence: docs/wire/.
"""

from freeproviders.limits import Limits
from freeproviders.provider import Card
from freeproviders.settings import variable
from freeproviders.status import login_advice

__all__ = ["AICHATS", "FLOWGPT", "OPENAI_COMPATIBLE", "PI", "PIZZAGPT", "YQCLOUD"]

_STALE_SECRET = f"The word in x-secret may have changed: set secret ({variable('pizzagpt', 'secret')})."
_STALE_BODY = f"Its body may have changed: set generation ({variable('pizzagpt', 'generation')}) to an older one."
_STALE_ROUTE = (
    f"The route or its signature may have changed, or it wants a login. {login_advice('flowgpt')} "
    f"Or see the settings base_url, path and authorization ({variable('flowgpt', 'authorization')})."
)

PI = Card(
    name="pi",
    title="Pi",
    site="https://pi.ai",
    models=("pi",),
    aliases={"inflection_3_pi": "pi", "inflection-2.5": "pi"},
    threads=True,
    login=True,
    # The first one comes to every visitor, the second one to those who have signed in.
    login_cookies=("__Host-session", "__Secure-pi-session"),
    context_window=1000,
    verified="2026-08-19",
    evidence="a maintained public client, with the cookies of a signed-in session",
)

PIZZAGPT = Card(
    name="pizzagpt",
    title="Pizzagpt",
    site="https://www.pizzagpt.it",
    models=("gpt-4o-mini", "gpt-3.5-turbo"),
    streaming=False,
    history=True,
    verified="2025-09",
    evidence="a public client with a changed secret and body",
    secrets=("secret",),
    hints={400: _STALE_BODY, 401: _STALE_SECRET, 403: _STALE_SECRET, 422: _STALE_BODY},
)

AICHATS = Card(
    name="aichats",
    title="AiChats",
    site="https://ai-chats.org",
    models=("gpt-4", "gpt-4o-mini", "dalle"),
    aliases={"dall-e": "dalle"},
    image_models=("dalle",),
    login_cookies=("ai-chat-front",),
    verified="2024-10-19",
    evidence="a public client notes that Cloudflare was put in front; expect a challenge without browser cookies",
    hints={404: "The service may have moved: see the settings base_url and path."},
)

YQCLOUD = Card(
    name="yqcloud",
    title="Yqcloud",
    site="https://chat9.yqcloud.top",
    models=("gpt-4", "gpt-3.5-turbo"),
    system=True,
    threads=True,
    verified="2026-07-27",
    evidence="a maintained public client raised its time limit for this service; many addresses are banned",
    hints={
        403: f"It may refuse this Origin: set origin ({variable('yqcloud', 'origin')}) to its current front end.",
        404: f"The service may have moved: see base_url ({variable('yqcloud', 'base_url')}) and path.",
    },
)

FLOWGPT = Card(
    name="flowgpt",
    title="FlowGPT",
    site="https://flowgpt.com",
    models=(
        "gpt-3.5-turbo", "gpt-3.5-long", "gpt-4-turbo", "google-gemini", "claude-instant", "claude-v1", "claude-v2",
        "llama2-13b", "mythalion-13b", "pygmalion-13b", "chronos-hermes-13b", "Mixtral-8x7B", "Dolphin-2.6-8x7B",
    ),
    aliases={"gemini": "google-gemini", "gemini-pro": "google-gemini"},
    system=True,
    history=True,
    temperature=True,
    verified="2024-08-13",
    evidence="a public client moved to this route; another route with a real login was seen on 2025-10-16",
    secrets=("authorization", "device_id"),
    hints=dict.fromkeys((401, 403, 404, 405), _STALE_ROUTE),
)  # fmt: skip

OPENAI_COMPATIBLE = Card(
    name="openai_compatible",
    title="OpenAI-compatible server",
    site="http://localhost",
    models=("default",),
    open_models=True,
    system=True,
    history=True,
    temperature=True,
    max_tokens=True,
    images_in=True,
    native_tools=True,
    native_json="schema",
    context_window=8192,
    verified="2026-10",
    evidence="public documentation of the protocol, and its official Python client against the sandbox",
    secrets=("api_key",),
    limits=Limits(),
)
