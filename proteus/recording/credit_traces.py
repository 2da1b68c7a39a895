"""Accounts of credit over time: cash, collateral, debt and health of each trader, by the log.

Cash and debt are what the entries of the ledger add up to, collateral is what the last row of an
account says. Health is the threshold's part of the worth of the collateral over the debt, at the
price that the pool would read: the oracle's last report, or the middle of the published book and
where there is none the last trade.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.market.cell import CellConfig
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import BEFORE_FIRST, CASH
from proteus.market.ledger.codes import BORROW, REPAY
from proteus.market.lending.models import PoolCredit
from proteus.recording.columns import BOOK, CREDIT_ACCOUNTS, FILL, POSTING, REPORT, is_kind
from proteus.recording.tables import contract_moves
from proteus.results.outcome import Rows

Times = NDArray[np.int64]
Series = NDArray[np.float64]
DESCRIBED = {
    "cash": ("currency", "cash, loans included"),
    "collateral": ("lots", "lots that are pledged, below 0 if they are short"),
    "debt": ("currency", "what is owed to the pool"),
    "health_factor": ("1", "counted worth of the collateral / debt; NaN without a debt"),
}


def accounts(rows: Rows, cell: CellConfig, times: Times, traders: int) -> dict[str, Series]:
    """Return what each account has just before each time, float64 [time, trader].

    Parameters
        rows: of the lane, every column int64 [n]. cell: one with a pool of credit.
    """
    assert isinstance(cell.credit, PoolCredit)
    is_cash = is_kind(rows, POSTING) & (rows["asset"] == CASH)
    is_loan = is_cash & np.isin(rows["code"], (BORROW, REPAY))
    fills = contract_moves({**rows, "asset": np.full(len(rows["asset"]), MISSING)})  # these alone
    paid = fills.lots * rows["price_ticks"][is_kind(rows, FILL)] * cell.tick_nano
    cash = _sums(rows, is_cash, times, traders)
    cash += _moved(fills.time_ns, fills.giver, fills.receiver, paid, times, traders)
    debt = _sums(rows, is_loan, times, traders)
    held = _collateral(rows, times, traders)
    price = _price(rows, cell, times)[:, None]
    tick, payoff = cell.tick_nano, NANO
    clipped = np.clip(price, tick, payoff - tick)
    value = np.where(held < 0, payoff - clipped, clipped)
    is_known = (debt > 0) & (price > 0)
    counted = cell.credit.threshold * np.abs(held) * value
    health = np.full(debt.shape, np.nan)
    np.divide(counted, debt, out=health, where=is_known)
    return {
        "cash": cash / NANO, "collateral": held.astype(float), "debt": debt / NANO,
        "health_factor": health,
    }  # fmt: skip


def _sums(rows: Rows, shown: NDArray[np.bool_], times: Times, traders: int) -> NDArray[np.int64]:
    columns = (rows[name][shown] for name in ("time_ns", "receiver", "giver", "amount"))
    time_ns, gets, gives, amount = columns
    time_ns = np.where(rows["event"][shown] == BEFORE_FIRST, -1, time_ns)  # capital is there at 0
    return _moved(time_ns, gets, gives, amount, times, traders)


def _moved(
    time_ns: Times, gets: Times, gives: Times, amount: Times, times: Times, traders: int
) -> NDArray[np.int64]:
    """Return what each trader has got before each time, less what it has given."""
    done = np.searchsorted(time_ns, times, side="left")
    held = np.zeros((len(times), traders), np.int64)
    for trader in range(traders):
        own = np.where(gets == trader, amount, 0) - np.where(gives == trader, amount, 0)
        held[:, trader] = np.concatenate([[0], np.cumsum(own)])[done]
    return held


def _collateral(rows: Rows, times: Times, traders: int) -> NDArray[np.int64]:
    told = np.logical_or.reduce([is_kind(rows, kind) for kind in CREDIT_ACCOUNTS])
    held = np.zeros((len(times), traders), np.int64)
    for trader in range(traders):
        own = told & (rows["trader"] == trader)
        last = np.searchsorted(rows["time_ns"][own], times, side="left")
        held[:, trader] = np.concatenate([[0], rows["collateral"][own]])[last]
    return held


def _price(rows: Rows, cell: CellConfig, times: Times) -> NDArray[np.int64]:
    """Return the price of collateral at each time, nano; 0 before the first report."""
    oracle = cell.environment.oracle
    if isinstance(cell.credit, PoolCredit) and cell.credit.price == "oracle" and oracle:
        reports = is_kind(rows, REPORT)
        arrived = np.searchsorted(rows["time_ns"][reports] + oracle.lag_ns, times, side="right")
        found: NDArray[np.int64] = np.concatenate([[0], rows["value_nano"][reports]])[arrived]
        return found
    books, fills = is_kind(rows, BOOK), is_kind(rows, FILL)
    shown = np.searchsorted(rows["time_ns"][books], times, side="left")
    bid, ask = (
        np.concatenate([[MISSING], rows[name][books]])[shown] for name in ("bid_ticks", "ask_ticks")
    )
    traded = np.searchsorted(rows["time_ns"][fills], times, side="left")
    last = np.concatenate([[cell.initial_ticks], rows["price_ticks"][fills]])[traded]
    has_both = (bid != MISSING) & (ask != MISSING)
    doubled = np.where(has_both, np.where(has_both, bid, 0) + np.where(has_both, ask, 0), 2 * last)
    return np.asarray(doubled * cell.tick_nano // 2, np.int64)
