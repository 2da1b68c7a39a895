"""Recordings of Venus isolated pools, of the Compound v2 family: ``venus-sequence/1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteus.validation.lending.formats import (
    Format,
    Numbers,
    amount_of,
    args_of,
    config_of,
    nothing_before,
    rename,
    rows_by,
    wallets_of,
)
from proteus.validation.lending.recordings import Recording, Step, check_keys, narrow, objects

NAME = "venus-sequence/1"
_BORROWERS = "b"  # accounts named so have entered market C before the first step
_KEYWORDS = {
    "baseRatePerYear": "base_per_year", "multiplierPerYear": "multiplier_per_year",
    "jumpMultiplierPerYear": "jump_per_year", "kink": "kink", "reserveFactor": "reserve_factor",
    "collateralFactor": "collateral_factor", "liquidationThreshold": "threshold",
    "liquidationIncentive": "incentive", "closeFactor": "close_factor",
    "protocolSeizeShare": "seize_share", "minLiquidatableCollateral": "minimal_collateral",
    "initialExchangeRate": "first_rate", "priceC": "price_c", "priceD": "price_d",
    "startTime": "start_s",
}  # fmt: skip
_AMOUNT = ("asset", "amount")
_ACTIONS = {
    "mint": _AMOUNT, "redeem": ("asset", "tokens"), "redeemUnderlying": _AMOUNT, "borrow": _AMOUNT,
    "repay": _AMOUNT, "liquidate": ("user", "amount"), "heal": ("user",),
    "price": ("asset", "price"), "accrue": ("asset",),
}  # fmt: skip
_MARKET = {
    "getCash": "cash", "totalBorrows": "borrows", "totalReserves": "reserves",
    "badDebt": "bad_debt", "totalSupply": "tokens", "borrowIndex": "index",
    "exchangeRateStored": "exchange_rate", "accrualBlockNumber": "updated_s",
}  # fmt: skip
_USER = {
    "vC": "tokens_c", "vD": "tokens_d", "debtStored": "debt", "C": "c", "D": "d",
    "liquidity": "liquidity", "shortfall": "shortfall",
}  # fmt: skip


def _keywords(recording: Recording) -> dict[str, Any]:
    config = config_of(recording, tuple(_KEYWORDS))
    first = _recorded(f"{recording.where()}, initial", recording.initial)
    nothing_before(recording.where(), first, ("index", "exchange_rate", "updated_s", ".c", ".d"))
    people = recording.initial["users"]
    where = f"{recording.where()}, config"
    return {
        **{name: narrow(where, key, config[key]) for key, name in _KEYWORDS.items()},
        "wallets": wallets_of(recording, people, ("C", "D")),
        "entered": [name for name in people if name.startswith(_BORROWERS)],
    }


def _message(recording: Recording, step: Step) -> dict[str, Any]:
    where = args_of(recording, step, _ACTIONS)
    kind = "redeem_underlying" if step.action == "redeemUnderlying" else step.action
    row: dict[str, Any] = {"time_s": step.time_s, "kind": kind}
    if step.who is not None and step.action not in ("price", "accrue"):
        row["agent"] = step.who
    for key, value in step.args.items():
        if key == "amount":
            row |= amount_of(where, key, value)
        elif key == "tokens":
            read = amount_of(where, key, value)
            row |= read if "all" in read else {"shares": read["amount"]}
        elif key == "price":
            row[key] = narrow(where, key, value)
        else:
            row["borrower" if key == "user" else key] = value
    return row


def _recorded(where: str, state: Mapping[str, Any]) -> Numbers:
    check_keys(where, state, ("markets", "users", "reserveC", "reserveD"))
    check_keys(f"{where}, markets", state["markets"], ("C", "D"))
    numbers: Numbers = {}
    for asset, found in state["markets"].items():
        numbers |= rename(f"{where}, {asset}", found, _MARKET, f"{asset}.")
        paid = {f"reserve{asset}": state[f"reserve{asset}"]}
        numbers |= rename(where, paid, {f"reserve{asset}": "paid"}, f"{asset}.")
    for name, found in objects(f"{where}, users", state["users"]).items():
        numbers |= rename(f"{where}, {name}", found, _USER, f"{name}.")
    return numbers


def _ours(pool: list[Any], accounts: list[Any]) -> Numbers:
    numbers = dict(rows_by(pool, {**_MARKET, "paid": "paid"}, "asset"))
    return numbers | dict(rows_by(accounts, _USER, "account"))


def _results(step: Step, ours: Any) -> tuple[Any, Any]:
    return None, None


VENUS = Format(
    "compound", ("priceC",), True, False, _keywords, _message, _recorded, _ours, _results
)
