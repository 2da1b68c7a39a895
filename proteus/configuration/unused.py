"""Words that would change nothing: a key that counts only beside another one, which is not set so.

An axis that changes nothing is a grid of equal cells, and a rule of the market that does not hold
is not the market that was asked for; both are refused. A single value of a trader is not: a script
may set a policy and its sizes apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from proteus.configuration import overrides
from proteus.errors import ConfigError
from proteus.market.cell import CellConfig
from proteus.market.costs.schedule import Schedule, constant
from proteus.market.costs.tables import SURPLUS, make_tables
from proteus.market.mechanisms.table import MECHANISM_MODELS
from proteus.market.stress.models import COSTS


class Need(NamedTuple):
    """What a key needs in order to count.

    Attributes
        key: pattern of the key. beside: the key it depends on, with groups of the pattern; of
            several with | between them one is enough.
        holds: whether a value of that key lets it count. wanted: in words, with groups too.
    """

    key: str
    beside: str
    holds: Callable[[Any], bool]
    wanted: str


def _is(wanted: Any) -> Callable[[Any], bool]:
    return lambda value: value == wanted


def _exceeds(least: float) -> Callable[[Any], bool]:
    return lambda value: value > least


def _is_ever_given(schedule: Schedule) -> bool:
    return any(value is not None for value in schedule.values)


def _has_rates(cell: CellConfig) -> bool:
    """Tell whether a cell charges anything that ``costs.scale`` multiplies."""
    if not cell.has_costs:
        return False
    model = cell.costs.model_copy(update={"scale": constant(1)})
    tables = make_tables(model, cell.n_ticks, cell.horizon_ns)
    shape = (*tables.base_fee.shape, -1)
    is_any = np.asarray(tables.curves.any(axis=1))
    costs_something = is_any[tables.curve].reshape(shape)
    costs_something |= np.equal(tables.kind, SURPLUS)[:, None]
    has_fees = (costs_something & (tables.numerator != 0).reshape(shape)).any()
    is_given = cell.block_ns > 0 and cell.environment.congestion is not None
    has_price = is_given | (tables.base_fee + tables.tip > 0)
    return bool(has_fees or (has_price & tables.gas_numerator.any(axis=2)).any())


def _scales_something(cell: CellConfig) -> bool:
    """Tell whether a window of stress on ``costs.scale``, if there is any, has rates to scale."""
    return not cell.stress.about(COSTS) or _has_rates(cell)


def _of_leakage(mechanism: str) -> Need:
    key = rf"execution\.leakage\.{mechanism}\..+"
    return Need(key, "mechanism.name", _is(mechanism), f"mechanism must be {mechanism}")


_NEEDS = (
    Need(r"delta", "mechanism.uses_delta", _is(True),
         "mechanism must trade in batches, as fba does"),
    *map(_of_leakage, MECHANISM_MODELS),
    Need(r"execution\.leakage\.rfq\.cover\..+", "mechanism.dealers", _exceeds(1),
         "mechanism.dealers must be at least 2"),
    Need(r"execution\.leakage\.\w+\.block\.base_fee", "has_costs", _is(True),
         "costs must be another one than none"),
    Need(r"mechanism\.(hold_ms|tolerance)", "mechanism.last_look", _is(True),
         "mechanism.last_look must be true"),
    Need(r"(.+\.schedule)\.cluster_gap_ms", r"\1.cluster_probability", _exceeds(0),
         r"\1.cluster_probability must be more than 0"),
    Need(r"(.+\.schedule)\.rate_per_s", r"\1.law",
         lambda law: law not in ("none", "before_slots"),
         r"\1.law must be periodic, poisson or once"),
    Need(r"(.+\.policy)\.widen_by", r"\1.at_limit", _is("widen"), r"\1.at_limit must be widen"),
    Need(r"(.+\.policy)\.(knows_rewards|reward_pass|reward_decay)", "incentives.is_used", _is(True),
         "incentives must have a policy"),
    Need(r"(.+\.policy)\.(knows_rewards|reward_pass|reward_decay)", "incentives.rewards_makers",
         _is(True), "a policy of incentives must reward makers"),
    Need(r"(incentives\.policies\.\w+\.charge)\.share", r"\1.stake", _exceeds(0),
         r"\1.stake must be more than 0"),
    Need(r"(.+\.policy)\.reward_(pass|decay)", r"\1.knows_rewards", _is(True),
         r"\1.knows_rewards must be true"),
    Need(r"(.+\.policy)\.distance", r"\1.limit", _is("exponential"),
         r"\1.limit must be exponential"),
    Need(r"(.+\.policy)\.(low|high)_ticks", r"\1.limit", _is("uniform"),
         r"\1.limit must be uniform"),
    Need(r"(population\.\w+)\.(?!count$).+", r"\1.count", _exceeds(0),
         r"\1.count must be more than 0"),
    Need(r"costs\.scale|population\.\w+\.(knows_costs|policy\.reservation_scale)", "has_costs",
         _is(True), "costs must not be none"),
    Need(r"costs\.scale", "", _has_rates, "costs must have a rate other than 0"),
    Need(r"stress(\..+)?", "", _scales_something, "costs must have a rate other than 0"),
    Need(r"(population\.\w+)\.capital", r"\1.counts_capital|counts_capital", _is(True),
         r"\1.risk must have capital or leverage, settlement be delayed, a policy of incentives "
         "charge a fine or take a stake, episodes be used, or credit be a pool"),
    Need(r"episodes\.ruin_below", "episodes.carries", _is(True),
         "episodes.carryover must be capital_only or full_carryover"),
    Need(r"episodes\.ruin_below", "has_capital", _is(True),
         "a group of population must have capital"),
    Need(r"(population\.\w+\.risk)\.\w+\.place", r"\1", lambda chain: len(chain) > 1,
         r"\1 must have another constraint"),
    Need(r"costs\.(request|quote|accept|confirm)_units", "mechanism.has_requests", _is(True),
         "mechanism must have requests, as rfq has"),
    Need(r"costs\.(new|replace)_units", "mechanism.has_requests", _is(False),
         "mechanism must have orders, as clob has"),
    Need(r"costs\.balance_rebate", "costs.balance_to", _is_ever_given,
         "costs.balance_to must not be null"),
    Need(r"execution\.tip", "execution.tips", _is("fixed"), "execution.tips must be fixed"),
    Need(r"execution\.tip_share", "execution.tips", _is("edge_share"),
         "execution.tips must be edge_share"),
    Need(r"population\.\w+\.policy\.tip_share", "execution.tips", _is("edge_share"),
         "execution.tips must be edge_share"),
    Need(r"environment\.blocks\..+", "uses_blocks", _is(True),
         "execution.route or settlement must be blocks"),
    Need(r"environment\.congestion\..+", "block_ns", _exceeds(0),
         "execution.route must be blocks"),
    Need(r"environment\.congestion\..+", "pays_base_fee", _is(True),
         "costs must have gas, or execution.max_fee must be given"),
    Need(r"settlement\.(retries|fail_penalty_ppm)", "has_capital", _is(True),
         "a group of population must have capital"),
    Need(r"settlement\.fork_depth", "settlement.fork_probability", _exceeds(0),
         "settlement.fork_probability must be more than 0"),
    Need(r"credit\.(slope_[12]|kink|normalised)", "credit.curve", _is("kinked"),
         "credit.curve must be kinked"),
    Need(r"credit\.base", "credit.curve", lambda curve: curve in ("fixed", "kinked"),
         "credit.curve must be fixed or kinked"),
    Need(r"credit\.at_target", "credit.curve", _is("adaptive"), "credit.curve must be adaptive"),
    Need(r"credit\.(bonus(_least)?|policy|close_factor|close_health|target|protocol_share|dust)",
         "liquidates", _is(True), "population must have a group of kind liquidator or treasury"),
    Need(r"credit\.close_(factor|health)", "credit.policy", _is("close_factor"),
         "credit.policy must be close_factor"),
    Need(r"credit\.target", "credit.policy", _is("target_health"),
         "credit.policy must be target_health"),
    Need(r"latent\.jump(_accuracy|s)", "latent.jump_rate_per_s", _exceeds(0),
         "latent.jump_rate_per_s must be more than 0"),
)  # fmt: skip


def check(words: Sequence[str], designed: Iterable[str], cells: Sequence[CellConfig]) -> None:
    """Refuse a word, or a key of a design, that changes nothing in any cell.

    Parameters
        words: those given. designed: keys of the design. cells: all points of the grid.

    Raises
        ConfigError: the word, and what would have to stand beside it.
    """
    for word in words:
        key = overrides.key(word)
        of_market = ("mechanism.", "execution.leakage.", "costs.")
        if overrides.is_axis(word) or key.startswith(of_market):
            _check_key(key, word, cells)
    for key in designed:
        _check_key(key, f"{key} in design.factors", cells)


def _check_key(key: str, written: str, cells: Sequence[CellConfig]) -> None:
    for need in _NEEDS:
        match = re.fullmatch(need.key, key)
        if match:
            found = [
                value
                for beside in match.expand(need.beside).split("|")
                for cell in cells
                if (value := _look_up(cell, beside)) is not None
            ]
            if found and not any(map(need.holds, found)):
                wanted = match.expand(need.wanted)
                raise ConfigError(f"{written} changes nothing: for it to count, {wanted}")


def _look_up(cell: CellConfig, key: str) -> Any:
    """Return the value of a dotted key; None where the cell has none, and the cell of no key."""
    value: Any = cell
    if not key:
        return value
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value
