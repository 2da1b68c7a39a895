"""A pool by our own rules, for the door: cash in nano, lots of a contract as collateral."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.errors import ConfigError
from proteus.market.arithmetic.wide import to_int
from proteus.market.lending.accrual import ACCRUALS
from proteus.market.lending.added import ADDED_CURVES, ADDED_POLICIES, CURVE_CODES, POLICY_CODES
from proteus.market.lending.base import NO_NUMBERS
from proteus.market.lending.collateral import Collateral, health_order, worth
from proteus.market.lending.curves import MOST_AT_TARGET
from proteus.market.lending.liquidation import POLICIES, Policy
from proteus.market.lending.pool import (
    POOL_CURVES,
    Pool,
    PoolTerms,
    debt_of,
    is_within,
    set_rate,
    supply_assets_of,
)
from proteus.market.lending.pool_actions import act_pool
from proteus.market.lending.shares import PROTEUS_VIRTUAL_SHARES
from proteus.replaying.lending.messages import Message
from proteus.replaying.lending.terms import (
    LARGEST,
    WAD,
    Accounts,
    Choice,
    Part,
    Terms,
    Whole,
    account_numbers,
)
from proteus.replaying.rows import refused

ASSETS = ("cash_nano", "lots")
_SHORT = Accounts(is_all=False)
_RATE = Whole(0, 10 * WAD // 2, 0)
COLLATERAL_TERMS: Terms = {
    "payoff": Whole(2, LARGEST, 10**9),
    "tick": Whole(1, LARGEST, 10**6),
    "ltv": Whole(0, WAD - 1, WAD // 2),
    "threshold": Whole(1, WAD - 1, 65 * WAD // 100),
    "bonus": Whole(0, WAD, 8 * WAD // 100),
    "bonus_least": Whole(0, LARGEST, 20_000_000),
}
POLICY_TERMS: Terms = {
    "policy": Part(tuple(POLICIES), "close_factor", ADDED_POLICIES),
    "close_factor": Whole(1, WAD, WAD // 2),
    "close_health": Whole(0, WAD, 95 * WAD // 100),
    "target": Whole(WAD, 2 * WAD, 105 * WAD // 100),
    "protocol_share": Whole(0, WAD, 0),
    "dust": Whole(0, LARGEST, 0),
}
TERMS: Terms = {
    "curve": Part(tuple(POOL_CURVES), "kinked", ADDED_CURVES),
    "base": _RATE,
    "slope_1": _RATE,
    "slope_2": _RATE,
    "kink": Whole(0, WAD, 8 * WAD // 10),
    "normalised": Choice(("yes", "no"), "yes"),
    "at_target": Whole(0, MOST_AT_TARGET, 0),
    "accrual": Choice(tuple(ACCRUALS), "simple"),
    "accrue_s": Whole(1, 2**40, 1),
    "year_s": Whole(1, 2**40, 31_536_000),
    "reserve_factor": Whole(0, WAD, WAD // 10),
    **COLLATERAL_TERMS,
    **POLICY_TERMS,
    "price": Whole(0, LARGEST),
    "start_s": Whole(0, 2**40, 0),
    "short": _SHORT,  # accounts whose lots are short ones
}


MOST_STEPS = 1_000_000  # of interest before one message: a minute


def check_collateral(terms: Mapping[str, Any]) -> None:
    """Check of collateral what single keywords do not show."""
    if terms["ltv"] >= terms["threshold"]:
        allowed = f"must be below threshold={terms['threshold']}"
        raise ConfigError(f"ltv={terms['ltv']} is not allowed: {allowed}")
    if terms["threshold"] * (WAD + terms["bonus"]) >= WAD * WAD:
        allowed = f"threshold x (1 + bonus) must be below 1, with threshold={terms['threshold']}"
        raise ConfigError(f"bonus={terms['bonus']} is not allowed: {allowed}")
    if 2 * terms["tick"] > terms["payoff"]:
        allowed = f"must be at most half of payoff={terms['payoff']}"
        raise ConfigError(f"tick={terms['tick']} is not allowed: {allowed}")


def make_policy(terms: Mapping[str, Any]) -> Policy:
    """Make the liquidation policy that the keywords say."""
    kind, numbers = _code_of(terms["policy"], POLICIES, POLICY_CODES)
    named = {name: terms[name] for name in Policy._fields if name in terms}
    return Policy(kind=kind, numbers=numbers, **named)


def _code_of(
    chosen: Any, ours: Mapping[str, int], added: Mapping[str, int]
) -> tuple[int, NDArray[np.int64]]:
    """Return the code of a part that a keyword names, and the numbers of one of another package."""
    if isinstance(chosen, str):
        return ours[chosen], NO_NUMBERS
    return added[chosen.name], np.array(chosen.numbers, np.int64)


def _check_shares(held: Mapping[Any, tuple[int, int]]) -> None:
    """Check that shares of all cash fit 64 bits."""
    cash = sum(amounts[0] for amounts in held.values())
    if cash * PROTEUS_VIRTUAL_SHARES > LARGEST:
        most = LARGEST // PROTEUS_VIRTUAL_SHARES
        allowed = f"{PROTEUS_VIRTUAL_SHARES} shares a nano fit 2**63 up to {most} nano together"
        raise ConfigError(f"wallets is not allowed: all hold {cash} nano of cash; {allowed}")


class ProteusVenue:
    """One lane of a pool."""

    def __init__(self, terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]]) -> None:
        check_collateral(terms)
        _check_shares(held)
        collateral = Collateral(*(terms[name] for name in Collateral._fields))
        curve, curve_numbers = _code_of(terms["curve"], POOL_CURVES, CURVE_CODES)
        self.terms: PoolTerms = PoolTerms(
            curve, terms["base"], terms["slope_1"], terms["slope_2"],
            terms["kink"], terms["normalised"] == "yes", ACCRUALS[terms["accrual"]],
            terms["accrue_s"], terms["year_s"], terms["reserve_factor"], collateral,
            make_policy(terms), curve_numbers,
        )  # fmt: skip
        self.state: Pool = allocate(
            Pool, L=1, A=len(held), accrued_to=terms["start_s"], price=terms["price"],
            at_target=terms["at_target"], wallet=np.array([*held.values()], np.int64),
        )  # fmt: skip
        numbers = {name: number for number, name in enumerate(held)}
        short = account_numbers("short", terms["short"], _SHORT, numbers)
        self.state.is_short[0, short] = True
        set_rate(self.terms, self.state, 0)

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""
        steps = (message.time_s - int(self.state.accrued_to[0])) // self.terms.grid
        if steps > MOST_STEPS:
            allowed = f"{steps} steps of accrue_s={self.terms.grid} are due; at most {MOST_STEPS}"
            raise refused("time_s", message.time_s, message.row, allowed)
        return int(act_pool(
            self.terms, self.state, 0, np.int64(message.time_s), message.action, message.agent,
            np.int64(message.amount), np.int64(message.shares), message.borrower,
        ))  # fmt: skip

    def result(self) -> tuple[int, int]:
        """Return what the last message returned: an amount and shares, or lots and repaid."""
        return int(self.state.result[0, 0]), int(self.state.result[0, 1])

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return the state of the pool."""
        names = (
            "cash", "supply_assets", "supply_shares", "borrow_assets", "borrow_shares", "treasury",
            "bad_debt", "interest", "rate", "accrued_to", "price",
        )  # fmt: skip
        return [{name: int(getattr(self.state, name)[0]) for name in names}]

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return each account; a health factor, in 1e9, of None: nothing is owed."""
        state, collateral, rows = self.state, self.terms.collateral, []
        for account in range(state.supplied.shape[1]):
            shares, debt = state.supplied[0, account], debt_of(state, 0, account)
            held, health = state.pledged[0, account], None
            if debt > 0:
                value = worth(collateral, state.price[0], state.is_short[0, account])
                health = to_int(health_order(collateral, held, value, debt))
            rows.append({
                "supply_shares": int(shares),
                "supplied": int(supply_assets_of(state, 0, shares, 0)),
                "borrow_shares": int(state.borrowed[0, account]),
                "debt": int(debt),
                "collateral": int(held),
                "health_factor": health,
                "is_healthy": bool(
                    is_within(self.terms, state, 0, account, collateral.threshold)
                ),
                "cash": int(state.wallet[0, account, 0]),
                "lots": int(state.wallet[0, account, 1]),
                "seized_long": int(state.seized[0, account, 0]),
                "seized_short": int(state.seized[0, account, 1]),
            })  # fmt: skip
        return rows
