"""A market by Morpho's rules, for the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.market.arithmetic.wide import of_int, to_int
from proteus.market.lending.accrual import ACCRUALS
from proteus.market.lending.curves import CURVES
from proteus.market.lending.morpho import (
    MOST_FEE,
    MorphoPool,
    MorphoTerms,
    debt_of,
    incentive_of,
    is_healthy,
)
from proteus.market.lending.morpho_door import act_morpho
from proteus.replaying.lending.messages import Message
from proteus.replaying.lending.terms import (
    LARGEST,
    WAD,
    Account,
    Choice,
    Terms,
    Whole,
    account_number,
)

ASSETS = ("loan", "collateral")
TERMS: Terms = {
    "lltv": Whole(0, WAD - 1),
    "curve": Choice(tuple(CURVES)),
    "rate_per_second": Whole(0, LARGEST, 0),
    "accrual": Choice(tuple(ACCRUALS), "compound_taylor3"),
    "fee": Whole(0, MOST_FEE, 0),
    "fee_account": Account(),
    "at_target": Whole(0, 2 * WAD // 31_536_000, 0),
    "price": Whole(0, LARGEST),
    "price_unit": Whole(1, LARGEST, 10**6),
    "start_s": Whole(0, LARGEST, 0),
}


class MorphoVenue:
    """One lane of a market."""

    def __init__(self, terms: Mapping[str, Any], held: Mapping[Any, tuple[int, int]]) -> None:
        numbers = {name: number for number, name in enumerate(held)}
        fee_account = account_number("fee_account", terms["fee_account"], numbers)
        self.terms: MorphoTerms = MorphoTerms(
            ACCRUALS[terms["accrual"]], CURVES[terms["curve"]], terms["rate_per_second"],
            terms["lltv"], int(incentive_of(np.int64(terms["lltv"]))), fee_account,
        )  # fmt: skip
        unit = np.array(of_int(terms["price_unit"]), np.uint64)
        self.state: MorphoPool = allocate(
            MorphoPool, L=1, A=len(held), updated_s=terms["start_s"], fee=terms["fee"],
            at_target=terms["at_target"], price=np.array(of_int(terms["price"]), np.uint64),
            price_unit=unit, wallet=np.array([*held.values()], np.int64),
        )  # fmt: skip
        self._kept = allocate(MorphoPool, L=1, A=len(held))

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""
        return int(act_morpho(
            self.terms, self.state, self._kept, 0, np.int64(message.time_s), message.action,
            message.agent, np.int64(message.amount), np.int64(message.shares), message.borrower,
        ))  # fmt: skip

    def result(self) -> tuple[int, int]:
        """Return what the last message returned: assets and shares, or seized and repaid."""
        return int(self.state.result[0, 0]), int(self.state.result[0, 1])

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return the state of the market, as of its last accrual."""
        state = self.state
        names = (
            "supply_assets", "supply_shares", "borrow_assets", "borrow_shares", "updated_s", "fee",
            "at_target", "cash", "held",
        )  # fmt: skip
        row = {name: int(getattr(state, name)[0]) for name in names}
        return [{**row, "price": to_int((state.price[0, 0], state.price[0, 1]))}]

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return the position of each account, as of the last accrual."""
        state = self.state
        return [
            {
                "supply_shares": int(state.supplied[0, account]),
                "borrow_shares": int(state.borrowed[0, account]),
                "collateral": int(state.collateral[0, account]),
                "debt": int(debt_of(state, 0, account)),
                "is_healthy": bool(is_healthy(self.terms, state, 0, account)),
                "loan": int(state.wallet[0, account, 0]),
                "collateral_wallet": int(state.wallet[0, account, 1]),
            }
            for account in range(state.supplied.shape[1])
        ]
