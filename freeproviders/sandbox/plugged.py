"""Services of other packages, which join by an entry point ``freeproviders.sandbox``. No service lives here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from importlib.metadata import entry_points

from freeproviders.sandbox.service import Service


def plugged_in(taken: Collection[str]) -> tuple[Service, ...]:
    """Make the services of all installed packages.

    Args:
        taken: Names that are not theirs to take.

    Returns:
        Fresh services, without memory.

    Raises:
        ImportError: A package announces a service that it does not have.
    """
    services = (make() for make in _installed())
    return tuple(service for service in services if service.name not in taken)


@functools.cache  # what is installed is looked through once
def _installed() -> tuple[Callable[[], Service], ...]:
    points = sorted(entry_points(group="freeproviders.sandbox"), key=lambda point: point.name)
    return tuple(point.load() for point in points)
