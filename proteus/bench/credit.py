"""What credit costs: accounts without a loan, loans with liquidations, and many accounts.

All cells are that of ``make bench`` with groups that may borrow. Two of them run in turn in one
process, so a ratio is of two runs beside each other, by the time that a lane-second takes. Loans
change what happens in a lane, and that is part of what they cost.
"""

from __future__ import annotations

from functools import partial

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import run_lanes
from proteus.bench.loop import EXPERIMENT
from proteus.market.setup.block import BlockPool
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.plans.planner import from_words

_LANES = 32  # a block
_ROUNDS = 3 * RUNS  # the differences are smaller than what a busy machine makes of one run
_MOST_IDLE = 1.10  # of the rich lane
_MOST_LEVERAGED = 1.6  # of the same traders who do not borrow
_ACCOUNTS = (8, 64, 512)  # of which eight act

_TRADERS = (
    "population.informed.capital=5",
    "+risk@population.informed.risk=capital",
)
_POOL = ("credit=pool", "+trader@population.lender=lender")
_EIGHT = (
    *_TRADERS, *_POOL, "population.informed.count=8", "population.lender.capital=200",
    "credit.ltv=0.64", "credit.bonus_least=0.001", "credit.year_s=20",
)  # fmt: skip
_KEEPERS = {
    "the treasury": ("credit.keeper=auto", "+trader@population.treasury=treasury"),
    "liquidators": ("+trader@population.liquidator=liquidator", "population.liquidator.count=2"),
}
_LEVERAGE = "population.informed.target_leverage="
_NEVER = "1.000001"  # so little that it is never what a lot is worth: accounts, and no loan


def measure() -> list[Figure]:
    """Measure lanes with credit against those without, and with loans against those without."""
    idle = _set_up(*_TRADERS, *_POOL, *_silent("lender"), _LEVERAGE + _NEVER)
    figures = [
        _compared("credit accounts, no loan", "of the rich lane", _set_up(*_TRADERS), idle,
                  _MOST_IDLE)
    ]  # fmt: skip
    for keeper, words in _KEEPERS.items():
        calm, lent = (_set_up(*_EIGHT, *words, _LEVERAGE + times) for times in (_NEVER, "4"))
        name = f"8 leveraged traders, {keeper} liquidate"
        figures.append(_compared(name, "of them at leverage 1", calm, lent, _MOST_LEVERAGED))
    return figures + [_with_accounts(count) for count in _ACCOUNTS]


def _with_accounts(count: int) -> Figure:
    """Return what credit costs where eight traders borrow, and others have accounts and do not."""
    silent = (
        *_silent("more"), f"population.more.count={count - 8}", "population.more.capital=5",
        "+trader@population.more=informed", "+risk@population.more.risk=capital",
    )  # fmt: skip
    without = _set_up(*_TRADERS, "population.informed.count=8", *silent)
    lent = (*_EIGHT, *_KEEPERS["liquidators"], f"{_LEVERAGE}4", "population.more.target_leverage=4")
    name = f"{count} accounts, of which 8 act"
    return _compared(name, "of them without credit", without, _set_up(*lent, *silent), None)


def _silent(group: str) -> tuple[str, ...]:
    return f"population.{group}.schedule.law=none", f"population.{group}.schedule.rate_per_s=0"


def _compared(
    name: str, unit: str, before: CellSetup, after: CellSetup, at_most: float | None
) -> Figure:
    """Return the ratio of the times that two cells take, run in turn."""
    pools = BlockPool(before), BlockPool(after)
    ratios = []
    for round_number in range(_ROUNDS + 1):  # the first one compiles
        first, second = (
            timed(partial(run_lanes, pool.setup, _LANES, pool)).processor_s for pool in pools
        )
        if round_number > 0:
            ratios.append(second / first)
    return Figure(name, unit, tuple(ratios), at_most=at_most)


def _set_up(*words: str) -> CellSetup:
    return set_up_cell(from_words([EXPERIMENT, *words]).cells[0], is_rich=True)
