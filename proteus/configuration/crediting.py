"""What contradicts credit: who borrows needs a pool with cash, and a use for what it borrows."""

from __future__ import annotations

from collections.abc import Iterator

from proteus.basics import units
from proteus.market.agents.group import Group
from proteus.market.agents.kinds import DESKS, LENDERS, LIQUIDATORS, OF_CREDIT
from proteus.market.cell import CellConfig
from proteus.market.environment.contradictions import Rule
from proteus.market.lending.codes import LARGEST
from proteus.market.lending.shares import PROTEUS_VIRTUAL_SHARES

MOST_SUPPLIED = LARGEST // PROTEUS_VIRTUAL_SHARES // units.NANO  # currency, so that shares fit


def rules(cell: CellConfig) -> Iterator[Rule]:
    """List what must hold of a cell, with credit and without."""
    groups = {name: group for name, group in cell.population.items() if group.count}
    for name, group in groups.items():
        yield from _of_group(f"population.{name}", group, cell)
    if cell.credit.is_used:
        yield from _of_pool(cell, groups)


def _of_group(where: str, group: Group, cell: CellConfig) -> Iterator[Rule]:
    target, kind = group.target_leverage, group.kind
    lends, borrows, is_of_credit = kind in LENDERS, target is not None, kind in OF_CREDIT
    pool = "credit=none has no pool; credit=pool adds one"
    is_there = cell.credit.is_used or not is_of_credit
    yield Rule(f"{where}.kind", kind, is_there, f"another one: {pool}")
    key = f"{where}.target_leverage"
    yield Rule(key, target, cell.credit.is_used or not borrows, f"null: {pool}")
    does = "lends" if lends else "liquidates"
    allowed = f"null: kind={kind} {does} and does not borrow"
    yield Rule(key, target, not (is_of_credit and borrows), allowed)
    calls = kind in LIQUIDATORS
    use = f"{key}={target} is a multiple of it"
    if lends or calls:
        use = f"kind={kind} lends it" if lends else f"kind={kind} pays with it"
    yield Rule(
        f"{where}.capital", group.capital,
        group.capital is not None or not (lends or borrows or calls), f"given: {use}",
    )  # fmt: skip
    keeper = getattr(cell.credit, "keeper", None)
    allowed = f"another one: with credit.keeper={keeper} the treasury liquidates alone"
    yield Rule(f"{where}.kind", kind, keeper != "auto" or not calls, allowed)
    share, tips = getattr(group.policy, "tip_share", None), cell.execution.tips
    allowed = f"null when execution.tips={tips}: no message offers a part of what it gains"
    yield Rule(f"{where}.policy.tip_share", share, share is None or tips == "edge_share", allowed)
    counts = "capital or leverage: it must know what it can pay"
    yield Rule(f"{where}.risk", "", group.counts_capital or not calls, counts)
    yield Rule(
        key, target, group.counts_capital or not borrows,
        f"null without capital or leverage in {where}.risk: loans would change nothing it sends",
    )  # fmt: skip


def _of_pool(cell: CellConfig, groups: dict[str, Group]) -> Iterator[Rule]:
    key, used = "credit.mechanism", cell.credit.mechanism
    lenders = [group for group in groups.values() if group.kind in LENDERS]
    borrows = any(group.target_leverage is not None for group in groups.values())
    yield Rule(key, used, borrows, "none: no group of population has a target_leverage")
    yield Rule(key, used, bool(lenders), "none: no group of population is of kind lender")
    step, goes_on = getattr(cell.credit, "accrue_ms", 0), cell.episodes.continues
    yield Rule(
        "credit.accrue_ms", step, cell.credit.grid_ns < cell.horizon_ns,
        f"less than horizon_s={cell.horizon_s}: interest would never accrue",
    )  # fmt: skip
    allowed = f"a whole part of horizon_s={cell.horizon_s} with episodes.boundary=continue"
    is_whole = cell.credit.grid_ns == 0 or cell.horizon_ns % cell.credit.grid_ns == 0
    yield Rule("credit.accrue_ms", step, is_whole or not goes_on, allowed)
    price = getattr(cell.credit, "price", None)
    has_oracle = cell.environment.oracle is not None
    yield Rule(
        "credit.price", price, price != "oracle" or has_oracle,
        "reference: environment has no oracle; environment=oracle adds one",
    )  # fmt: skip
    yield from _of_desks(cell, groups)
    for name, group in groups.items():
        if group.kind in LENDERS:
            supplied = sum(each.count * (each.capital or 0) for each in lenders)
            yield Rule(
                f"population.{name}.capital", group.capital, supplied <= MOST_SUPPLIED,
                f"so small that all lenders have at most {MOST_SUPPLIED} together: their shares "
                "are 64-bit",
            )  # fmt: skip


def _of_desks(cell: CellConfig, groups: dict[str, Group]) -> Iterator[Rule]:
    desks = {name: group for name, group in groups.items() if group.kind in DESKS}
    keeper = getattr(cell.credit, "keeper", None)
    allowed = "traders: no group of population is of kind treasury, which sells what is seized"
    yield Rule("credit.keeper", keeper, keeper != "auto" or bool(desks), allowed)
    for name, group in desks.items():
        where = f"population.{name}"
        allowed = f"another one: with credit.keeper={keeper} the treasury seizes nothing"
        yield Rule(f"{where}.kind", group.kind, keeper == "auto", allowed)
        allowed = "so small that one trader in all is of kind treasury"
        count = sum(each.count for each in desks.values())
        yield Rule(f"{where}.count", group.count, count == 1, allowed)
        allowed = "null: the desk of the treasury pays whatever it seizes"
        yield Rule(f"{where}.capital", group.capital, group.capital is None, allowed)
