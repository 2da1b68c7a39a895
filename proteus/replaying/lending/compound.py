"""Two markets by Compound's rules, for the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.market.lending.codes import ASSETS as MARKETS
from proteus.market.lending.compound import (
    CompoundPool,
    CompoundTerms,
    debt_of,
    exchange_rate,
    liquidity_of,
)
from proteus.market.lending.compound_door import act_compound
from proteus.market.lending.curves import KinkedWad
from proteus.replaying.lending.messages import Message
from proteus.replaying.lending.terms import (
    LARGEST,
    WAD,
    YEAR_S,
    Accounts,
    Terms,
    Whole,
    account_numbers,
)

ASSETS = ("C", "D")
_ENTERED = Accounts(is_all=True)
TERMS: Terms = {
    "base_per_year": Whole(0, LARGEST),
    "multiplier_per_year": Whole(0, LARGEST),
    "jump_per_year": Whole(0, LARGEST),
    "kink": Whole(0, LARGEST),
    "year_s": Whole(1, LARGEST, YEAR_S),
    "reserve_factor": Whole(0, WAD),
    "collateral_factor": Whole(0, WAD),
    "threshold": Whole(0, WAD),
    "incentive": Whole(WAD, LARGEST),
    "close_factor": Whole(5 * 10**16, 9 * 10**17),
    "seize_share": Whole(0, WAD),
    "minimal_collateral": Whole(0, LARGEST, 0),
    "first_rate": Whole(1, LARGEST),
    "sweep_s": Whole(1, LARGEST, YEAR_S),
    "price_c": Whole(1, LARGEST),
    "price_d": Whole(1, LARGEST),
    "start_s": Whole(0, LARGEST, 0),
    "entered": _ENTERED,  # whose claims on C count for them
}


class CompoundVenue:
    """One lane of two markets."""

    def __init__(self, terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]]) -> None:
        year = terms["year_s"]
        curve = KinkedWad(
            terms["base_per_year"] // year, terms["multiplier_per_year"] // year,
            terms["jump_per_year"] // year, terms["kink"],
        )  # fmt: skip
        names = (
            "reserve_factor", "collateral_factor", "threshold", "incentive", "close_factor",
            "seize_share", "minimal_collateral", "first_rate", "sweep_s",
        )  # fmt: skip
        self.terms: CompoundTerms = CompoundTerms(curve, *(terms[name] for name in names))
        self.state: CompoundPool = allocate(
            CompoundPool, L=1, A=len(held), index=WAD, updated_s=terms["start_s"],
            price=np.array([terms["price_c"], terms["price_d"]], np.int64),
            wallet=np.array([*held.values()], np.int64),
        )  # fmt: skip
        self._kept = allocate(CompoundPool, L=1, A=len(held))
        numbers = {name: number for number, name in enumerate(held)}
        inside = account_numbers("entered", terms["entered"], _ENTERED, numbers)
        self.state.entered[0, inside, 0] = True

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""
        amount = message.shares if message.kind == "redeem" else message.amount
        return int(act_compound(
            self.terms, self.state, self._kept, 0, np.int64(message.time_s), message.action,
            message.agent, message.asset, np.int64(amount), message.borrower,
        ))  # fmt: skip

    def result(self) -> tuple[int, int]:
        """Return what the last message returned: an amount, and tokens or bad debt."""
        return int(self.state.result[0, 0]), int(self.state.result[0, 1])

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return the state of both markets, as of their last accruals."""
        names = (
            "cash", "borrows", "reserves", "bad_debt", "tokens", "index", "updated_s", "paid",
            "price",
        )  # fmt: skip
        return [
            {
                "asset": asset,
                **{name: int(getattr(self.state, name)[0, market]) for name in names},
                "exchange_rate": int(exchange_rate(self.terms, self.state, 0, market)),
            }
            for market, asset in enumerate(MARKETS)
        ]

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return each account, as of the last accruals."""
        rows = []
        for account in range(self.state.claims.shape[1]):
            liquidity, shortfall = liquidity_of(self.terms, self.state, 0, account)
            rows.append({
                "tokens_c": int(self.state.claims[0, account, 0]),
                "tokens_d": int(self.state.claims[0, account, 1]),
                "debt": int(debt_of(self.state, 0, account, 1)),
                "c": int(self.state.wallet[0, account, 0]),
                "d": int(self.state.wallet[0, account, 1]),
                "liquidity": int(liquidity),
                "shortfall": int(shortfall),
            })  # fmt: skip
        return rows
