"""Liquidation in whole lanes: every event audited, sold on the book, replayed, first call first."""

import numpy as np
import pytest

from proteus.basics.units import NANO
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.ledger.codes import FILL as FILLS
from proteus.market.ledger.codes import SEIZE, TERM_LIQUIDATION
from proteus.market.ledger.entries import worth_of_term
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from proteus.market.variables.dimensions import optional_of
from proteus.market.variables.rules import total_of
from proteus.recording.columns import (
    CREDIT_CALLED,
    CREDIT_SEIZED,
    EVENT_NAMES,
    is_kind,
    rows_of,
)
from proteus.replaying.rerun import Rerun
from tests.helpers.cells import ROOT, cell, run_plain
from tests.helpers.crediting import KEEPERS, LEVERAGED

pytestmark = pytest.mark.plain

SEEDS = {"clob": 4, "fba": 0, "rfq": 0}  # in which somebody fails


def played(mechanism, keeper):
    """A recorded lane with every event audited, and its rows."""
    setup = with_log(set_up_cell(cell(f"mechanism={mechanism}", *LEVERAGED, *KEEPERS[keeper])))
    keys = replicate_keys(ROOT, np.array([SEEDS[mechanism]]))
    block = build_block(setup, keys, 2, audit=True)
    run_plain(*block)
    assert block.world.progress.fault[0] == FAULT_NONE
    return setup, block.world, rows_of(block.world.log, 0)


@pytest.mark.parametrize(
    ("keeper", "mechanism"),
    [("auto", "clob"), ("auto", "rfq"), ("traders", "fba")],
)
def test_lots_of_who_fails_are_seized_sold_and_replayed(keeper, mechanism):
    setup, world, rows = played(mechanism, keeper)
    held, values = world.rules.credit.liquidations, measure(world, optional_of(setup.cell))
    seized = is_kind(rows, CREDIT_SEIZED)
    assert seized.sum() == held.count[0] == values["liquidations"][0] > 0
    assert values["cascade_size"][0] <= values["liquidations"][0]
    assert (rows["lots"][seized] > 0).all()

    # Who takes over lots has them, or has sold them by fills; all that is seized is paid for.
    takers = np.unique(rows["receiver"][seized])
    of_takers = np.isin(world.traders.kind, world.traders.kind[takers])
    for taker in np.flatnonzero(of_takers):
        assert not world.rules.credit.booked[0, taker].any()
    terms = [worth_of_term(world.ledger, 0, trader, TERM_LIQUIDATION)
             for trader in range(len(world.traders.kind))]  # fmt: skip
    desk = world.rules.credit.liquidations.desk
    if mechanism == "clob":  # the desk sells on the book what it has seized, and no more
        taken, sold = (sign * total_of(world, code, CONTRACT)[0, desk]
                       for sign, code in ((1, SEIZE), (-1, FILLS)))  # fmt: skip
        assert 0 < sold <= taken or taken <= sold < 0
    if keeper == "traders":
        assert sum(terms) == 0
        assert is_kind(rows, CREDIT_CALLED).sum() >= seized.sum()
    names = [EVENT_NAMES[kind] for kind in rows["kind"]]
    debt = 0
    for at, name in enumerate(names):
        amount = rows["amount"][at]
        if name == "credit_accrual":
            assert rows["debt_before"][at] == debt
            debt = rows["debt"][at]
        elif name == "credit_open":
            debt += amount
        elif name in ("credit_repay", "credit_bad_debt") or seized[at]:
            debt -= amount
    assert debt == 0
    without = ("settled", "venue")
    pnl = sum(values[name][0] for name in values
              if name.startswith("pnl_") and values[name].ndim == 1
              and not name.endswith(without)) + values["pnl_venue"][0]  # fmt: skip
    assert abs(pnl) < 1e-9
    bad = values["bad_debt"][0]
    assert values["bad_debt_jump"][0] + values["bad_debt_rest"][0] == pytest.approx(bad, abs=1e-12)

    Rerun(setup, ROOT, SEEDS[mechanism], rows, len(rows["kind"]), 2).run()


def test_what_is_lent_lost_and_levered_is_what_the_events_say():
    setup, world, rows = played("clob", "auto")
    values = measure(world, optional_of(setup.cell))
    opened = np.array([EVENT_NAMES[kind] == "credit_open" for kind in rows["kind"]])
    lent = sum(map(int, rows["amount"][opened])) / NANO
    assert values["credit_lent"][0] == pytest.approx(lent, abs=1e-6)
    assert lent > 0
    share = values["bad_debt"][0] / lent
    assert values["bad_debt_share"][0] == pytest.approx(share, abs=1e-6)
    assert 1 < values["leverage_mean"][0] < 4
    cash = world.ledger.balance[0, np.flatnonzero(world.rules.credit.leverage), CASH]
    owed = -cash[cash < 0].sum() / NANO
    assert values["payoff_shortfall"][0] == pytest.approx(owed, abs=1e-9)


def test_who_has_a_target_of_one_borrows_nothing():
    """The spot arm of phase 5: the same pool and traders, and no loan."""
    words = [word for word in LEVERAGED if "target_leverage" not in word]
    words.append("population.informed.target_leverage=1")
    setup = set_up_cell(cell("mechanism=clob", *words, *KEEPERS["auto"]))
    block = build_block(setup, replicate_keys(ROOT, np.array([SEEDS["clob"]])), 2, audit=True)
    run_plain(*block)
    values = measure(block.world, optional_of(setup.cell))
    assert values["credit_lent"][0] == values["liquidations"][0] == values["bad_debt"][0] == 0
    assert np.isnan(values["leverage_mean"][0])
    assert np.isnan(values["bad_debt_share"][0])
    assert values["volume_lots"][0] > 0
