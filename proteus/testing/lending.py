"""What rate curves and liquidation rules owe: numbers in range, the same ones twice, and pools."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from proteus.compiler.jit import compiled
from proteus.market.lending import added, pool
from proteus.market.lending.curves import WAD
from proteus.market.lending.liquidation import most_repaid
from proteus.replaying.lending.door import replay as replay_pool
from proteus.replaying.lending.proteus_pool import TERMS as POOL_TERMS
from proteus.replaying.lending.proteus_pool import ProteusVenue
from proteus.replaying.lending.rates import replay as replay_loans
from proteus.replaying.lending.terms import read_terms

_NANO = 10**9
_STEPS = 64  # of utilisation
_WALLETS = {"lender": (10**13, 0), "borrower": (10**12, 1_000), "liquidator": (10**13, 0)}
_SHARED: dict[str, Any] = {"price": _NANO // 2, "year_s": 1_000, "wallets": _WALLETS}


def check_rates(name: str, keys: Mapping[str, Any] | None = None) -> None:
    """Check what a rate curve owes to everyone.

    Its name is in the table. Its rate is at least 0, fits 64 bits at any utilisation and never
    falls as more is lent; one of another package gives whole numbers, the same compiled as in plain
    Python. In a pool that has it debts and claims balance to the nano after every message, and a
    second run is the same.

    Parameters
        name: of the curve. keys: its own; of one of ours keywords of ``mechanism=pool``.

    Raises
        AssertionError: what it owes and does not do. ConfigError: a key that is wrong.
    """
    assert name in (*added.OUR_CURVES, *added.ADDED_CURVES), f"there is no curve {name}"
    terms = _terms("curve", name, name in added.ADDED_CURVES, keys)
    _check_curve(name, terms)
    if name in added.ADDED_CURVES:
        code, kind = added.CURVE_CODES[name], added.ADDED_CURVES[name]
        numbers = _pool(terms).terms.numbers
        for used in _shares():
            _check_same(name, kind.rate, added.rate_added, code, (numbers, used))
    _check_pool(name, terms)


def check_liquidation(name: str, keys: Mapping[str, Any] | None = None) -> None:
    """Check what a liquidation rule owes to everyone.

    Its name is in the table. Of an unhealthy debt it lets repay 1 nano at least, and never more
    than all; one of another package gives whole numbers, the same compiled as in plain Python. In a
    pool and in a book of loans that have it a liquidation is accepted, money and lots balance after
    every message, and a second run is the same.

    Parameters
        name: of the rule. keys: its own; of one of ours keywords of ``mechanism=pool``.

    Raises
        AssertionError: what it owes and does not do. ConfigError: a key that is wrong.
    """
    assert name in (*added.OUR_POLICIES, *added.ADDED_POLICIES), f"there is no rule {name}"
    terms = _terms("policy", name, name in added.ADDED_POLICIES, keys)
    policy = _pool(terms).terms.policy
    for case in _unhealthy():
        most = most_repaid(policy, *map(np.int64, case))
        assert 1 <= most <= case[-1], f"{name}: of a debt of {case[-1]} it lets repay {most}"
        if name in added.ADDED_POLICIES:
            code, kind = added.POLICY_CODES[name], added.ADDED_POLICIES[name]
            arguments = (policy.numbers, *map(np.int64, case))
            _check_same(name, kind.most_repaid, added.most_repaid_added, code, arguments)
    _check_pool(name, terms)
    _check_loans(name, {key: each for key, each in terms.items() if key not in ("curve", "base")})


def _terms(
    keyword: str, name: str, is_added: bool, keys: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the keywords of a pool that has a part."""
    own = dict(keys or {})
    if is_added:
        return {keyword: {"name": name, **own}}
    return {keyword: name, **own}


def _pool(terms: Mapping[str, Any]) -> ProteusVenue:
    given = {**terms, "price": _SHARED["price"]}
    return ProteusVenue(read_terms("mechanism=pool", POOL_TERMS, given), _WALLETS)


def _shares() -> list[np.int64]:
    return [np.int64(WAD * at // _STEPS) for at in range(_STEPS + 1)]


def _check_curve(name: str, terms: Mapping[str, Any]) -> None:
    """Ask for the rate of a pool of which ever more is lent."""
    rates = []
    for used in _shares():
        venue = _pool(terms)
        venue.state.cash[0], venue.state.borrow_assets[0] = WAD - used, used
        pool.set_rate(venue.terms, venue.state, 0)
        rates.append(int(venue.state.rate[0]))
        told = f"{name}: at a utilisation of {used / WAD} the rate is {rates[-1]}"
        assert rates[-1] >= 0, told
        assert rates[-1] >= rates[max(len(rates) - 2, 0)], f"{told}, and below it {rates[-2]}"


def _check_same(name: str, part: Any, chain: Any, code: int, arguments: tuple[Any, ...]) -> None:
    """Compare a part with itself, and with the kernel that knows it."""
    plain = part(*arguments)
    assert isinstance(plain, (int, np.integer)), f"{name}: {plain!r} is no whole number"
    found = _machine(chain)(code, *arguments)
    assert found == plain, f"{name}: compiled it gives {found}, and {plain} in plain Python"


@functools.cache
def _machine(chain: Any) -> Any:
    return compiled(chain)


def _unhealthy() -> list[tuple[int, ...]]:
    """Threshold, lots, value, cost and a debt that they do not carry."""
    threshold, cases = 65 * WAD // 100, list[tuple[int, ...]]()
    for lots, value in itertools.product((1, 1_000, 10**9), (10**6, _NANO // 2)):
        carried = lots * value * threshold // WAD
        for debt in (carried + 1, carried * 5 // 4 + 1, 3 * carried + 1):
            cases.append((threshold, lots, value, value * 9 // 10, debt))
    return cases


def _squeezed(opening: list[dict[str, Any]], late: int) -> list[dict[str, Any]]:
    """A loan, a fall of the price, and liquidations."""
    rows = [{"time_s": 0, "kind": "add_collateral", "agent": "borrower", "amount": 1_000}]
    rows += [{"time_s": 0, **row} for row in opening]
    for price in (300_000_000, 20_000_000):
        rows.append({"time_s": late, "kind": "price", "price": price})
        rows += [
            {"time_s": late, "kind": "liquidate", "agent": "liquidator", "borrower": "borrower",
             "amount": lots}
            for lots in (1, 100, 1_000)
        ]  # fmt: skip
    return rows


def _check_pool(name: str, terms: Mapping[str, Any]) -> None:
    rows = _squeezed(
        [{"kind": "supply", "agent": "lender", "amount": 10**12},
         {"kind": "borrow", "agent": "borrower", "amount": 240 * _NANO}], 500,
    )  # fmt: skip
    one, two = (replay_pool(rows, accrue_s=10, **_SHARED, **terms) for _ in range(2))
    _check_twice(name, one, two)
    held = one.pool["cash"] + one.pool["borrow_assets"]
    claims = one.pool["supply_assets"] + one.pool["treasury"]
    assert (held == claims).all(), f"{name}: cash and debt are not what is claimed"
    wallets = one.accounts.groupby("row")["cash"].sum() + one.pool["cash"].to_numpy()
    assert (wallets == _money()).all(), f"{name}: money is not conserved"


def _check_loans(name: str, terms: Mapping[str, Any]) -> None:
    rows = _squeezed(
        [{"kind": "offer", "agent": "lender", "amount": 10**12, "rate_permille": 100},
         {"kind": "request", "agent": "borrower", "amount": 200 * _NANO, "rate_permille": 100}], 50,
    )  # fmt: skip
    one, two = (
        replay_loans(rows, "rate_book", term_s=100, **_SHARED, **terms) for _ in range(2)
    )  # fmt: skip
    _check_twice(name, one, two)
    wallets = one.accounts.groupby("row")[["cash", "offered"]].sum().sum(axis=1)
    held = wallets + one.pool["treasury"].to_numpy()
    assert (held == _money()).all(), f"{name}: money is not conserved"


def _money() -> int:
    return sum(cash for cash, _ in _WALLETS.values())


def _check_twice(name: str, one: Any, two: Any) -> None:
    for ours, theirs in zip(one, two, strict=True):
        assert ours.equals(theirs), f"{name}: it does something else the second time"
    calls = one.results[one.results["kind"] == "liquidate"]
    assert calls["accepted"].any(), f"{name}: nobody is ever liquidated"
