"""Prompted tool calling: how tools are put into a prompt, and how calls are read from a reply."""

from freeproviders.tools.loading import parse_value
from freeproviders.tools.reading import parse, parse_stream, read
from freeproviders.tools.result import InvalidCall, Reading, ToolCall, UnreadableValue
from freeproviders.tools.scanner import ToolScanner

__all__ = [
    "InvalidCall",
    "Reading",
    "ToolCall",
    "ToolScanner",
    "UnreadableValue",
    "parse",
    "parse_stream",
    "parse_value",
    "read",
]
