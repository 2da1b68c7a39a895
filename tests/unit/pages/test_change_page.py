"""Pages of seasons, changes of rules and stress: long tables on a phone."""

import pytest

from proteus.pages.change import Part, change_page
from proteus.pages.tables import Table
from tests.helpers.browser import DESK, PHONE, chromium, is_wider_than_its_window, opened

__all__ = ["chromium"]
CUT = "boxes => boxes.map(box => box.scrollHeight - box.clientHeight)"


@pytest.mark.plain
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_long_tables_scroll_sideways_and_cut_no_row(tmp_path, chromium, width):
    heads = tuple(f"column {number}" for number in range(9))
    long = Table(heads, [tuple(f"row {row} of many" for _ in heads) for row in range(120)], words=5)
    part = Part("map", "What moves", "All of it.", None, long, long)
    path = tmp_path / "page.html"
    facts = Table(("", ""), [("a", "b")] * 60)
    path.write_text(change_page("Stress", ["It moves."], [part], facts))
    with opened(chromium, path, width) as seen:
        assert not is_wider_than_its_window(seen.page)
        hidden = seen.page.locator(".scroll").evaluate_all(CUT)
        assert hidden == [0, 0, 0]
        first = seen.page.locator("#map .scroll").first
        assert first.evaluate("box => box.scrollWidth > box.clientWidth") == (width == PHONE)
