"""What every look at a place of a reply may come to: constants, shared by those who look and those who act."""

from freeproviders.tools.places import Found

__all__ = ["ITEM", "MORE", "NOTHING"]

ITEM = "item"
"""Kind of a place where a call begins without an opener."""

MORE = Found("more", 0)
"""The text ends too early to tell."""

NOTHING = Found("", 0)
"""Nothing of ours begins here."""
