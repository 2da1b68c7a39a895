"""The scenarios of the pack, the makers that meet them, and the words of each cell.

A scenario is a yaml of ``conf/stress`` in a market where it can matter. Both arms have that market;
one has the windows too. ``watched`` is declared before anything runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proteus.configuration import overrides


class Scenario(NamedTuple):
    """One scenario of the pack."""

    name: str  # its id, and the yaml of conf/stress
    what: str  # in words, as "X while ..."
    watched: str  # the variable that it is declared to move
    around: tuple[str, ...] = ()  # words of both arms
    around_rfq: tuple[str, ...] = ()  # further ones where traders ask for quotes
    without: tuple[tuple[str, str], ...] = ()  # mechanisms under which it cannot be, and why


class Maker(NamedTuple):
    """How makers quote; words of ``population.maker`` and of its parts."""

    name: str
    words: tuple[str, ...]


_BY_BLOCKS = ("environment=blocks", "environment.blocks.interval_ms=100")
_LONG, _LENDER = "population.leveraged", "population.lender"
_ON_CREDIT = (  # traders who buy with what they have and borrow, one who lends, four who liquidate
    "credit=pool", f"+trader@{_LONG}=flow", f"{_LONG}.count=4", f"{_LONG}.capital=15",
    f"{_LONG}.target_leverage=2", f"{_LONG}.schedule.rate_per_s=2", f"{_LONG}.policy.side=buy",
    f"{_LONG}.policy.limit=exponential", f"{_LONG}.policy.distance=0.02",
    f"{_LONG}.policy.shift=0.02", f"{_LONG}.policy.lots=5", f"+risk@{_LONG}.risk=capital",
    f"+trader@{_LENDER}=lender", f"{_LENDER}.schedule.rate_per_s=20",
    f"{_LENDER}.policy.deposit=100", "+trader@population.liquidator=liquidator",
    "population.liquidator.count=4", "population.liquidator.capital=5",
)  # fmt: skip
_ON_ORACLE = (*_ON_CREDIT, "environment=oracle", "credit.price=oracle")
_LONG_LIVES = ("mechanism.quote_ttl_ms=400", "mechanism.request_ttl_ms=600")

SCENARIOS = {
    row.name: row
    for row in (
        Scenario(
            "oracle_lag", "reports of the oracle that makers read are 2 s late",
            "oracle_error_rmse", ("environment=oracle", "population.maker=lab", "filter=oracle"),
        ),
        Scenario(
            "latency_spike", "everybody's links are twenty times as slow", "taker_wait_filled",
        ),
        Scenario("liquidity_drought", "makers withdraw their quotes", "volume_lots"),
        Scenario("news_cluster", "the news jumps ten times as often", "price_rmse"),
        Scenario(
            "message_flood", "noise traders send twelve times as much, and blocks are full",
            "block_wait", (*_BY_BLOCKS, "execution.route=blocks", "execution.capacity=30"),
            _LONG_LIVES,
        ),
        Scenario(
            "fee_spike", "all fees are ten times as high", "pnl_venue",
            ("costs=notional", "costs.taker_ppm=500"),
        ),
        Scenario(
            "fork", "every other block forks and drops fills", "reverted_share",
            (*_BY_BLOCKS, "settlement=blocks", "settlement.fork_probability=0"),
        ),
        Scenario(
            "spoof_burst", "a spoofer shows large orders to makers who read depth",
            "price_rmse",
            (
                "population=spoofed", "execution=depth",
                "population.spoofer.schedule.rate_per_s=0.0001",
                "filter@population.reader.policy.filter=microprice",
                "quoting@population.reader.policy.quoting=fixed",
            ),
            without=(("rfq", "publishes no book"),),
        ),
        Scenario(
            "utilisation_spike", "traders on credit come thirty times as often", "utilisation",
            (*_ON_CREDIT, f"{_LONG}.schedule.rate_per_s=0.2"),
        ),
        Scenario(
            "collateral_shock", "the news jumps ten times as often, before traders on credit",
            "bad_debt", _ON_CREDIT,
        ),
        Scenario(
            "cascade", "makers quote a fifth of their lots, before traders on credit",
            "cascade_lots", _ON_CREDIT,
        ),
        Scenario(
            "stale_oracle", "reports of the oracle that values collateral are 2 s late",
            "liquidations", _ON_ORACLE,
        ),
        Scenario(
            "lenders_away", "lenders bring nothing", "credit_lent",
            (
                *_ON_CREDIT, f"{_LENDER}.policy.deposit=0.5", f"{_LENDER}.schedule.rate_per_s=4",
            ),
        ),
        Scenario(
            "liquidators_away", "liquidators look at no account", "unhealthy",
            (*_ON_CREDIT, "credit.bonus=0.2", "latent.total_variance=3"),
        ),
    )
}  # fmt: skip
MAKERS = {
    row.name: row
    for row in (
        Maker("baseline", ()),
        Maker("glft", ("population.maker=lab", "filter=kalman", "quoting=glft")),
    )
}
MECHANISMS = ("clob", "fba", "rfq", "dual_flow")
# Beside what is declared: what a venue and its makers would ask first.
COMPANIONS = (
    "pnl_maker", "pnl_noise", "maker_max_drawdown", "quoted_spread", "price_rmse",
    "taker_execution_error", "taker_fill_probability", "volume_lots",
)  # fmt: skip
WINDOW_KEY, USUAL = "stress", "none"


def grids(
    scenario: Scenario, maker: Maker, mechanisms: Sequence[str], given: Sequence[str]
) -> list[list[str]]:
    """Return the words of sweeps of both arms: one, or two where requests need words of their own.

    There is none where the scenario cannot be.

    Parameters
        given: words of both arms, by whoever runs the pack.

    Of a key that is said twice the last word counts.
    """
    possible = [name for name in mechanisms if name not in dict(scenario.without)]
    asking = [name for name in possible if name == "rfq" and scenario.around_rfq]
    others = [name for name in possible if name not in asking]
    found = []
    for names, more in ((others, ()), (asking, scenario.around_rfq)):
        said = [
            f"mechanism={','.join(names)}", *maker.words, *scenario.around, *more, *given,
            f"{WINDOW_KEY}={USUAL},{scenario.name}",
        ]  # fmt: skip
        if names:
            found.append([*{overrides.key(word): word for word in said}.values()])
    return found
