"""What trading costs, in fractions of currency: the rules of MODEL2 part B, written to be read."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

NANO = Fraction(1, 10**9)
MILLION = 10**6
COMPONENTS = ("fee", "rebate", "gas_burned", "gas_tip", "rounding")
Tree = dict[str, Any]


def exact(number: Any) -> Fraction:
    """A number by the digits that were written."""
    return Fraction(str(number))


def now(number: Any, time_ns: int) -> Any:
    """A number that may be a list of [from_s, value], at a time; its own nanosecond counts."""
    if not isinstance(number, list):
        return number
    return [value for start, value in number if exact(start) * 10**9 <= time_ns][-1]


def rounded(amount: Fraction, rounding: str, unit: Fraction) -> Fraction:
    """Round a magnitude to a multiple of a unit; what is below 0 is a rebate."""
    units = abs(amount) / unit
    if rounding == "against_payer":
        rounding = "ceil" if amount > 0 else "floor"
    whole = {
        "floor": math.floor(units),
        "ceil": math.ceil(units),
        "half_up": math.floor(units + Fraction(1, 2)),
        "half_even": round(units),
    }[rounding]
    return unit * (whole if amount > 0 else -whole)


@dataclass
class Paid:
    """What an order has paid of one part."""

    fees: Fraction = Fraction(0)  # by their rates
    charged: Fraction = Fraction(0)  # with the minimum
    kept: Fraction = Fraction(0)  # rounding fees that did not come back


@dataclass
class Traded:
    """One side of a fill."""

    time_ns: int
    event: int
    trader: int
    role: str
    value: Fraction  # currency


@dataclass
class Fill:
    """What a side of a fill, or of all fills of an order in a clear, is charged for."""

    role: str  # "taker" or "maker"
    side: str
    price: Fraction
    lots: int
    anchor: Fraction  # from which a surplus is counted
    time_ns: int


class Costs:
    """A model with what its orders have paid, and what was traded."""

    def __init__(self, tree: Tree, horizon_ns: int, starts: list[Fraction] | None = None) -> None:
        self.tree = tree
        self.stressed = lambda time_ns: Fraction(1)  # what stress multiplies all rates by
        parts = tree["parts"] if tree["model"] == "parts" else [tree]
        self.parts: list[Tree] = [part for part in parts if part["model"] != "none"]
        self.paid: dict[tuple[int, int], Paid] = defaultdict(Paid)
        self.traded: list[Traded] = [
            Traded(0, -1, trader, "nobody", value) for trader, value in enumerate(starts or [])
        ]
        windows = [part["window_s"] for part in self.parts if part["model"] == "tiered"]
        self.window_ns = horizon_ns if windows[:1] in ([], [None]) else exact(windows[0]) * 10**9

    def scale(self, part: Tree, time_ns: int) -> Fraction:
        """What multiplies the rates of a part."""
        scale = exact(now(part["scale"], time_ns)) * self.stressed(time_ns)
        return scale if part is self.tree else scale * exact(now(self.tree["scale"], time_ns))

    # --- fills ------------------------------------------------------------------------------------

    def charge(
        self, order_id: int, trader: int, event: int, fill: Fill, fresh_minimum: bool = False
    ) -> dict[str, Fraction]:
        """Charge a fill to an order; in a clear its minimum is fresh."""
        due = dict.fromkeys(COMPONENTS, Fraction(0))
        for number, part in enumerate(self.parts):
            if part["model"] == "gas":
                continue
            paid = self.paid[order_id, number]
            if fresh_minimum:
                paid.fees = paid.charged = Fraction(0)
            self.charge_part(part, paid, trader, event, fill, due)
        return due

    def charge_part(
        self, part: Tree, paid: Paid, trader: int, event: int, fill: Fill, due: dict[str, Fraction]
    ) -> None:
        """Add what one part takes."""
        tier = self.tier(part, trader, event, fill.time_ns)
        amount = self.scale(part, fill.time_ns) * of_lots(part, fill, tier)
        unit = now(part["round_to"], fill.time_ns)
        takes = rounded(amount, part["rounding"], NANO if unit is None else exact(unit))
        if amount > 0:
            paid.fees += takes
            most = max(paid.fees, exact(now(part["minimum"], fill.time_ns)))
            takes = max(most - paid.charged, Fraction(0))
            paid.charged += takes
            due["fee"] += takes
        else:
            due["rebate"] -= takes
        if part.get("balance_to") and now(part["balance_to"], fill.time_ns) is not None:
            value = fill.price * fill.lots
            change = (-value if fill.side == "buy" else value) - takes
            beyond = change % exact(now(part["balance_to"], fill.time_ns))
            paid.kept += beyond
            due["rounding"] += beyond
            back = now(part["balance_rebate"], fill.time_ns)
            if back is not None and paid.kept > exact(back):
                paid.kept -= exact(back)
                due["rebate"] += exact(back)

    def cost(self, trader: int, event: int, fill: Fill) -> Fraction:
        """What a fill would take in all from an order that has paid nothing."""
        due = self.charge(-1, trader, event, fill)
        for number in range(len(self.parts)):
            self.paid.pop((-1, number), None)
        return sum(due.values(), Fraction(0)) - 2 * due["rebate"]

    def limit(
        self, trader: int, event: int, fill: Fill, limit: int, n_ticks: int, worth: Fraction,
        gas: Fraction,
    ) -> int:  # fmt: skip
        """The last tick up to a limit that is worth its price and costs, trying every one."""
        if not self.parts:
            return limit
        sign = 1 if fill.side == "buy" else -1
        ticks = range(min(limit, n_ticks - 1), 0, -1) if sign > 0 else range(max(limit, 1), n_ticks)
        for tick in ticks:
            fill.price = Fraction(tick, n_ticks)
            cost = (self.cost(trader, event, fill) + gas) / fill.lots
            if sign * (fill.price + sign * cost - worth) <= Fraction(1, 10**9 * n_ticks):
                return tick
        return 0 if sign > 0 else n_ticks

    # --- tiers ------------------------------------------------------------------------------------

    def note(self, time_ns: int, event: int, trader: int, role: str, value: Fraction) -> None:
        """Note one side of a fill."""
        self.traded.append(Traded(time_ns, event, trader, role, value))

    def tier(self, part: Tree, trader: int, event: int, time_ns: int) -> int:
        """The last tier before the first of which something is missed."""
        if part["model"] != "tiered":
            return 0
        inside = [
            each for each in self.traded
            if each.event < event and time_ns - each.time_ns <= self.window_ns
        ]  # fmt: skip
        own = [each for each in inside if each.trader == trader]
        tier = 0
        for number, needs in enumerate(part["tiers"]):
            total, everybody = volume(own), volume(inside) / 2  # a fill has two sides
            made, all_made = volume(own, "maker"), volume(inside, "maker")
            reached = (
                total >= exact(now(needs["volume"], time_ns))
                and is_share(total, everybody, exact(now(needs["share_ppm"], time_ns)))
                and is_share(made, all_made, exact(now(needs["maker_share_ppm"], time_ns)))
            )
            if not reached:
                break
            tier = number
        return tier

    # --- gas --------------------------------------------------------------------------------------

    def gas(
        self, action: str, time_ns: int, base_fee: Fraction | None = None,
        tip: Fraction | None = None,
    ) -> dict[str, Fraction]:  # fmt: skip
        """What a message costs; the base fee and tip are those of the model where none is given."""
        due = dict.fromkeys(COMPONENTS, Fraction(0))
        for part in self.parts:
            if part["model"] != "gas":
                continue
            units = exact(now(part[f"{action}_units"], time_ns)) * self.scale(part, time_ns)
            unit = now(part["round_to"], time_ns)
            for name, given, key in (("gas_burned", base_fee, "base_fee"), ("gas_tip", tip, "tip")):
                price = exact(now(part[key], time_ns)) if given is None else given
                due[name] += rounded(
                    units * price, part["rounding"], NANO if unit is None else exact(unit)
                )
        return due


def volume(traded: list[Traded], role: str | None = None) -> Fraction:
    """The value of sides, of one role or of all."""
    values = (each.value for each in traded if role in (None, each.role))
    return sum(values, Fraction(0))


def is_share(part: Fraction, whole: Fraction, ppm: Fraction) -> bool:
    """Whether a part is at least so many millionths of the whole; of nothing it is none."""
    return ppm == 0 or (part > 0 and part * MILLION >= whole * ppm)


def of_lots(part: Tree, fill: Fill, tier: int) -> Fraction:
    """What the lots of a fill cost by the rates of a part, before anything is rounded."""
    model, p, lots, time = part["model"], fill.price, fill.lots, fill.time_ns
    if model == "surplus":
        better = fill.anchor - p if fill.side == "buy" else p - fill.anchor
        share = exact(now(part[f"{fill.role}_share"], time)) * max(better, Fraction(0))
        return lots * min(share, exact(now(part["cap_ppm"], time)) * p / MILLION)
    exponent = part.get("exponent", 1)
    if model == "tiered":
        rate = exact(now(part["tiers"][tier][fill.role], time))
        model = part["base"]
        rate = rate if model == "binary_quadratic" else rate / MILLION
    elif model == "binary_quadratic":
        rate = exact(now(part["taker_rate"], time))
        if fill.role == "maker":
            share = exact(now(part["maker_rebate_share"], time))
            rate = exact(now(part["maker_rate"], time)) - share * rate
    else:
        rate = exact(now(part[f"{fill.role}_ppm"], time)) / MILLION
    base = {
        "notional": p,
        "binary_quadratic": (p * (1 - p)) ** exponent,
        "smaller_leg": min(p, 1 - p),
        "risk_notional": p if fill.side == "buy" else 1 - p,
    }[model]
    more = exact(now(part.get(f"{fill.role}_per_lot", 0), time))
    return lots * (rate * base + more)
