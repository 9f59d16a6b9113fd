"""No pattern of the parser repeats a repetition without bound: such patterns take exponential time on some texts."""

import importlib
import pkgutil
import re
import sys

import pytest

from freeproviders import tools

# The standard library's own parser of patterns, which moved.
parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")


def nests(items, inside=False):
    """Whether a parsed pattern has an unbounded repetition inside another."""
    for operation, argument in items:
        name = str(operation)
        if name.endswith("REPEAT"):
            unbounded = argument[1] == parser.MAXREPEAT
            if (inside and unbounded) or nests(argument[2], inside or unbounded):
                return True
        elif name == "BRANCH":
            if any(nests(branch, inside) for branch in argument[1]):
                return True
        elif (name == "SUBPATTERN" or name.startswith("ASSERT")) and nests(argument[-1], inside):
            return True
    return False


def patterns():
    for module in pkgutil.walk_packages(tools.__path__, "freeproviders.tools."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield pytest.param(value.pattern, id=f"{module.name.removeprefix('freeproviders.tools.')}.{name}")


@pytest.mark.parametrize("pattern", list(patterns()))
def test_no_repetition_is_repeated_without_bound(pattern):
    assert not nests(parser.parse(pattern))


@pytest.mark.parametrize("pattern", [r"(?:a+)*", r"(?:a+b?)+", r"(?=(?:a|b+)*c)", r"((a*){3})*"])
def test_a_repeated_repetition_trips_the_gate(pattern):
    assert nests(parser.parse(pattern))


@pytest.mark.parametrize("pattern", [r"(?:a|b)*", r"a+b+", r"(?:a{1,3})*", r"(a+){0,3}"])
def test_bounded_ones_pass(pattern):
    assert not nests(parser.parse(pattern))
