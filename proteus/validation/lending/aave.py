"""Recordings of Aave v3.0: ``aave-v3-sequence/1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteus.errors import ConfigError
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

NAME = "aave-v3-sequence/1"
WIDE = ("_index", "_rate", "health_factor")  # numbers that never fit int64
_KEYWORDS = {
    "decimalsC": "decimals_c", "decimalsD": "decimals_d", "optimal": "optimal", "base": "base",
    "slope1": "slope_1", "slope2": "slope_2", "reserveFactorBps": "reserve_factor_bps",
    "protocolFeeBps": "protocol_fee_bps", "ltvBps": "ltv_bps", "thresholdBps": "threshold_bps",
    "bonusBps": "bonus_bps", "startPriceC": "price_c", "priceD": "price_d",
}  # fmt: skip
_AMOUNT = ("asset", "amount")
_ACTIONS = {
    "supply": _AMOUNT, "withdraw": _AMOUNT, "borrow": _AMOUNT, "repay": _AMOUNT,
    "liquidate": ("user", "debtToCover", "receiveAToken"), "price": ("asset", "price"),
    "mintToTreasury": (),
}  # fmt: skip
_RESERVE = {
    "liquidityIndex": "income_index", "variableBorrowIndex": "debt_index",
    "liquidityRate": "income_rate", "variableBorrowRate": "debt_rate", "lastUpdate": "updated_s",
    "accruedToTreasury": "accrued", "aScaledTotal": "supply", "vScaledTotal": "debt",
    "aTotal": "supply_now", "vTotal": "debt_now", "cash": "cash",
}  # fmt: skip
_USER = {
    "aC": "scaled_c", "aD": "scaled_d", "vD": "scaled_debt", "aCBal": "claim_c",
    "aDBal": "claim_d", "vDBal": "debt", "C": "c", "D": "d", "collBase": "collateral_value",
    "debtBase": "debt_value", "hf": "health_factor",
}  # fmt: skip


def _keywords(recording: Recording) -> dict[str, Any]:
    config = config_of(recording, (*_KEYWORDS, "startTime"))
    first = _recorded(f"{recording.where()}, initial", recording.initial)
    nothing_before(recording.where(), first, ("_index", "health_factor", ".c", ".d"))
    people = recording.initial["users"]
    return {
        **{name: config[key] for key, name in _KEYWORDS.items()},
        "wallets": wallets_of(recording, people, ("C", "D")),
        "treasury": "treasury",
    }


def _message(recording: Recording, step: Step) -> dict[str, Any]:
    where = args_of(recording, step, _ACTIONS)
    kind = "mint_to_treasury" if step.action == "mintToTreasury" else step.action
    row: dict[str, Any] = {"time_s": step.time_s, "kind": kind}
    if step.who is not None and step.action not in ("price", "mintToTreasury"):
        row["agent"] = step.who
    for key, value in step.args.items():
        if key in ("amount", "debtToCover"):
            row |= amount_of(where, key, value)
        elif key == "price":
            row[key] = narrow(where, key, value)
        elif key == "receiveAToken":
            if not isinstance(value, bool):
                raise ConfigError(f"{where}: {key}={value!r} is not allowed: must be true, false")
            row["takes_claims"] = value
        else:
            row["borrower" if key == "user" else key] = value
    return row


def _recorded(where: str, state: Mapping[str, Any]) -> Numbers:
    check_keys(where, state, ("reserves", "users"))
    check_keys(f"{where}, reserves", state["reserves"], ("C", "D"))
    numbers: Numbers = {}
    for asset, found in state["reserves"].items():
        numbers |= rename(f"{where}, {asset}", found, _RESERVE, f"{asset}.")
    for name, found in objects(f"{where}, users", state["users"]).items():
        numbers |= rename(f"{where}, {name}", found, _USER, f"{name}.")
    return numbers


def _ours(pool: list[Any], accounts: list[Any]) -> Numbers:
    numbers = dict(rows_by(pool, _RESERVE, "asset"))
    return numbers | dict(rows_by(accounts, _USER, "account"))


def _results(step: Step, ours: Any) -> tuple[Any, Any]:
    if step.result is None:
        return None, None
    recorded = step.result if isinstance(step.result, list) else [step.result]
    return (int(recorded[0]) if len(recorded) == 1 else recorded), ours["first"]


AAVE = Format(
    "aave", ("result", "priceC"), False, True, _keywords, _message, _recorded, _ours, _results
)
