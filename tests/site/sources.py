"""The sources of the site: pages of the repository as they are, the reference, and the order."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.site import reference
from tests.site.names import ROOT

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
FILES = ("LICENSE", "CITATION.cff")
ORDER = {  # of the pages of docs; what stands in no part comes last
    "Guides": ("guides/*", "gallery"),
    "Running": ("runbook", "report", "dataset", "events", "scale", "statistics", "expectations"),
    "Markets": (
        "mechanisms", "makers", "constraints", "venues", "environment", "episodes", "leakage",
    ),
    "Learning": ("learning", "environments", "trajectories", "arena"),
    "Data, credit and stress": ("data", "credit", "stress"),
    "Lists": ("defaults", "metrics"),
    "Papers": ("papers/README", "papers/[a-z]*"),
    "Proof": ("validation", "proof", "faults", "performance", "seeds"),
}  # fmt: skip
_CONFIGURATION = '''"""Written by tests/site."""
project = "Proteus"
author = "The Proteus authors"
copyright = author
extensions = ["myst_parser"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Proteus"
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # a page opened from a file may fetch no other
suppress_warnings = ["ref.python"]  # a class of an annotation may have namesakes in other modules
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90


def setup(app):
    """Give what is not code entries of its own, which the search finds by name."""
    for name, called in (
        ("key", "configuration key"), ("variable", "measured variable"), ("event", "event"),
    ):
        app.add_object_type(name, name, objname=called)
'''


def write(folder: Path) -> None:
    """Write everything that the builder reads into a new folder."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in PAGES:
        (folder / name).write_text((ROOT / name).read_text())
    (folder / "reference").mkdir()
    for name, text in reference.pages().items():
        (folder / "reference" / name).write_text(text)
    (folder / "notebooks").mkdir()
    for path in sorted((ROOT / "notebooks").glob("[0-9]*_*.py")):
        (folder / "notebooks" / f"{path.stem}.md").write_text(notebook(path.read_text()))
    for path in folder.rglob("*.md"):
        path.write_text(_linked(path.read_text(), path.parent, folder))
    (folder / "conf.py").write_text(_CONFIGURATION)
    (folder / "index.md").write_text(_index(folder))


def notebook(text: str) -> str:
    """Return a percent script as a page: its cells of text as they are, code as code."""
    made = []
    for cell in text.split("\n# %%")[1:]:
        head, _, body = cell.partition("\n")
        if "[markdown]" in head:
            made.append("\n".join(line.removeprefix("#")[1:] for line in body.splitlines()))
        elif body.strip():
            made.append(f"```python\n{body.strip()}\n```")
    return "\n\n".join(made) + "\n"


def _linked(text: str, beside: Path, folder: Path) -> str:
    """Return a page whose links to folders lead to their first page, where the site has it."""

    def link(found: re.Match[str]) -> str:
        target = beside / found[2]
        if not target.is_dir():
            return found[0]
        first = min(target.glob("*.md"), default=None)
        shown = found[1]
        return f"[{shown}](/{first.relative_to(folder)})" if first is not None else shown

    return re.sub(r"\[([^\]]*)\]\((?!http|#)([^)#]+)\)", link, text)


def parts(folder: Path) -> dict[str, list[str]]:
    """Return the pages below the first, by the part of the site that they are in."""
    left = sorted(
        path.relative_to(folder / "docs").with_suffix("").as_posix()
        for path in (folder / "docs").rglob("*.md")
    )
    made: dict[str, list[str]] = {}
    for part, patterns in ORDER.items():
        found = [page for each in patterns for page in left if Path(page).match(each)]
        made[part] = [f"docs/{page}" for page in found]
        left = [page for page in left if page not in found]
    made["More"] = [f"docs/{page}" for page in left]
    made["Notebooks"] = [
        f"notebooks/{path.stem}" for path in sorted((folder / "notebooks").glob("*.md"))
    ]
    written = sorted(path.stem for path in (folder / "reference").glob("*.rst"))
    made["Reference"] = [f"reference/{name}" for name in written]
    made["Project"] = [Path(name).stem for name in PAGES[1:]]
    return made


def _index(folder: Path) -> str:
    """Return the first page: the README, and the order of all others."""
    said = [(folder / "README.md").read_text()]
    (folder / "README.md").unlink()
    for part, pages in parts(folder).items():
        if pages:
            listed = "\n".join(pages)
            said.append(
                f"```{{toctree}}\n:hidden:\n:caption: {part}\n:maxdepth: 1\n\n{listed}\n```"
            )
    return "\n\n".join(said) + "\n"
