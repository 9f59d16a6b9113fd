"""Looks at the built pages, as a browser would read them: every link and anchor, and nothing from elsewhere."""

import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

__all__ = ["Page", "complaints", "read"]

_LOADED = {"src", "srcset", "poster", "data"}


class Page(HTMLParser):
    """What a page has and what it points to.

    Attributes:
        anchors: All its ids.
        links: Targets of its links.
        loaded: What a browser would fetch to show it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes ids, links and what is loaded."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") not in ("canonical", "prev", "next", "alternate"):
            self.loaded.append(given.get("href", ""))
        self.loaded += [given[name] for name in _LOADED if name in given and tag != "object"]


def read(site: Path) -> dict[str, Page]:
    """All pages of a site, by their path in it."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = pages[path.relative_to(site).as_posix()] = Page()
        page.feed(path.read_text(encoding="utf-8"))
    return pages


def complaints(site: Path) -> list[str]:
    """What is wrong with a site, a line each; empty if all is well."""
    pages = read(site)
    return [f"{name}: {what}" for name, page in pages.items() for what in _complaints(name, page, pages, site)]


def _complaints(name: str, page: Page, pages: dict[str, Page], site: Path) -> Iterator[str]:
    for target in page.loaded:
        if urlsplit(target).netloc:
            yield f"loads {target}"
    for target in [*page.links, *page.loaded]:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or name == "404.html":  # its links are those of the root
            continue
        path = os.path.normpath(PurePosixPath(name).parent / unquote(parts.path)) if parts.path else name
        path = f"{path}/index.html" if (site / path).is_dir() else path
        if not (site / path).exists():
            yield f"points to {target}, which does not exist"
        elif parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].anchors:
            yield f"points to {target}, an anchor that does not exist"
