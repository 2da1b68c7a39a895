"""Every figure of the gallery is made by its own few lines; with few seeds, and compiled."""

import pytest

from tests.helpers.running_pages import small
from tests.site import gallery
from tests.site.names import ROOT

CODE = gallery.blocks((ROOT / "docs" / "gallery.md").read_text())
MOST_LINES = 10


@pytest.mark.parametrize("number", range(len(CODE)))
def test_ten_lines_make_a_figure(number):
    assert len(CODE[number].split("\n")) <= MOST_LINES
    assert gallery.drawn(small(CODE[number])).axes


def test_pictures_are_shown_under_their_code(tmp_path):
    page = tmp_path / "page.md"
    code = "```python\nfrom matplotlib.figure import Figure\n\nfigure = Figure()\n```\n"
    page.write_text(f"# x\n\n## One\n\n{code}\n## Two\n\n{code}")
    gallery.draw(page)
    assert {path.name for path in tmp_path.iterdir()} == {"page.md", "page_1.png", "page_2.png"}
    text = page.read_text()
    assert text.index("```\n\n![One](page_1.png)") < text.index("## Two")
    assert text.endswith("```\n\n![Two](page_2.png)\n")
