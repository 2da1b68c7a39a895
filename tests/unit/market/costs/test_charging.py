"""What charges are made of, against fractions: formulas, roundings, minimum, gas."""

import math
from fractions import Fraction

import numpy as np
import pytest

from proteus.compiler.jit import kernel
from proteus.market.book.codes import BUY, SELL
from proteus.market.costs import charging, codes, volume
from proteus.market.costs.codes import (
    ACTION_CANCEL,
    ACTION_NEW,
    ACTION_REPLACE,
    MAKER,
    TAKER,
)
from tests.helpers.charging import (
    HORIZON_NS,
    S,
    charge,
    cost,
    costs_of,
    currency,
    due,
    model,
    net,
)
from tests.reference import costs as reference

N_TICKS = 200
NANO = Fraction(1, 10**9)

# What a lot costs, written once more: (taker and maker rate, price, side) -> currency.
FORMULAS = {
    "notional": lambda rate, p, side: rate * p / 10**6,
    "binary_quadratic": lambda rate, p, side: rate * p * (1 - p),
    "smaller_leg": lambda rate, p, side: rate * min(p, 1 - p) / 10**6,
    "risk_notional": lambda rate, p, side: rate * (p if side == BUY else 1 - p) / 10**6,
}
ROUND = {
    "floor": math.floor,
    "ceil": math.ceil,
    "half_up": lambda units: math.floor(units + Fraction(1, 2)),
    "half_even": round,
}


def rounded(exact, rounding, unit):
    """Round a magnitude to a unit; fees up and rebates down where it is against the payer."""
    if rounding == "against_payer":
        rounding = "ceil" if exact > 0 else "floor"
    return (1 if exact > 0 else -1) * ROUND[rounding](abs(exact) / unit) * unit


def random_fills(count):
    draw = np.random.default_rng(20)
    for number in range(count):
        name = list(FORMULAS)[number % 4]
        digits = 3 if name == "binary_quadratic" else 0
        taker, maker = (round(float(x), digits) for x in draw.uniform(-1, 1, 2) * 1000 / 1000**(
            name == "binary_quadratic"))  # fmt: skip
        rounding = ["against_payer", *ROUND][int(draw.integers(5))]
        unit = [None, 1e-9, 1e-4, 0.01, 0.05][int(draw.integers(5))]
        price, lots = int(draw.integers(1, N_TICKS)), int(draw.choice([1, 7, 333, 10**6]))
        yield name, taker, maker, rounding, unit, price, lots, int(draw.integers(4))


@pytest.mark.plain
def test_charges_are_the_formulas_rounded_once():
    fees = 0
    for name, taker, maker, rounding, unit, price, lots, how in random_fills(400):
        keys = ("rate", "rate") if name == "binary_quadratic" else ("ppm", "ppm")
        read = model(model=name, rounding=rounding, round_to=unit,
                     **{f"taker_{keys[0]}": taker, f"maker_{keys[1]}": maker})  # fmt: skip
        role, side = how & 1, how >> 1
        rate = Fraction(str(maker if role == MAKER else taker))
        exact = lots * FORMULAS[name](rate, Fraction(price, N_TICKS), side)
        wanted = rounded(exact, rounding, NANO if unit is None else Fraction(str(unit)))
        assert cost(read, price, lots, N_TICKS, role=role, side=side) == wanted
        fees += wanted > 0
    assert 100 < fees < 300  # the rest are rebates, or nothing


@pytest.mark.plain
@pytest.mark.parametrize("exponent", [0, 1, 2, 3])
def test_powers_of_the_quadratic(exponent):
    read = model(model="binary_quadratic", taker_rate=0.25, exponent=exponent)
    assert cost(read, 20, 1000) == 250 * Fraction(16, 100) ** exponent


@pytest.mark.plain
def test_amounts_per_lot_add_to_the_notional():
    read = model("notional", taker_ppm=1000, taker_per_lot=-0.001, maker_per_lot=0.002)
    assert cost(read, 50, 1000) == Fraction(1, 2) - 1
    assert cost(read, 50, 1000, role=MAKER) == 2


# --- the minimum ----------------------------------------------------------------------------------


@pytest.mark.plain
def test_an_order_pays_the_minimum_once_and_what_exceeds_it():
    costs = costs_of(model("notional", taker_ppm=10_000, minimum=0.02))
    paid = [charge(costs, 50, lots).get("fee", 0) for lots in (1, 1, 1, 2, 100)]
    assert paid == [Fraction(2, 100), 0, 0, Fraction(5, 1000), Fraction(1, 2)]
    assert sum(paid) == Fraction(105, 200)  # all that it owes: 105 lots at half a cent


@pytest.mark.plain
def test_another_order_pays_it_again():
    costs = costs_of(model("notional", taker_ppm=10_000, minimum=0.02))
    assert charge(costs, 50, 1, order=1) == {"fee": Fraction(2, 100)}
    assert charge(costs, 50, 1, order=2, slot=1) == {"fee": Fraction(2, 100)}
    assert charge(costs, 50, 1, order=3) == {"fee": Fraction(2, 100)}
    assert charge(costs, 50, 1, order=3) == {}


@pytest.mark.plain
def test_each_clear_has_its_own():
    costs = costs_of(model("notional", taker_ppm=10_000, minimum=0.02))
    for _ in range(2):
        charging.begin_charge(costs, 0)
        charging.take_order(costs, 0, 0, 1)
        charging.forget_paid(costs, 0, 0)
        charging.charge_fill(costs, 0, 0, TAKER, BUY, 50, 1, 0, 0)
        assert due(costs) == {"fee": Fraction(2, 100)}


@pytest.mark.plain
def test_a_rebate_and_a_rate_of_nothing_have_no_minimum():
    read = model("notional", taker_ppm=0, maker_ppm=-10_000, minimum=1)
    assert charge(costs_of(read), 50, 10, role=TAKER) == {}
    assert charge(costs_of(read), 50, 10, role=MAKER) == {"rebate": Fraction(5, 100)}


@pytest.mark.plain
def test_a_fee_that_is_rounded_to_nothing_has_the_minimum():
    read = model("notional", taker_ppm=1, rounding="floor", round_to=0.01, minimum=0.03)
    costs = costs_of(read)
    assert [charge(costs, 50, 1) for _ in range(2)] == [{"fee": Fraction(3, 100)}, {}]


# --- surplus --------------------------------------------------------------------------------------


@pytest.mark.plain
@pytest.mark.parametrize(("side", "anchor"), [(BUY, 105), (SELL, 95)])
def test_a_share_of_half_ticks(side, anchor):
    """Half a cent of improvement, rounded up to the nano."""
    read = model("surplus", taker_share=0.3, cap_ppm=1_000_000)
    assert cost(read, 50, 7, side=side, anchor=anchor) == Fraction(3, 10) * 7 * Fraction(5, 200)


@pytest.mark.plain
def test_the_cap_is_of_price_times_lots():
    read = model("surplus", cap_ppm=1000, scale=2)
    assert cost(read, 50, 10, anchor=199) == 2 * Fraction(5, 1000)
    assert cost(read, 50, 10, side=SELL, anchor=0, role=MAKER) == 2 * Fraction(5, 1000)


# --- gas ------------------------------------------------------------------------------------------


def gas(costs, action, base_fee=charging.OF_THE_MODEL, tip=charging.OF_THE_MODEL, time=0):
    charging.begin_charge(costs, 0)
    assert charging.charge_action(costs, 0, action, base_fee, tip, time)
    total = currency(charging.gas_of_action(costs, action, base_fee, tip, time))
    assert total == net(due(costs))
    return due(costs)


@pytest.mark.plain
def test_gas_is_units_times_base_fee_and_tip():
    read = model("gas", cancel_units=0, replace_units=2.5, tip=0.0001)
    costs = costs_of(read)
    assert gas(costs, ACTION_NEW) == {
        "gas_burned": Fraction(5, 10_000), "gas_tip": Fraction(1, 10_000),
    }  # fmt: skip
    assert gas(costs, ACTION_CANCEL) == {}
    assert gas(costs, ACTION_REPLACE)["gas_burned"] == Fraction(125, 100_000)
    assert gas(costs, ACTION_REPLACE, base_fee=3, tip=0) == {"gas_burned": 8 * NANO}  # 7.5, up
    assert charge(costs, 50, 10) == {}


@pytest.mark.plain
def test_a_base_fee_of_the_model_changes_over_time():
    costs = costs_of(model("gas", base_fee=[[0, 0.001], [5, 0.002]], scale=0.5))
    assert gas(costs, ACTION_NEW, time=5 * S - 1) == {"gas_burned": Fraction(5, 10_000)}
    assert gas(costs, ACTION_NEW, time=5 * S) == {"gas_burned": Fraction(1, 1000)}


@pytest.mark.plain
def test_gas_that_leaves_int64_is_told():
    costs = costs_of(model("gas", new_units=1000))
    charging.begin_charge(costs, 0)
    assert not charging.charge_action(costs, 0, ACTION_NEW, 2**62, 0, 0)
    assert charging.gas_of_action(costs, ACTION_NEW, 0, 2**62, 0) < 0
    assert due(costs) == {}


# --- compiled -------------------------------------------------------------------------------------


@kernel
def charge_all(costs, fills, out):
    for i in range(fills.shape[0]):
        charging.begin_charge(costs, 0)
        charging.take_order(costs, 0, fills[i, 0], fills[i, 1])
        volume.find_tiers(costs, 0, fills[i, 0], fills[i, 6], i)
        charging.charge_fill(
            costs, 0, fills[i, 0], fills[i, 2], fills[i, 3], fills[i, 4], fills[i, 5],
            fills[i, 7], fills[i, 6],
        )  # fmt: skip
        value = fills[i, 4] * fills[i, 5] * costs.tables.tick_nano[0]
        volume.note_fill(costs, 0, fills[i, 0], fills[i, 2], value, fills[i, 6], i)
        charging.charge_action(costs, 0, fills[i, 1] % 7, charging.OF_THE_MODEL, 11, fills[i, 6])
        for component in range(5):
            out[i, component] = costs.due[0, component]


@pytest.mark.nojit
def test_all_parts_at_once_charge_what_the_twin_does():
    """Random fills of a few orders in two slots, compiled and to the nano."""
    tiers = [{"taker": 300, "maker": 0}, {"volume": 400, "share_ppm": 600_000, "taker": 200,
             "maker": -50}, {"volume": 900, "maker_share_ppm": 400_000, "taker": 7,
             "maker": -130}]  # fmt: skip
    parts = [
        {"model": "binary_quadratic", "taker_rate": 0.07, "maker_rate": 0.0175, "round_to": 0.0001,
         "balance_to": 0.01, "balance_rebate": 0.01},
        {"model": "tiered", "tiers": tiers, "window_s": 3},
        {"model": "surplus", "taker_share": 0.3, "maker_share": [[0, 0.1], [4, 0.7]]},
        {"model": "gas", "tip": 0.001}, {"model": "smaller_leg", "taker_ppm": 40, "minimum": 0.02},
    ]  # fmt: skip
    read, draw, count = model("parts", parts=parts), np.random.default_rng(3), 500
    fills = np.column_stack([
        draw.integers(0, 2, count), draw.integers(1, 40, count), draw.integers(0, 2, count),
        draw.integers(0, 2, count), draw.integers(1, 100, count), draw.integers(1, 50, count),
        np.sort(draw.integers(0, 10 * S, count)), draw.integers(2, 199, count),
    ])  # fmt: skip
    costs, out = costs_of(read, sides=1024), np.zeros((count, 5), np.int64)
    charge_all(costs, fills, out)
    twin, last = reference.Costs(read.model_dump(mode="json"), HORIZON_NS), {}
    for event, row in enumerate(fills.tolist()):
        who, order, role, side, price, lots, time, anchor = row
        if last.get(who) != order:  # another order takes the slot, which has paid nothing
            for part in range(len(parts)):
                twin.paid.pop((order + 1000 * who, part), None)
        last[who] = order
        named = ("taker", "maker")[role], ("buy", "sell")[side]
        p = Fraction(price, 100)
        fill = reference.Fill(*named, p, lots, Fraction(anchor, 200), time)
        due = twin.charge(order + 1000 * who, who, event, fill)
        for name, amount in twin.gas(codes.ACTIONS[order % 7], time, tip=11 * NANO).items():
            due[name] += amount
        twin.note(time, event, who, named[0], p * lots)
        assert [currency(nano) for nano in out[event]] == [due[c] for c in codes.COMPONENTS]
    assert (out > 0).any(axis=0).all()  # every component occurs
