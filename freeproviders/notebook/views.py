"""How cards, presets, routers and errors look in a notebook: their ``_repr_html_``. Nothing secret is shown."""

from freeproviders.breaker import BreakerState
from freeproviders.errors import AllProvidersFailed, ProviderError, StreamInterrupted, Tried
from freeproviders.notebook.markup import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    box,
    chip,
    details,
    escaped,
    facts,
    link,
    styled,
    table,
)
from freeproviders.presets.preset import Preset, Published
from freeproviders.provider import Card
from freeproviders.router import Router

__all__ = ["card_html", "error_html", "preset_html", "router_html"]

_SHOWN_MODELS = 8
_STATUS_TONES = {"stable": GREEN, "local": BLUE, "trial": YELLOW, "legacy": YELLOW, "retired": RED}


def card_html(card: Card) -> str:
    """What is known of a service.

    Args:
        card: Its card.
    """
    can = {
        "streams": card.streaming,
        "system prompt": card.system,
        "history": card.history,
        "threads": card.threads,
        "temperature": card.temperature,
        "sees images": card.images_in,
        "draws": bool(card.image_models),
        "tools as data": card.native_tools,
        f"JSON by {card.native_json}": bool(card.native_json),
    }
    chips = " ".join(chip(word, BLUE) for word, does in can.items() if does)
    pairs = [
        ("site", link(card.site)),
        ("models", escaped(_models(card))),
        ("can", chips),
        ("login", escaped("needed today, it is said") if card.login else ""),
        ("context", escaped(f"about {card.context_window} tokens")),
        ("limits kept", escaped(str(card.limits))),
        ("verified", escaped(f"{card.verified}: {card.evidence}")),
    ]
    return box(card.title, chip(card.name), facts(pairs))


def preset_html(preset: Preset) -> str:
    """What is known of a hosted or local service that speaks OpenAI's protocol.

    Args:
        preset: Its preset.
    """
    can = {"tools": preset.tools, f"JSON by {preset.json}": bool(preset.json), "sees images": preset.images}
    key = " or ".join(preset.key_variables) + (" (needed)" if preset.key_needed else " (optional)")
    pairs = [
        ("site", link(preset.site)),
        ("model", escaped(preset.model)),
        ("can", " ".join(chip(word, BLUE) for word, does in can.items() if does)),
        ("context", escaped(f"about {preset.context_window} tokens")),
        ("free limits", escaped(_published(preset.limits))),
        ("key", escaped(key if preset.key_variables else "none")),
        ("get a key", link(preset.key_url) if preset.key_url else ""),
        ("use of prompts", escaped(preset.data_use)),
        ("note", escaped(preset.note)),
        ("instead", escaped(", ".join(preset.replaced_by))),
        ("verified", escaped(preset.verified_on)),
    ]
    return box(preset.title, chip(preset.name) + chip(preset.status, _STATUS_TONES[preset.status]), facts(pairs))


def router_html(router: Router) -> str:
    """Who is asked, in which order, and what stands before each.

    Args:
        router: The router.
    """
    states = router.snapshot()
    rows = [
        [
            f"<b>{escaped(one.name)}</b>",
            escaped(one.provider.card.title),
            _breaker(states[one.name]),
            styled("white-space:nowrap", escaped(_lately(states[one.name]))),
            escaped(_last(states[one.name])),
        ]
        for one in router.candidates
    ]
    note = chip("order drawn by weights" if router.weighted else "asked in this order")
    return box("Router", note, table(["candidate", "service", "state", "lately", "last error"], rows))


def error_html(error: ProviderError) -> str:
    """What went wrong, where, and what there is to do.

    Args:
        error: The error.
    """
    pairs = [
        ("service", escaped(error.provider)),
        ("status", "" if error.status is None else escaped(f"HTTP {error.status}")),
        ("ask again", "" if error.retry_after is None else escaped(f"in {error.retry_after:.0f} s")),
    ]
    message = styled("margin-bottom:6px;overflow-wrap:anywhere", escaped(error.message))
    note = chip("asking again may help", YELLOW) if error.retryable else ""
    return box(type(error).__name__, chip("error", RED) + note, message, facts(pairs), _more(error))


def _more(error: ProviderError) -> str:
    if isinstance(error, AllProvidersFailed) and error.attempts:
        return table(["candidate", "asked", "what it said", "ask again"], [_tried(one) for one in error.attempts])
    if isinstance(error, StreamInterrupted) and error.partial:
        text = styled("white-space:pre-wrap;overflow-wrap:anywhere", escaped(error.partial))
        return details(f"what had come: {len(error.partial)} characters", text)
    return ""


def _tried(one: Tried) -> list[str]:
    silent = "slower than another" if one.seconds else f"left alone after {one.last}" if one.last else ""
    kind = chip(type(one.error).__name__, RED) + " " if one.error is not None else ""
    return [
        f"<b>{escaped(one.candidate)}</b>",
        escaped(f"{one.seconds:.1f} s" if one.seconds else "no"),
        kind + escaped(silent if one.error is None else one.error.message),
        escaped(f"in {one.opens_in:.0f} s" if one.opens_in else "at once"),
    ]


def _breaker(state: BreakerState) -> str:
    if state.state == "closed":
        return chip("is asked", GREEN)
    if state.state == "half_open":
        return chip("is tried again", YELLOW)
    return chip(f"left alone for {state.opens_in:.0f} s", RED)


def _lately(state: BreakerState) -> str:
    return f"{state.failures} of {state.calls} failed" if state.calls else "no calls"


def _last(state: BreakerState) -> str:
    return f"{state.last_error}: {state.last_message}" if state.last_error else ""


def _models(card: Card) -> str:
    names = ", ".join(card.models[:_SHOWN_MODELS])
    more = len(card.models) - _SHOWN_MODELS
    return f"{names} and {more} more" if more > 0 else names + (" and others" if card.open_models else "")


def _published(limits: Published) -> str:
    units = {
        "rps": "requests a second",
        "rpm": "requests a minute",
        "rpd": "requests a day",
        "tpm": "tokens a minute",
        "tpd": "tokens a day",
        "per_period": f"requests a {limits.period or 'period'}",
    }
    told = ", ".join(f"{getattr(limits, name)} {unit}" for name, unit in units.items() if getattr(limits, name))
    return f"{told} (for each {limits.scope})" if told and limits.scope else told
