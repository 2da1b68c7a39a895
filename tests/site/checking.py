"""What is wrong with pages that have been built: entries, links, and what they fetch."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.site import names

_FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class _Page(HTMLParser):
    """The anchors, links, what is fetched and the heads of entries of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.entries: set[str] = set()  # text of heads without an anchor of their own
        self._head: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag in _FETCHED and found.get(_FETCHED[tag]):
            self.fetched.append(str(found[_FETCHED[tag]]))
        if tag == "dt" and "sig" in (found.get("class") or ""):
            self._head = []

    def handle_data(self, data: str) -> None:
        if self._head is not None:
            self._head.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "dt" and self._head is not None:
            self.entries.add("".join(self._head).strip().removesuffix("¶"))
            self._head = None


def counts() -> dict[str, int]:
    """Return how many entries of each kind there must be."""
    return {kind: len(found) for kind, found in wanted().items()}


def wanted() -> dict[str, set[str]]:
    """Return the names that must have an entry, by kind."""
    return {
        "of code": set(names.code()),
        "of configuration": {each.name for each in names.configuration()},
        "of variables": {each.name for each in names.variables()},
        "of events": set(names.events()),
    }


def faults(site: Path) -> list[str]:
    """Return a sentence for all that is wrong."""
    pages = {
        path.relative_to(site).as_posix(): _Page(path.read_text()) for path in site.rglob("*.html")
    }
    said = [
        f"{name} fetches {each} from elsewhere"
        for name, page in pages.items() for each in page.fetched
        if each.startswith(("//", "http:", "https:"))
    ]  # fmt: skip
    options = site / "_static" / "documentation_options.js"
    if options.is_file() and "SHOW_SEARCH_SUMMARY: true" in options.read_text():
        said.append("the search fetches each page that it finds, which no page of a file may")
    for name, page in pages.items():
        for link in page.links:
            said += _nowhere(site, pages, name, link)
    reference = {name: page for name, page in pages.items() if name.startswith("reference/")}
    anchors = {each for page in reference.values() for each in page.ids}
    anchors |= {each.removeprefix("module-") for each in anchors}
    heads = {each for page in reference.values() for each in page.entries}
    for kind, found in wanted().items():
        there = anchors if kind == "of code" else heads
        said += [f"{each} has no entry" for each in sorted(found - there)]
    return said


def _nowhere(site: Path, pages: dict[str, _Page], name: str, link: str) -> list[str]:
    """Say of a link within the site that it leads nowhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = name
    if parts.path:
        path = (site / name).parent / unquote(parts.path)
        if not path.exists():
            return [f"{name} links to {link}, which is not there"]
        target = path.resolve().relative_to(site.resolve()).as_posix()
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids:
        return [f"{name} links to {link}, an anchor that is not there"]
    return []
