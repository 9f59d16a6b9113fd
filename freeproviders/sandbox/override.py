"""Answers which a `Scenario` puts in the place of the service's own: pages, statuses, bodies, garbage. No sockets."""

from __future__ import annotations

from freeproviders.sandbox.answer import Answer, Refusal, bytes_answer, frames
from freeproviders.sandbox.pages import GARBAGE, page
from freeproviders.sandbox.scenario import Scenario
from freeproviders.sandbox.service import Route, Service

_ERRORS = 400
_REDIRECT = 302


def check_variant(scenario: Scenario, route: Route, service: Service) -> None:
    """Refuse a variant nobody knows, so that a misspelt one cannot pass for good behaviour.

    Args:
        scenario: What was asked for.
        route: Where it shall happen.
        service: Whose route it is.

    Raises:
        Refusal: 400 that names the known variants.
    """
    known = service.variants("any" if scenario.on == "any" else route.endpoint)
    if scenario.variant is not None and scenario.variant not in known:
        names = ", ".join(sorted(known)) or "none"
        raise Refusal(
            400,
            f"sandbox: unknown variant {scenario.variant!r} of {service.name} {route.endpoint}; known: {names}",
        )


def override(scenario: Scenario, usual: Answer, service: Service) -> Answer:
    """Apply what replaces the whole body.

    Args:
        scenario: How to behave.
        usual: The service's own answer.
        service: Whose answer it is.

    Returns:
        The answer to send; `usual` where nothing replaces it.
    """
    if scenario.page is not None:
        return _page(scenario.page, service, scenario.status)
    if scenario.body is not None:
        body = scenario.body.encode() if isinstance(scenario.body, str) else scenario.body
        return bytes_answer(body, usual.content_type, status=usual.status)
    if scenario.empty:
        return bytes_answer(b"", usual.content_type)
    if scenario.garbage:
        return bytes_answer(GARBAGE, usual.content_type)
    if scenario.status is not None and scenario.status >= _ERRORS and usual.status < _ERRORS:
        return service.failure(scenario.status)
    return usual


def _page(name: str, service: Service, status: int | None) -> Answer:
    usual, kind, body = page(name)
    goes = status or usual
    headers = {"Location": f"/{service.name}/login"} if goes == _REDIRECT else {}
    return Answer(frames=frames([body]), content_type=kind, status=goes, headers=headers)
