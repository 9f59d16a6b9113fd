"""A service that has changed is told by the setting that went stale."""

import pytest

from freeproviders import errors
from freeproviders.testing.kit import client_of, collected

STALE = {
    "pizzagpt, the secret": ("pizzagpt", {"pizzagpt_secrets": {"Quattro"}}, errors.RequestRejected, "secret"),
    "pizzagpt, the body": ("pizzagpt", {"pizzagpt_generations": set()}, errors.RequestRejected, "generation"),
    "yqcloud, the origin": ("yqcloud", {"yqcloud_origins": {"https://new.example"}}, errors.RequestRejected, "origin"),
    "flowgpt, the route": ("flowgpt", {"flowgpt_skew": -1.0}, errors.LoginRequired, "authorization"),
    "pi, the session": ("pi", {"pi_login_required": True}, errors.LoginRequired, "cookies"),
    "aichats, the cookies": ("aichats", {"aichats_cookies_required": True}, errors.Blocked, "cookies"),
    "yqcloud, the length": ("yqcloud", {"yqcloud_prompt_limit": 3}, errors.PromptTooLong, "too long"),
}


@pytest.mark.parametrize(("name", "strictness", "kind", "word"), STALE.values(), ids=STALE)
async def test_a_refusal_names_the_setting_that_went_stale(sandbox, name, strictness, kind, word):
    for setting, value in strictness.items():
        setattr(sandbox.settings, setting, value)
    with pytest.raises(kind, match=word):
        await collected(client_of(sandbox, name))
