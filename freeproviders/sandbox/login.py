"""The simulated sites' login pages: after a click the browser has what the service's API accepts.

Pi and AiChats set a cookie that scripts cannot read. FlowGpt's page sends a bearer token to its own API. With `?auto`
the page clicks its button by itself. The other services show a form that leads nowhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from aiohttp import web

from freeproviders.sandbox.pages import LOGIN
from freeproviders.sandbox.pi_memory import nanoid
from freeproviders.sandbox.settings import Settings

_PAGE = """<!DOCTYPE html><html><head><title>Log in</title></head><body><h1>Log in</h1>
<form method="post"><button>Log in</button></form>%s</body></html>
"""
_CLICK = "<script>document.querySelector('button').click()</script>"
_DONE = """<!DOCTYPE html><html><head><title>Signed in</title></head><body><h1>Signed in</h1>%s</body></html>
"""
_CALL = """
<script>fetch("prompt/model-gpt-3.5-turbo/", {headers: {Authorization: "Bearer %s"}})</script>"""


def respond(request: web.Request, name: str, settings: Settings) -> web.StreamResponse:
    """Show the login page of a service, or sign in.

    Args:
        request: GET for the page, POST for its button.
        name: The service.
        settings: Gets to know who has signed in.

    Returns:
        The response.
    """
    sign_in = _SIGN_IN.get(name)
    if sign_in is None:
        return _html(LOGIN)
    if request.method == "POST":
        return sign_in(settings)
    return _html(_PAGE % (_CLICK if "auto" in request.query else ""))


def _pi(settings: Settings) -> web.Response:
    session = nanoid()
    settings.pi_sessions.add(session)
    cookies = {"__Host-session": session, "__Secure-pi-session": nanoid()}
    return _html(_DONE % "", *(f"{name}={value}; Path=/; Secure; HttpOnly" for name, value in cookies.items()))


def _aichats(settings: Settings) -> web.Response:
    del settings  # any value of the cookie will do
    return _html(_DONE % "", f"ai-chat-front={secrets.token_hex(16)}; path=/; HttpOnly")


def _flowgpt(settings: Settings) -> web.Response:
    token = nanoid()
    settings.flowgpt_tokens.add(token)
    return _html(_DONE % _CALL % token)


_SIGN_IN: dict[str, Callable[[Settings], web.Response]] = {"pi": _pi, "aichats": _aichats, "flowgpt": _flowgpt}


def _html(text: str, *cookies: str) -> web.Response:
    response = web.Response(text=text, content_type="text/html")
    for cookie in cookies:
        response.headers.add("Set-Cookie", cookie)
    return response
