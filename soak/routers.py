"""The routers of the storm: what they must do about candidates that fail is known without knowing how."""

from collections.abc import Callable, Mapping
from functools import partial

from freeproviders import Client, Retry, Router, Timeouts
from freeproviders.sandbox import Scenario

__all__ = ["routers"]

_VOID = Scenario(pieces=("void ", "and ", "void ", "again"), cut_at=14)
_HASTY = Timeouts(first_byte=0.4, idle=0.4)


def routers(url: str) -> Mapping[str, Callable[[], Router]]:
    """The routers by name. All but the one where all fail are shared by all calls, with their breakers.

    Args:
        url: Of the sandbox.
    """
    good = partial(_client, url)
    bad = partial(_client, url, timeouts=_HASTY)
    failing = [bad("yqcloud", Scenario(status=500)), bad("pizzagpt", Scenario(garbage=True))]
    silent = bad("flowgpt", Scenario(stall_before_headers=True))
    shared = {
        "fails over": Router([*failing, silent, good("aichats"), good("pi")]),
        "restarts": Router([bad("yqcloud", _VOID), good("flowgpt"), good("pizzagpt")], on_interrupt="restart"),
        "hedges": Router([silent, good("yqcloud"), good("pi")], hedge_after=0.05),
        "draws by weight": Router([good(name) for name in ("aichats", "flowgpt", "pi", "yqcloud")], weighted=True),
    }
    blocked = bad("aichats", Scenario(page="cloudflare"))

    def all_fail() -> Router:
        return Router([*failing, blocked], retry=Retry(attempts=1))

    return {**{name: partial(_same, router) for name, router in shared.items()}, "all fail": all_fail}


def _client(url: str, name: str, scenario: Scenario | None = None, timeouts: Timeouts | None = None) -> Client:
    headers = {} if scenario is None else scenario.as_header()
    return Client(name, base_url=f"{url}/{name}", default_headers=headers, timeouts=timeouts)


def _same(router: Router) -> Router:
    return router
