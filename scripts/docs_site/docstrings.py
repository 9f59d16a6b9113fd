"""Docstrings as the site's Markdown: the sections that LangChain's classes use, code blocks of reStructuredText, trees.

``zensical.toml`` names this as an extension of Griffe, which reads all docstrings.
"""

import re
import textwrap
from typing import Any

import griffe

__all__ = ["AsMarkdown", "markdown"]

_CODE = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<word>\w+)\n\n(?P<body>(?:(?P=indent) {4}.*(?:\n|\Z)| *\n)+)", re.MULTILINE
)
# Griffe makes tables and lists of these; other headings are ours to show.
_TABLES = ("Args", "Attributes", "Raises", "Returns", "Yields")
_SECTION = re.compile(r"^(?P<head>[A-Z][^\n:.`]+):\n(?P<body>(?: {4}.*(?:\n|\Z)|\n)+)", re.MULTILINE)
_WORDS = re.compile(r"^(?P<words>[a-z_0-9]+(?:, [a-z_0-9]+)*): ", re.MULTILINE)
_ENTRY = re.compile(r"^ {4}\*{0,2}\w+: .*(?:\n {5,}.*)*", re.MULTILINE)
_TREE = re.compile(r"^(?P<tree>\S[^\n]*\n(?:[│├└][^\n]*(?:\n|\Z))+)", re.MULTILINE)


def markdown(text: str) -> str:
    """A docstring without its common indent, as Markdown that Griffe reads on."""
    text = _SECTION.sub(_section, f"{text}\n")
    text = _CODE.sub(lambda found: _fence(found["word"], textwrap.dedent(found["body"]), found["indent"]), text)
    return _TREE.sub(lambda found: _fence("text", found["tree"], ""), text).rstrip()


def _section(found: re.Match[str]) -> str:
    if found["head"] in _TABLES:
        return found[0]
    body = _WORDS.sub(lambda words: f"- `{words['words']}`: ", textwrap.dedent(found["body"]))
    return f"**{found['head']}**\n\n{body}"


def _fence(word: str, body: str, indent: str) -> str:
    return textwrap.indent(f"```{word}\n{body.strip()}\n```\n\n", indent, bool)


class AsMarkdown(griffe.Extension):
    """Turns every docstring into Markdown before it is parsed, and gives the words of a class their types.

    Classes of the frameworks take their fields as words, and have no signature that says so.
    """

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:  # noqa: ARG002  # Griffe's signature
        """Griffe calls this with each package that it has read."""
        _rewrite(pkg)


def _rewrite(found: griffe.Object) -> None:
    if found.docstring is not None:
        text = markdown(found.docstring.value)
        found.docstring.value = _typed(text, found) if isinstance(found, griffe.Class) else text
    for member in found.members.values():
        if not isinstance(member, griffe.Alias):
            _rewrite(member)


def _typed(text: str, owner: griffe.Class) -> str:
    start = text.find("Args:\n")
    if start < 0:
        return text
    section, rest, after = text[start:].partition("\n\n")
    told = {parameter.name for parameter in owner.parameters}
    entries = _ENTRY.findall(section)
    own = [entry for entry in entries if entry.partition(":")[0].strip(" *") in told]
    others = [_with_type(entry, owner) for entry in entries if entry not in own]
    # Among the parameters of a signature these would be shown as required, which they are not.
    parts = {"Args": own, "Keyword Args": others}
    sections = ["\n".join([f"{head}:", *found]) for head, found in parts.items() if found]
    return text[:start] + "\n\n".join(sections) + rest + after


def _with_type(entry: str, owner: griffe.Class) -> str:
    word, _, told = entry.partition(":")
    kinds = [owner, *owner.mro()]
    fields = [kind.members[word.strip()] for kind in kinds if word.strip() in kind.members]
    annotations = [str(field.annotation) for field in fields if isinstance(field, griffe.Attribute)]
    return f"{word} ({annotations[0] if annotations else 'Any'}):{told}"
