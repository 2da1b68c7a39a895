"""Two reserves by Aave's rules, for the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.errors import ConfigError
from proteus.market.arithmetic.wide import is_overflow, of_int, to_int
from proteus.market.lending.aave import (
    AavePool,
    AaveTerms,
    base_value,
    debt_index_at,
    health_of,
    income_at,
    scaled_up,
)
from proteus.market.lending.aave_door import act_aave
from proteus.market.lending.codes import ASSETS as RESERVES
from proteus.market.lending.curves import KinkedRay
from proteus.replaying.lending.messages import Message
from proteus.replaying.lending.terms import (
    LARGEST,
    LARGEST_RAY,
    RAY,
    Account,
    Terms,
    Whole,
    account_number,
)

ASSETS = ("C", "D")
TERMS: Terms = {
    "decimals_c": Whole(0, 18),
    "decimals_d": Whole(0, 18),
    "optimal": Whole(0, RAY),
    "base": Whole(0, LARGEST_RAY),
    "slope_1": Whole(0, LARGEST_RAY),
    "slope_2": Whole(0, LARGEST_RAY),
    "reserve_factor_bps": Whole(0, 10_000),
    "protocol_fee_bps": Whole(0, 10_000),
    "ltv_bps": Whole(0, 10_000),
    "threshold_bps": Whole(0, 10_000),
    "bonus_bps": Whole(10_001, 65_535),
    "price_c": Whole(1, LARGEST),
    "price_d": Whole(1, LARGEST),
    "treasury": Account(),
}


def _words(value: int) -> NDArray[np.uint64]:
    return np.array(of_int(value), np.uint64)


class AaveVenue:
    """One lane of two reserves."""

    def __init__(self, terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]]) -> None:
        if terms["ltv_bps"] > terms["threshold_bps"]:
            allowed = f"must be at most threshold_bps={terms['threshold_bps']}"
            raise ConfigError(f"ltv_bps={terms['ltv_bps']} is not allowed: {allowed}")
        numbers = {name: number for number, name in enumerate(held)}
        names = ("optimal", "base", "slope_1", "slope_2")
        curve = KinkedRay(*(_words(terms[name]) for name in names))
        units = np.array([10 ** terms["decimals_c"], 10 ** terms["decimals_d"]], np.int64)
        self.terms: AaveTerms = AaveTerms(
            curve=curve, unit=units, reserve_factor_bps=terms["reserve_factor_bps"],
            protocol_fee_bps=terms["protocol_fee_bps"], ltv_bps=terms["ltv_bps"],
            threshold_bps=terms["threshold_bps"], bonus_bps=terms["bonus_bps"],
            treasury=account_number("treasury", terms["treasury"], numbers),
        )  # fmt: skip
        self.state: AavePool = allocate(
            AavePool, L=1, A=len(held), income_index=_words(RAY), debt_index=_words(RAY),
            price=np.array([terms["price_c"], terms["price_d"]], np.int64),
            wallet=np.array([*held.values()], np.int64),
        )  # fmt: skip
        self._kept = allocate(AavePool, L=1, A=len(held))

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""
        return int(act_aave(
            self.terms, self.state, self._kept, 0, np.int64(message.time_s), message.action,
            message.agent, message.asset, np.int64(message.amount), message.borrower,
            message.takes_claims,
        ))  # fmt: skip

    def result(self) -> tuple[int, int]:
        """Return what the last message returned: an amount, or seized and repaid."""
        return int(self.state.result[0, 0]), int(self.state.result[0, 1])

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return both reserves; balances are as of now, indexes as of the last update."""
        return [
            {"asset": asset, **self._reserve(number, time_s)}
            for number, asset in enumerate(RESERVES)
        ]

    def _reserve(self, number: int, time_s: int) -> dict[str, Any]:
        state, now = self.state, np.int64(time_s)
        rays = ("income_index", "debt_index", "income_rate", "debt_rate")
        row: dict[str, Any] = {}
        for name in rays:
            words = getattr(state, name)[0, number]
            row[name] = to_int((words[0], words[1]))
        for name in ("updated_s", "accrued", "supply", "debt", "cash", "price"):
            row[name] = int(getattr(state, name)[0, number])
        supply, debt = state.supply[0, number], state.debt[0, number]
        row["supply_now"] = int(scaled_up(supply, income_at(state, 0, number, now)))
        row["debt_now"] = int(scaled_up(debt, debt_index_at(state, 0, number, now)))
        return row

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return each account, as of now; a health of None: nothing is owed."""
        state, rows, now = self.state, [], np.int64(time_s)
        of_c, of_d = (income_at(state, 0, reserve, now) for reserve in range(2))
        of_debt = debt_index_at(state, 0, 1, now)
        for account in range(state.supplied.shape[1]):
            claim_c = scaled_up(state.supplied[0, account, 0], of_c)
            debt = scaled_up(state.owed[0, account, 1], of_debt)
            is_counted = state.is_collateral[0, account]
            collateral = base_value(self.terms, state, 0, 0, claim_c if is_counted else 0)
            owed = base_value(
                self.terms, state, 0, 1, debt if state.is_borrowing[0, account] else 0
            )
            health = health_of(self.terms, collateral, owed)
            rows.append({
                "scaled_c": int(state.supplied[0, account, 0]),
                "scaled_d": int(state.supplied[0, account, 1]),
                "scaled_debt": int(state.owed[0, account, 1]),
                "claim_c": int(claim_c),
                "claim_d": int(scaled_up(state.supplied[0, account, 1], of_d)),
                "debt": int(debt),
                "c": int(state.wallet[0, account, 0]),
                "d": int(state.wallet[0, account, 1]),
                "collateral_value": int(collateral),
                "debt_value": int(owed),
                "health_factor": None if is_overflow(health) else to_int(health),
            })  # fmt: skip
        return rows
