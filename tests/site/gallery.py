"""The pictures of the gallery: the code of its page is run, and what it calls ``figure`` is saved.

``python -m tests.site.gallery PAGE`` writes them beside a page and shows each under its code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from matplotlib.figure import Figure

from proteus import plots

_BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[str]:
    """Return the code of a page, block by block."""
    return _BLOCK.findall(text)


def drawn(code: str) -> Figure:
    """Run a block and return its figure."""
    names: dict[str, object] = {"__name__": "gallery"}
    exec(compile(code, "gallery", "exec"), names)
    figure = names["figure"]
    assert isinstance(figure, Figure)
    return figure


def draw(page: Path) -> None:
    """Write the pictures beside a page, and show each under its code."""
    text = page.read_text()
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    shown = []
    for number, (title, code) in enumerate(zip(titles, blocks(text), strict=True), 1):
        name = f"{page.stem}_{number}.png"
        plots.save(drawn(code), page.with_name(name))
        shown.append(f"![{title}]({name})")
    left = iter(shown)
    page.write_text(_BLOCK.sub(lambda found: f"{found[0]}\n{next(left)}\n", text))


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
