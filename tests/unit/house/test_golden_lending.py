"""Edge cases of lending do what they did: ``tests/golden/lending``, written by ``make golden``."""

import pytest

from tests.faults.__main__ import ROOT
from tests.golden import loans
from tests.golden.loans import (
    FOLDER,
    MECHANISMS,
    broken,
    golden_path,
    names,
    played,
    read_story,
    told,
)

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("name", names())
def test_an_edge_case_of_lending_has_its_golden_outcome(name: str, mechanism: str) -> None:
    said = [f"{law} in {name}/{mechanism}: {why}" for law, why in broken(name, mechanism).items()]
    assert not said, f"invariant broken: {'; '.join(said)}"
    lines = "\n".join(told(name, mechanism)) + "\n"
    wanted = golden_path(name, mechanism).read_text()
    assert lines == wanted, f"{name}/{mechanism} has changed; if that is meant: make golden"


@pytest.mark.parametrize("name", names())
def test_every_edge_case_points_to_a_rule(name: str) -> None:
    page = " ".join((ROOT / "docs" / "credit.md").read_text().split())
    assert read_story(name)[0]["rule"] in page


def test_what_is_broken_is_named_with_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nano that is lost, and one that somebody owes nobody, are told apart."""
    lent = played("bank_run", "pool")
    accounts, pool = lent.accounts.copy(), lent.pool.copy()
    accounts.loc[accounts["row"] == 4, "cash"] += [1, 0, 0, 0, 0]
    pool.loc[pool["row"] == 6, "borrow_assets"] += 1
    changed = lent._replace(accounts=accounts, pool=pool)
    monkeypatch.setattr(loans, "played", lambda name, mechanism: changed)
    assert {*broken("bank_run", "pool")} == {"conserved", "balanced"}


def test_there_is_no_golden_file_of_lending_without_a_scenario() -> None:
    expected = {golden_path(name, m).name for name in names() for m in MECHANISMS}
    assert {path.name for path in FOLDER.glob("*.golden")} == expected
