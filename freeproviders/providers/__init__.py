"""The services: one file each, and the registry's view of them (``names``, ``get``, ``cards``)."""

from freeproviders.registry import cards, get, names

__all__ = ["cards", "get", "names"]
