"""Warnings about words a service cannot use, given by both framework packages. Errors: ``freeproviders.errors``."""

import sys
import warnings
from collections.abc import Iterable

__all__ = ["IgnoredParameterWarning", "warn_ignored"]

# Packages between a caller and the place where it shows that a word has no effect.
_INSIDE = {
    *("freeproviders", "langchain_freeproviders", "llamaindex_freeproviders", "pydantic", "wrapt"),
    *("langchain", "langchain_core", "langgraph", "llama_index", "llama_index_instrumentation"),
}


class IgnoredParameterWarning(UserWarning):
    """A parameter was accepted that the service has no field for; it has no effect on the answer."""


def warn_ignored(provider_title: str, words: Iterable[str]) -> None:
    """Reports the parameters a service ignores, in one warning at the caller's line; none are no warning.

    Args:
        provider_title: Name of the service for people, e.g. ``"Yqcloud"``.
        words: The parameters, e.g. ``["temperature"]``.
    """
    names = ", ".join(sorted(words))
    if names:
        text = f"{provider_title} has no field for {names}: accepted, without effect on the answer."
        warnings.warn(text, IgnoredParameterWarning, stacklevel=_callers_level())


def _callers_level() -> int:
    """How far up the first frame is that is neither ours nor of a framework; 1 is who asks."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001  # the only way before Python 3.12
    while frame.f_globals.get("__name__", "").partition(".")[0] in _INSIDE and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    return level
