"""The markers of model families and chat templates: which of them opens a call, ends one, or begins a forged turn."""

import re

__all__ = ["MARKER_WIDTH", "could_be_marker", "marker_kind"]

MARKER_WIDTH = 48
"""Longest text between angle brackets that is looked at as a marker."""

_OPENS = frozenset((
    "toolcall", "toolcalls", "functioncall", "functioncalls", "tooluse", "tools", "functions", "toolcode", "pythontag",
    "toolcallsbegin", "toolcallbegin", "toolcallssectionbegin", "toolcallargumentbegin", "toolsep", "actions",
    "toolcallstart", "antml:functioncalls", "functioncallsbegin", "toolcalllist",
))  # fmt: skip
_CLOSES = frozenset((
    "toolcallsend", "toolcallend", "toolcallssectionend", "toolcallstop", "call",
))  # fmt: skip
_RESULTS = frozenset((
    "toolresponse", "toolresponses", "toolresult", "toolresults", "functionresponse", "functionresult",
    "functionresults", "observation", "tooloutput", "tooloutputsbegin", "tooloutputbegin", "functionoutput",
))  # fmt: skip
_THINKS = frozenset(("think", "thinking", "thought", "thoughts", "reasoning", "scratchpad", "reflection"))
_NOISE = frozenset(("eos", "endofturn", "startofturn", "bos", "?xml", "?"))
_ALL = _OPENS | _CLOSES | _RESULTS | _THINKS | _NOISE
_NAME = "name="
"""Results are shown with the tool's name, so that is how they are invented too."""
_HEADS = frozenset(
    word[:length] for word in (*_ALL, *(word + _NAME for word in _RESULTS)) for length in range(1, len(word) + 1)
)
_SQUEEZE = re.compile(r"[\s_▁\-]+")
_BARS = "|｜"


def marker_kind(inside: str) -> str:
    """What the text between angle brackets is.

    Returns:
        ``"opens"``, ``"closes"``, ``"result"``, ``"think"``, ``"unthink"``, ``"chat"`` or an empty string.
    """
    closing = inside.startswith("/")
    barred = inside.strip("/ ")[:1] in _BARS
    word = _SQUEEZE.sub("", inside.strip("/ " + _BARS)).casefold()
    if word in _OPENS:
        return "closes" if closing else "opens"
    if word in _CLOSES and (barred or closing):
        return "closes"
    if word.partition(_NAME)[0] in _RESULTS:
        return "chat" if closing else "result"
    if word in _THINKS:
        return "unthink" if closing else "think"
    if word == "s" and closing:
        return "chat"
    return "chat" if barred or word in _NOISE or word.startswith("?xml") else ""


def could_be_marker(inside: str) -> bool:
    """Whether more text could make what follows an angle bracket a marker."""
    if inside.lstrip("/ ")[:1] in _BARS:
        return True
    word = _SQUEEZE.sub("", inside.lstrip("/ ")).casefold()
    result = word.partition(_NAME)[0] in _RESULTS
    return result or not word or word in _HEADS or word.startswith("?xml") or (inside.startswith("/") and word == "s")
