"""What every file of a constraint owes to everyone, and that the check finds what does not."""

from typing import Literal

import numpy as np
import pytest

from proteus.configuration.locate import options_of
from proteus.market.constraints import added
from proteus.market.constraints.base import Constraint, ConstraintKind
from proteus.testing import check_constraint, constraints

pytestmark = pytest.mark.nojit

CAPITAL = "population.maker.capital=2"
RISK = "population.maker.risk."
WITH = {
    "capital": (CAPITAL,), "leverage": (CAPITAL,), "order_size": (f"{RISK}order_size.lots=2",),
    "exposure_per_side": (f"{RISK}exposure_per_side.lots=3",),
    "message_rate": (f"{RISK}message_rate.per_s=4", f"{RISK}message_rate.burst=1"),
    "loss_limit": (f"{RISK}loss_limit.loss=0.001", "horizon_s=3"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*options_of("risk")} - {"none"}))
def test_ours_keep_the_contract(name):
    check_constraint(name, mechanisms=("clob",), words=WITH.get(name, ()))


def test_one_that_never_cuts_is_told():
    with pytest.raises(AssertionError, match="nothing is ever cut"):
        check_constraint("capital", ("clob",), ("population.maker.capital=1000000",))
    with pytest.raises(AssertionError, match=r"no conf/risk/nothing\.yaml"):
        check_constraint("nothing")


class Whimsical(Constraint):
    """A constraint of another package."""

    kind: Literal["whimsical"]


def less_of_more(numbers, side, price, lots, held, buys, sells, cash, reference):
    return 10 - lots


def odd_lots(numbers, side, price, lots, held, buys, sells, cash, reference):
    return lots - 1


@pytest.mark.parametrize(("fits", "told"), [(less_of_more, "one less"), (odd_lots, "and of these")])
def test_one_that_is_neither_monotone_nor_idempotent_is_told(monkeypatch, fits, told):
    """By a part of a kernel put where an installed one would be."""
    code = len(added.CODES)
    one = added.or_else(code, fits, added.fits_added)
    monkeypatch.setitem(constraints.CODES, "whimsical", code)
    monkeypatch.setitem(constraints.ADDED_KINDS, "whimsical", ConstraintKind(Whimsical, fits))
    monkeypatch.setattr(constraints, "fits_added", one)
    monkeypatch.setattr(constraints, "compiled", lambda part: part)
    with pytest.raises(AssertionError, match=told):
        constraints._check_fits("whimsical", np.zeros(2, np.int64), 100)
