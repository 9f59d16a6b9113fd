"""Links of pages that are moved from the repository to the site. Markdown in, Markdown out."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

__all__ = ["moved", "outside_code", "with_pictures"]

_CODE = re.compile(r"^(?P<fence> *(?:`{3,}|~{3,})).*?^(?P=fence) *$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_DRAWING = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<target>assets/[^)]+\.svg)\)$", re.MULTILINE)


def moved(text: str, source: PurePosixPath, places: Mapping[PurePosixPath, PurePosixPath]) -> str:
    """A page with links that hold in the site. Of a link to a file that is not there, its text remains.

    Args:
        text: The page.
        source: Its file in the repository.
        places: Where files of the repository stand in the site.
    """
    here = places[source]

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if ":" in target:
            return match[0]
        file = PurePosixPath(os.path.normpath(source.parent / target))
        if file not in places:
            # pages that are written at the build have their place in docs/, and no file there
            return match[0] if file.is_relative_to("docs") and file.suffix == ".md" else match["text"]
        there = os.path.relpath(places[file], here.parent)
        return f"{match['picture']}[{match['text']}]({there}{match['anchor'] or ''})"

    # Links hold code in their texts, so code is what stands outside of them.
    return outside_code(text, lambda plain: _LINK.sub(link, plain))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """A text, changed where it is no code. Code is out of sight meanwhile, so that links may hold it."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x00{len(kept) - 1}\x00"

    changed = change(_CODE.sub(hide, text))
    return re.sub("\x00(\\d+)\x00", lambda match: kept[int(match[1])], changed)


def with_pictures(text: str, file: Path) -> str:
    """A page with its own drawings inside: they take on the colours of the site, light or dark."""

    def drawn(match: re.Match[str]) -> str:
        drawing = (file.parent / match["target"]).read_text(encoding="utf-8").strip()
        return f'<figure class="drawing" role="img" aria-label="{match["alt"]}">\n{drawing}\n</figure>'

    return outside_code(text, lambda plain: _DRAWING.sub(drawn, plain))
