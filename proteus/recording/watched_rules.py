"""What rules did in a recorded lane, as series: postings, settlements, blocks, oracle, policies.

Times are in ns, amounts in nano-currency, traders and other accounts by their numbers. A lane
without a rule has empty series of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import (
    DUST,
    FUND,
    POSTINGS,
    STAKE,
    TERM_FEES,
    TERM_GAS,
    TERM_PENALTIES,
    TERM_REBATES,
    TERM_REWARDS,
    UNSTAKE,
)
from proteus.recording.columns import (
    CHAIN_BLOCK,
    CUT,
    FAILED,
    FORK,
    POSTING,
    REASONS,
    REFUSED,
    REJECT,
    REPORT,
    SETTLEMENTS,
    is_kind,
)
from proteus.recording.watched import Series, WatchedLane

PENDING, FINAL, _FAILED, REVERTED = SETTLEMENTS
FATES = ("final", "again", "closed_out", "reverted")  # what becomes of a fill that waits

_OF_COSTS = [  # what rounding leaves in a pool of credit is nobody's fee
    code
    for code, row in POSTINGS.items()
    if row.term in (TERM_FEES, TERM_GAS, TERM_REBATES) and code != DUST
]
_OF_POLICIES = [
    *(code for code, row in POSTINGS.items() if row.term in (TERM_REWARDS, TERM_PENALTIES)),
    FUND, STAKE, UNSTAKE,
]  # fmt: skip


def charges(lane: WatchedLane) -> dict[str, Series]:
    """Return what is paid in fees, rebates and gas: time_ns, giver, receiver, amount, code."""
    return _postings(lane, _OF_COSTS)


def rewards(lane: WatchedLane) -> dict[str, Series]:
    """Return what goes to and from pools and stakes, and all penalties; as ``charges``."""
    return _postings(lane, _OF_POLICIES)


def _postings(lane: WatchedLane, codes: list[int]) -> dict[str, Series]:
    rows = lane.rows
    shown = is_kind(rows, POSTING) & (rows["asset"] == CASH) & np.isin(rows["code"], codes)
    return {name: rows[name][shown] for name in ("time_ns", "giver", "receiver", "amount", "code")}


def blocks(lane: WatchedLane) -> dict[str, Series]:
    """Return the blocks: time_ns, version, messages, base_fee, and how many before it it drops."""
    shown = is_kind(lane.rows, CHAIN_BLOCK)
    taken = {name: lane.rows[name][shown] for name in ("time_ns", "version", "messages")}
    dropped = np.zeros(int(shown.sum()), np.int64)
    forks = is_kind(lane.rows, FORK)
    dropped[lane.rows["version"][forks]] = lane.rows["depth"][forks]  # blocks count from 0
    return {**taken, "base_fee": lane.rows["value_nano"][shown], "dropped": dropped}


def reports(lane: WatchedLane) -> dict[str, Series]:
    """Return the reports of the oracle: time_ns, version, price, and when each arrives."""
    oracle, shown = lane.cell.environment.oracle, is_kind(lane.rows, REPORT)
    issued = lane.rows["time_ns"][shown]
    return {
        "time_ns": issued,
        "version": lane.rows["version"][shown],
        "price": lane.rows["value_nano"][shown],
        "arrives_ns": issued + (oracle.lag_ns if oracle else 0),
    }


def settlements(lane: WatchedLane) -> dict[str, Series]:
    """Return what becomes of fills that wait: time_ns, fill, buyer, seller, lots, amount, fate.

    ``fate`` is a number of ``FATES``. A fill may fail several times and then be final.
    """
    rows = lane.rows
    fates = np.full(len(rows["kind"]), MISSING)
    fates[is_kind(rows, FINAL)] = FATES.index("final")
    fates[is_kind(rows, REVERTED)] = FATES.index("reverted")
    failed = is_kind(rows, FAILED)
    fates[failed] = FATES.index("again")
    fates[failed & (rows["reason"] == _closed_out())] = FATES.index("closed_out")
    shown = fates != MISSING
    names = {"buyer": "giver", "seller": "receiver"}
    return {
        name: rows[names.get(name, name)][shown]
        for name in ("time_ns", "fill", "buyer", "seller", "lots", "amount")
    } | {"fate": fates[shown]}


def pending(lane: WatchedLane) -> dict[str, Series]:
    """Return the value that waits to be final, after each change: time_ns, value."""
    rows = lane.rows
    change = np.zeros(len(rows["kind"]), np.int64)
    starts = is_kind(rows, PENDING)
    change[starts] = rows["amount"][starts]
    for kind in (FINAL, REVERTED):
        change[is_kind(rows, kind)] = -rows["amount"][is_kind(rows, kind)]
    ends = is_kind(rows, FAILED) & (rows["reason"] == _closed_out())
    change[ends] = -rows["amount"][ends]
    moved = change != 0
    return _last_of_each_time(rows["time_ns"][moved], np.cumsum(change[moved]))


def cuts(lane: WatchedLane) -> dict[str, Series]:
    """Return what constraints cut and nobody could pay: time_ns, trader, lots, reason, refused.

    ``reason`` is a number of ``REASONS``; ``refused`` is 1 of a message that the venue refused.
    """
    rows = lane.rows
    no_funds = [code for code, name in REASONS.items() if name in ("no_funds", "rfq_no_funds")]
    refused = (is_kind(rows, REJECT) | is_kind(rows, REFUSED)) & np.isin(rows["reason"], no_funds)
    shown = is_kind(rows, CUT) | refused
    taken = {name: rows[name][shown] for name in ("time_ns", "trader", "lots", "reason")}
    return {**taken, "refused": refused[shown].astype(np.int64)}


def _closed_out() -> int:
    return next(code for code, name in REASONS.items() if name == "closed_out")


def _last_of_each_time(times: NDArray[np.int64], values: NDArray[np.int64]) -> dict[str, Series]:
    last = np.r_[times[1:] != times[:-1], np.ones(min(len(times), 1), np.bool_)]
    return {"time_ns": times[last], "value": values[last]}
