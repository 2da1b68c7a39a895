"""Recordings of Morpho Blue: ``morpho-sequence/1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteus.errors import ConfigError
from proteus.market.lending.curves import CURVES
from proteus.validation.lending.formats import (
    Format,
    Numbers,
    args_of,
    asked,
    config_of,
    nothing_before,
    rename,
    rows_by,
    wallets_of,
)
from proteus.validation.lending.recordings import (
    Recording,
    Step,
    WidthError,
    check_keys,
    narrow,
    objects,
    whole,
)

NAME = "morpho-sequence/1"
_MILLIONTH = 10**30  # of the contract's price
_FEE_ACCOUNT = "feeRecipient"
_CONFIG = ("lltv", "ratePerSecond", "fee", "priceScale", "startPrice", "startTime")
_SHARED = ("assets", "shares")
_ACTIONS = {
    "supply": _SHARED, "withdraw": _SHARED, "borrow": _SHARED, "repay": _SHARED,
    "addCollateral": ("assets",), "withdrawCollateral": ("assets",),
    "liquidate": ("borrower", "seizedAssets", "repaidShares"), "price": ("price",), "accrue": (),
    "setFee": ("fee",),
}  # fmt: skip
_KINDS = {
    "addCollateral": "add_collateral", "withdrawCollateral": "withdraw_collateral",
    "setFee": "set_fee",
}  # fmt: skip
_MARKET = {
    "totalSupplyAssets": "supply_assets", "totalSupplyShares": "supply_shares",
    "totalBorrowAssets": "borrow_assets", "totalBorrowShares": "borrow_shares",
    "lastUpdate": "updated_s", "fee": "fee",
}  # fmt: skip
_OTHERS = {"contractLoan": "cash", "contractCollateral": "held", "rateAtTarget": "at_target"}
_POSITION = {
    "supplyShares": "supply_shares", "borrowShares": "borrow_shares", "collateral": "collateral",
    "loanBalance": "loan", "collateralBalance": "collateral_wallet",
}  # fmt: skip


def _price(where: str, value: Any) -> int:
    price = whole(where, "price", value)
    if price % _MILLIONTH:
        raise WidthError(f"{where}: price={price} is no multiple of 1e30")
    return narrow(where, "price/1e30", price // _MILLIONTH)


def _keywords(recording: Recording) -> dict[str, Any]:
    config = config_of(recording, _CONFIG, ("irm",))
    if config["irm"] not in CURVES:
        allowed = ", ".join(CURVES)
        where = f"{recording.where()}, config"
        raise ConfigError(f"{where}: irm={config['irm']!r} is not allowed: must be {allowed}")
    if config["priceScale"] != 10**36:
        where = f"{recording.where()}, config"
        raise ConfigError(f"{where}: priceScale={config['priceScale']} is not allowed: 1e36")
    where = f"{recording.where()}, initial"
    first = _recorded(where, recording.initial)
    clock = ("updated_s", "fee", "at_target", "loan", "collateral_wallet")
    nothing_before(recording.where(), first, clock)
    return {
        "lltv": config["lltv"], "curve": config["irm"], "rate_per_second": config["ratePerSecond"],
        "fee": first["market.fee"], "fee_account": _FEE_ACCOUNT,
        "at_target": first.get("market.at_target", 0), "start_s": first["market.updated_s"],
        "price": _price(f"{recording.where()}, config", config["startPrice"]),
        "wallets": wallets_of(
            recording, recording.initial["positions"], ("loanBalance", "collateralBalance")
        ),
    }  # fmt: skip


def _message(recording: Recording, step: Step) -> dict[str, Any]:
    where = args_of(recording, step, _ACTIONS)
    row: dict[str, Any] = {"time_s": step.time_s, "kind": _KINDS.get(step.action, step.action)}
    if step.who is not None and step.action not in ("price", "accrue", "setFee"):
        row["agent"] = step.who
    if step.action == "price":
        return {**row, "price": _price(where, step.args["price"])}
    names = {
        "assets": "amount", "shares": "shares", "seizedAssets": "amount", "repaidShares": "shares",
        "fee": "fee",
    }  # fmt: skip
    for key, value in step.args.items():
        row |= {key: value} if key == "borrower" else {names[key]: asked(where, key, value)}
    return row


def _recorded(where: str, state: Mapping[str, Any]) -> Numbers:
    check_keys(
        where, state, ("market", "positions", "contractLoan", "contractCollateral"),
        ("rateAtTarget",),
    )  # fmt: skip
    numbers = dict(rename(f"{where}, market", state["market"], _MARKET, "market."))
    others = {key: state[key] for key in _OTHERS if key in state}
    names = {key: name for key, name in _OTHERS.items() if key in state}
    numbers |= rename(where, others, names, "market.")
    for name, found in objects(f"{where}, positions", state["positions"]).items():
        numbers |= rename(f"{where}, {name}", found, _POSITION, f"{name}.")
    return numbers


def _ours(pool: list[Any], accounts: list[Any]) -> Numbers:
    market = {**pool[0], "account": "market"}
    numbers = dict(rows_by([market], {**_MARKET, **_OTHERS}, "account"))
    return numbers | dict(rows_by(accounts, _POSITION, "account"))


def _results(step: Step, ours: Any) -> tuple[Any, Any]:
    if step.result is None:
        return None, None
    recorded = step.result if isinstance(step.result, list) else [step.result]
    return [int(each) for each in recorded], [ours["first"], ours["second"]]


MORPHO = Format(
    "morpho", ("result", "price"), True, True, _keywords, _message, _recorded, _ours, _results
)
