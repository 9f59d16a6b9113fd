"""Prompts are known by their marks, each looked for once and behind the one before: a long text costs its length."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from dataclasses import dataclass, field, replace

import pytest

from freeproviders.sandbox import rules
from freeproviders.sandbox.rules.marked import Marked, marked

# The standard library's own parser of patterns, which moved.
parser = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")

# What a mark may repeat without bound: a run of these ends soon in any prompt, and is looked at once.
NARROW = ({"CATEGORY_SPACE"}, {" ", "\t"}, {"-"})
TEXTS = ["Context:", "Question: ", "Query:\n", "Answer:", "-----\n", "Chat History:", "'", "<context>", " ", "\n", "a"]
OWN = "the marks of the form, over and over"


def forms():
    for module in pkgutil.walk_packages(rules.__path__, "freeproviders.sandbox.rules."):
        for name, value in vars(importlib.import_module(module.name)).items():
            found = value if isinstance(value, tuple) else (value,)
            for number, form in enumerate(form for form in found if isinstance(form, Marked)):
                yield pytest.param(form, id=f"{name}.{number}")


FORMS = list(forms())


@dataclass
class Watched:
    """A mark that keeps where it was looked for: from, and to where it was found or the text ends."""

    mark: re.Pattern[str]
    places: list[tuple[int, int]] = field(default_factory=list)

    def search(self, text, start):
        found = self.mark.search(text, start)
        self.places.append((start, len(text) if found is None else found.end()))
        return found


@pytest.mark.parametrize("unit", [*TEXTS, OWN])
@pytest.mark.parametrize("form", FORMS)
def test_no_place_of_a_text_is_looked_at_twice(form, unit):
    watched = tuple(map(Watched, form.marks))
    shown = "\n".join(mark.pattern for mark in form.marks) + "\n"
    text = (shown if unit == OWN else unit) * 2000
    replace(form, marks=watched).read(text)
    places = [place for mark in watched for place in mark.places]
    assert places
    assert sum(end - start for start, end in places) <= len(text)


def wide(items):
    """The unbounded repetitions of a parsed pattern of anything but blanks or dashes."""
    for operation, argument in items:
        name = str(operation)
        if name.endswith("REPEAT"):
            if argument[1] == parser.MAXREPEAT and _letters(argument[2]) not in NARROW:
                yield argument
            yield from wide(argument[2])
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from wide(branch)
        elif name == "SUBPATTERN" or name.startswith("ASSERT"):
            yield from wide(argument[-1])


def _letters(items):
    """What a one-letter pattern stands for, as names of categories and as letters."""
    found = set()
    for operation, argument in items:
        if str(operation) == "IN":
            found |= _letters(argument)
        else:
            found.add(chr(argument) if str(operation) == "LITERAL" else str(argument))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_mark_repeats_blanks_and_dashes_alone(form):
    assert [list(wide(parser.parse(mark.pattern))) for mark in form.marks] == [[]] * len(form.marks)


@pytest.mark.parametrize("pattern", [r"a[\s\S]*?b", r"a.*b", r"a[^\n]*b", r"(?:x|a\S+)b", r"(?=\w+b)", r"(?:ab)*"])
def test_a_gap_inside_a_mark_trips_the_gate(pattern):
    assert list(wide(parser.parse(pattern)))


def test_marks_are_taken_in_their_order():
    form = marked("A", "first", "B", "", r"C(?P<number>\d)", "last", r"\Z")
    assert form.read("B A one B two C3 four ") == {"first": "one", "number": "3", "last": "four"}


@pytest.mark.parametrize("text", ["", "A", "B A", "A C1 B", "a B C1"])
def test_a_text_without_a_mark_has_another_form(text):
    assert marked("A", "first", "B", "", r"C(?P<number>\d)").read(text) is None
