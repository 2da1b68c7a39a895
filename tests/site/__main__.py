"""Build the site: ``make site`` writes ``build/site``, whose first page is ``index.html``.

Sphinx, MyST and Furo, the extra ``site``, are installed once into ``build/site-tools``; all else
needs no network. A warning, a link that leads nowhere, a page that fetches from elsewhere, or a
public name without an entry is an error, and gives exit code 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.elsewhere.places import ROOT, Environment, extra
from tests.site import checking, sources


def main() -> int:
    """Build and check; returns the exit code."""
    build = ROOT / "build"
    written, made, tools = (build / name for name in ("site-sources", "site", "site-tools"))
    for folder in (written, made):
        shutil.rmtree(folder, ignore_errors=True)
    is_new = not (tools / "bin" / "sphinx-build").is_file()
    place = Environment(Path(sys.executable), tools)
    if is_new:
        place.install(*extra("site"))
    sources.write(written)
    _draw(written / "docs" / "gallery.md")
    words = ["-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(written), str(made)]
    said = place.failure(words) or checking.faults(made)
    if not said:
        counted = ", ".join(f"{number} {kind}" for kind, number in checking.counts().items())
        print(f"entries: {counted}\n{made / 'index.html'}")
    for each in said[:40]:
        print(each)
    return 1 if said else 0


def _draw(page: Path) -> None:
    """Make the pictures of the gallery, in a process of its own: it is compiled, this is not."""
    compiled = {key: value for key, value in os.environ.items() if key != "NUMBA_DISABLE_JIT"}
    words = [sys.executable, "-m", "tests.site.gallery", str(page)]
    subprocess.run(words, cwd=ROOT, env=compiled, check=True)


if __name__ == "__main__":
    sys.exit(main())
