"""Every command and every line of the guides runs; with few seeds, and compiled."""

import pytest

from tests.helpers import running_pages
from tests.site.names import ROOT

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


def test_there_are_seven():
    assert [page.stem.partition("_")[2] for page in GUIDES] == [
        "better_mechanism", "own_mechanism", "read_a_verdict", "recorded_orders", "train_a_maker",
        "design_a_fee", "leverage",
    ]  # fmt: skip


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_all_of_it_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert running_pages.run(page, monkeypatch) > 0
