"""Warnings about words a service cannot use, given by both framework packages. Errors: ``freeproviders.errors``."""

import warnings
from collections.abc import Iterable

__all__ = ["IgnoredParameterWarning", "warn_ignored"]


class IgnoredParameterWarning(UserWarning):
    """A parameter was accepted that the service has no field for; it has no effect on the answer."""


def warn_ignored(provider_title: str, words: Iterable[str], stacklevel: int) -> None:
    """Reports the parameters a service ignores, in one warning; none are no warning.

    Args:
        provider_title: Name of the service for people, e.g. ``"Yqcloud"``.
        words: The parameters, e.g. ``["temperature"]``.
        stacklevel: As in ``warnings.warn``, counted from the caller of this function: 1 is the caller itself.
    """
    names = ", ".join(sorted(words))
    if names:
        text = f"{provider_title} has no field for {names}: accepted, without effect on the answer."
        warnings.warn(text, IgnoredParameterWarning, stacklevel=stacklevel + 1)
