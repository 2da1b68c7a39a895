"""Worked examples of venues, from their own pages and contracts (facts/venues.md, part A).

Prices are in cents of a contract that pays 1, so a hundred ticks, where nothing else is said.
"""

import math
from fractions import Fraction

import pytest

from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.charging import beyond_balance, given_back
from proteus.market.costs.codes import MAKER, TAKER
from tests.helpers.charging import charge, cost, costs_of, currency, model, net

pytestmark = pytest.mark.plain


def decimal(text):
    return Fraction(text)


# --- Kalshi ---------------------------------------------------------------------------------------

KALSHI_CENT = [  # lots, cents, taker, maker
    (1, 50, ".02", ".01"),
    (1, 1, ".01", ".01"),
    (1, 99, ".01", ".01"),
    (10, 50, ".18", ".05"),  # a news page prints .04 for the maker: that is to the nearest
    (100, 5, ".34", ".09"),
    (100, 95, ".34", ".09"),
    (100, 10, ".63", ".16"),
    (100, 90, ".63", ".16"),
    (100, 25, "1.32", ".33"),
    (100, 75, "1.32", ".33"),
    (100, 35, "1.60", ".40"),
    (100, 50, "1.75", ".44"),
    (100, 99, ".07", ".02"),
    (33, 27, ".46", ".12"),
]
KALSHI_EXACT = [
    (1, 50, ".0175"), (1, 1, ".000693"), (10, 50, ".175"), (100, 5, ".3325"), (100, 10, ".63"),
    (100, 25, "1.3125"), (100, 35, "1.5925"), (100, 50, "1.75"), (100, 99, ".0693"),
    (33, 27, ".455301"),
]  # fmt: skip


@pytest.mark.parametrize(("lots", "price", "taker", "maker"), KALSHI_CENT)
@pytest.mark.parametrize("side", [BUY, SELL])
def test_kalshi_to_the_whole_cent(lots, price, taker, maker, side):
    read = model("kalshi_cent")
    assert cost(read, price, lots, role=TAKER, side=side) == decimal(taker)
    assert cost(read, price, lots, role=MAKER, side=side) == decimal(maker)


@pytest.mark.parametrize(("lots", "price", "exact"), KALSHI_EXACT)
def test_kalshi_before_it_is_rounded(lots, price, exact):
    assert cost(model("kalshi_cent", round_to=None), price, lots) == decimal(exact)


def test_no_float_rounds_kalshi_up_by_a_cent_too_much():
    """Of 594 cases 12 are wrong in binary fractions; none of ours is."""
    read, wrong = costs_of(model("kalshi_cent")), []
    for lots in (1, 10, 33, 50, 100, 1000):
        for price in range(1, 100):
            cents = -(-7 * lots * price * (100 - price) // 10_000)
            fee = charge(read, price, lots, order=1000 * lots + price)["fee"]
            assert fee == Fraction(cents, 100)
            p = price / 100
            if math.ceil(0.07 * lots * p * (1 - p) * 100) != cents:
                wrong.append((lots, price, cents))
    assert len(wrong) == 12
    assert {(100, 50, 175), (100, 10, 63), (100, 20, 112), (1000, 70, 1470)} <= set(wrong)


# The three examples of "Fee Rounding": value and trade fee of each fill, then what the page shows
# of each: rounding fee, accumulator before its rebate, rebate, net fee, floored balance change.
ACCUMULATOR = {
    "3 at 0.055 by 1": (".055", ".0085", [
        (".0065", ".0065", "0", ".0150", "-.07"),
        (".0065", ".0130", ".01", ".0050", "-.07"),
        (".0065", ".0095", "0", ".0150", "-.07"),
    ]),
    "0.90 at 0.50 by 0.30": (".15", ".0041", [
        (".0059", ".0059", "0", ".0100", "-.16"),
        (".0059", ".0118", ".01", ".0000", "-.16"),
        (".0059", ".0077", "0", ".0100", "-.16"),
    ]),
    "0.09 at 0.3301 by 0.03": (".009903", ".0005", [
        (".009597", ".009597", "0", ".010097", "-.02"),
        (".009597", ".019194", ".01", ".000097", "-.02"),
        (".009597", ".018791", ".01", ".000097", "-.02"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCUMULATOR)
def test_kalshi_accumulator(name):
    value, fee, fills = ACCUMULATOR[name]
    tables, kept = costs_of(model("kalshi")).tables, 0
    value, fee = int(decimal(value) * 10**9), int(decimal(fee) * 10**9)
    for rounding, accumulator, rebate, total, balance in fills:
        beyond = beyond_balance(tables, 0, 0, BUY, value, fee)
        kept += beyond
        assert currency(beyond) == decimal(rounding)
        assert currency(kept) == decimal(accumulator)
        back = given_back(tables, 0, 0, kept)
        kept -= back
        assert currency(back) == decimal(rebate)
        assert currency(fee + beyond - back) == decimal(total)
        assert currency(-value - fee - beyond) == decimal(balance)


def test_kalshi_accumulator_by_whole_charges():
    """The first example again, as three fills of one order whose trade fee is 0.0085 a lot."""
    read = model("kalshi", taker_rate=0.0085, exponent=0)
    costs = costs_of(read, n_ticks=1000)
    charges = [charge(costs, 55, 1, order=7) for _ in range(3)]
    fee, rounding = decimal(".0085"), decimal(".0065")
    assert charges == [
        {"fee": fee, "rounding": rounding},
        {"fee": fee, "rounding": rounding, "rebate": decimal(".01")},
        {"fee": fee, "rounding": rounding},
    ]
    assert [net(each) for each in charges] == [decimal(".015"), decimal(".005"), decimal(".015")]


def test_the_accumulator_follows_the_order_and_no_other():
    """Across roles it goes on; another order in the slot begins at nothing."""
    read = model("kalshi", taker_rate=0.0085, maker_rate=0.0085, exponent=0)
    costs = costs_of(read, n_ticks=1000)
    assert "rebate" not in charge(costs, 55, 1, order=7, role=TAKER)
    assert "rebate" not in charge(costs, 55, 1, order=8, role=TAKER)  # the slot is another's
    assert charge(costs, 55, 1, order=8, role=MAKER)["rebate"] == decimal(".01")


def test_the_accumulator_must_be_more_than_what_it_gives_back():
    """Two rounding fees of exactly 0.005 are 0.01, which is not more than 0.01."""
    costs = costs_of(model("kalshi", taker_rate=0.005, exponent=0))
    for _ in range(2):
        assert charge(costs, 50, 1) == {"fee": decimal(".005"), "rounding": decimal(".005")}
    assert charge(costs, 50, 1)["rebate"] == decimal(".01")


def test_direct_members_of_kalshi_pay_no_rounding_fee_on_whole_cents():
    read = model("kalshi", balance_to=0.0001)
    assert charge(costs_of(read), 50, 1) == {"fee": decimal(".0175")}


# --- Polymarket -----------------------------------------------------------------------------------

POLYMARKET = [  # rate, cents, fee of 100 lots
    (0.072, 1, ".07128"), (0.072, 5, ".342"), (0.072, 10, ".648"), (0.072, 30, "1.512"),
    (0.072, 50, "1.8"), (0.072, 70, "1.512"), (0.072, 90, ".648"), (0.072, 99, ".07128"),
    (0.03, 50, ".75"), (0.03, 30, ".63"), (0.03, 70, ".63"), (0.04, 50, "1.00"),
    (0.04, 30, ".84"), (0.05, 50, "1.25"), (0.05, 30, "1.05"),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "price", "fee"), POLYMARKET)
@pytest.mark.parametrize("rounding", ["floor", "half_up"])
def test_polymarket_by_category(rate, price, fee, rounding):
    read = model("polymarket", taker_rate=rate, rounding=rounding)
    assert cost(read, price, 100) == decimal(fee)


@pytest.mark.parametrize(
    ("name", "rate", "share"),
    [("polymarket", ".07", ".2"), ("polymarket_sports", ".03", ".25"),
     ("polymarket_finance", ".04", ".25"), ("polymarket_culture", ".05", ".25")],
)  # fmt: skip
def test_polymarket_has_the_rates_of_its_page(name, rate, share):
    fee = decimal(rate) * 100 / 4
    assert cost(model(name), 50, 100, role=TAKER) == fee
    assert charge(costs_of(model(name)), 50, 100, role=MAKER) == {"rebate": fee * decimal(share)}


@pytest.mark.parametrize(("rate", "share", "rebate"), [(0.072, 0.2, ".36"), (0.03, 0.25, ".1875")])
def test_polymarket_rebates_a_share_of_what_a_taker_would_pay(rate, share, rebate):
    read = model("polymarket", taker_rate=rate, maker_rebate_share=share)
    assert charge(costs_of(read), 50, 100, role=MAKER) == {"rebate": decimal(rebate)}


@pytest.mark.parametrize(("rounding", "fee"), [("floor", ".46830"), ("half_up", ".46831")])
def test_both_readings_of_the_fifth_decimal(rounding, fee):
    exact = model("polymarket", taker_rate=0.072, round_to=None)
    assert cost(exact, 27, 33) == decimal(".4683096")
    read = model("polymarket", taker_rate=0.072, rounding=rounding)
    assert cost(read, 27, 33) == decimal(fee)


@pytest.mark.parametrize(
    ("price", "tokens"),
    [(10, ".2025"), (20, ".64"), (30, "1.1025"), (40, "1.44"), (50, "1.5625"), (60, "1.44"),
     (70, "1.1025"), (80, ".64"), (90, ".2025")],
)  # fmt: skip
def test_the_first_form_of_polymarket(price, tokens):
    """Taken in tokens on buys; 1.5625 of these at 0.5 are 0.78 in cash."""
    read = model(model="binary_quadratic", taker_rate=0.25, exponent=2)
    assert cost(read, price, 100) == decimal(tokens)
    assert round(cost(read, 50, 100) / 2, 2) == decimal(".78")


@pytest.mark.parametrize(
    ("side", "price", "cash", "tokens"),
    [(BUY, 50, "1", "2"), (SELL, 50, "1", None), (BUY, 10, ".2", "2"), (SELL, 90, ".2", None),
     (BUY, 90, ".2", "2/9"), (SELL, 10, ".2", None)],
)  # fmt: skip
def test_the_exchange_contract_at_the_cash_value(side, price, cash, tokens):
    paid = cost(model("min_leg"), price, 100, side=side)
    assert paid == decimal(cash)
    if tokens:
        assert paid / Fraction(price, 100) == Fraction(tokens)


@pytest.mark.parametrize(
    ("side", "price", "lots", "role", "takes"),
    [(BUY, 65, 1000, TAKER, "1.95"), (SELL, 65, 1000, MAKER, "-.70"), (SELL, 90, 10, TAKER, "0"),
     (BUY, 50, 25, MAKER, "-.02"), (BUY, 50, 35, MAKER, "-.04")],
)  # fmt: skip
def test_polymarket_us(side, price, lots, role, takes):
    """The last two are ties: .025 and .035 go to the even cent."""
    assert cost(model("polymarket_us"), price, lots, side=side, role=role) == decimal(takes)


def test_the_older_page_of_polymarket_us():
    """To the nearest 0.001, at least that: 333 at .63 pay .62937, shown as .63."""
    read = model("polymarket_us", rounding="half_up", round_to=0.001, minimum=0.001)
    assert cost(read, 63, 333) == decimal(".629")
    assert cost(read, 1, 1) == decimal(".001")


# --- others of binary contracts -------------------------------------------------------------------


def test_rothera():
    read = model(model="binary_quadratic", taker_rate=0.06, rounding="half_up", round_to=0.01,
                 minimum=0.01)  # fmt: skip
    assert cost(read, 35, 100) == decimal("1.37")
    assert cost(read, 1, 1) == decimal(".01")


def test_dflow_adds_a_rounded_part_and_an_exact_one():
    rounded = {"model": "binary_quadratic", "taker_rate": 0.07, "round_to": 0.01}
    exact = {"model": "binary_quadratic", "taker_rate": 0.01}
    read = model("parts", parts=[rounded, exact])
    assert cost(read, 50, 100) == decimal("1.75") + decimal(".25")
    assert cost(read, 27, 33) == decimal(".46") + decimal(".065043")


@pytest.mark.parametrize(("tier", "fee"), [(0, "2.25"), (1, "2.1875"), (2, "2.125"), (3, "2")])
def test_dflow_falls_with_volume_and_makers_pay_a_quarter(tier, fee):
    """0.09, 0.0875, 0.085 and 0.08 of p (1 - p) a lot; a bound is reached by equality."""
    rates = (0.09, 0.0875, 0.085, 0.08)
    tiers = [{"volume": 100 * n, "taker": r, "maker": r / 4} for n, r in enumerate(rates)]
    read = model(model="tiered", base="binary_quadratic", tiers=tiers)
    for role, share in ((TAKER, 1), (MAKER, 4)):
        costs = costs_of(read, start=(100 * tier * 10**9, 0))
        assert charge(costs, 50, 100, role=role) == {"fee": decimal(fee) / share}


def test_polymarket_takes_nothing_of_geopolitics():
    read = model("polymarket", taker_rate=0)
    for role in (TAKER, MAKER):
        assert charge(costs_of(read), 50, 100, role=role) == {}


# --- part of the notional -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "role", "takes"),
    [(0, TAKER, 500), (0, MAKER, 100), (8, MAKER, -110), (5, TAKER, 250), (2, MAKER, 50),
     (3, MAKER, 0)],
)  # fmt: skip
def test_dydx_on_a_million(tier, role, takes):
    """Two fills of a million lots at 0.5, the most that an order has here."""
    read = model("dydx", tiers=[model("dydx").model_dump()["tiers"][tier] | NO_NEED])
    assert 2 * cost(read, 50, 1_000_000, role=role) == takes


DYDX = [  # volume in millions, shares of all and of makers in per cent, basis points
    (0, 0, 0, 5.0, 1.0), (1, 0, 0, 4.5, 1.0), (5, 0, 0, 4.0, 0.5), (25, 0, 0, 3.5, 0.0),
    (125, 0, 0, 3.0, 0.0), (125, 0.5, 0, 2.5, -0.5), (125, 0.5, 1, 2.5, -0.7),
    (125, 0.5, 2, 2.5, -0.9), (125, 0.5, 4, 2.5, -1.1),
]  # fmt: skip


def test_dydx_has_the_needs_and_rates_of_its_chain():
    tiers = model("dydx").model_dump()["tiers"]
    assert [
        (tier["volume"] / 10**6, tier["share_ppm"] / 10**4, tier["maker_share_ppm"] / 10**4,
         tier["taker"] / 100, tier["maker"] / 100)
        for tier in tiers
    ] == DYDX  # fmt: skip


@pytest.mark.parametrize(
    ("traded", "basis_points"),
    [(0, "5"), (10**6 - 1, "5"), (10**6, "4.5"), (5 * 10**6, "4"), (25 * 10**6 - 1, "4"),
     (25 * 10**6, "3.5"), (125 * 10**6, "2.5")],
)  # fmt: skip
def test_a_need_of_dydx_is_reached_by_equality(traded, basis_points):
    """Where nobody else trades the share of all is half, beyond 0.5 %."""
    costs = costs_of(model("dydx"), start=(traded * 10**9, 0))
    fee = charge(costs, 50, 20_000)["fee"]
    assert fee == decimal(basis_points) * 10_000 / 10_000


NO_NEED = {"volume": 0, "share_ppm": 0, "maker_share_ppm": 0}


@pytest.mark.parametrize(("basis_points", "fee"), [(1, ".05"), (5, ".25"), (30, "1.5"), (100, "5")])
def test_uniswap_pays_the_fee_to_those_who_provide(basis_points, fee):
    ppm = 100 * basis_points
    read = model("notional", taker_ppm=ppm, maker_ppm=-ppm)
    assert charge(costs_of(read), 50, 1000, role=TAKER) == {"fee": decimal(fee)}
    assert charge(costs_of(read), 50, 1000, role=MAKER) == {"rebate": decimal(fee)}


@pytest.mark.parametrize(("surplus", "fee"), [(30, "9.8"), (10, "5"), (-10, "0"), (0, "0")])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("role", [TAKER, MAKER])
def test_cow(surplus, fee, side, role):
    """A volume of 1000 is 2000 lots at 0.5; a surplus of 30 is 15 ticks of 0.001 a lot."""
    beyond = surplus if side == BUY else -surplus  # half ticks
    takes = cost(model("surplus"), 500, 2000, n_ticks=1000, side=side, role=role,
                 anchor=1000 + beyond)  # fmt: skip
    assert takes == decimal(fee)


def test_cow_with_its_volume_fee():
    share = {"model": "surplus", "taker_share": 0.5, "cap_ppm": 9800}
    read = model("parts", parts=[share, {"model": "notional", "taker_ppm": 200}])
    assert cost(read, 500, 2000, n_ticks=1000, anchor=1010) == 5 + decimal(".2")


def test_flat_maker_taker():
    read = model("maker_taker")
    assert charge(costs_of(read), 50, 100, role=TAKER) == {"fee": decimal(".3")}
    assert charge(costs_of(read), 50, 100, role=MAKER) == {"rebate": decimal(".2")}
