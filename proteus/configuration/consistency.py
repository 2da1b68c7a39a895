"""Sizes that contradict each other although each is allowed alone.

A row of ``_AT_MOST`` is about two keys of one policy; the functions are about keys of different
parts. Indices of random addresses have 32 bits (``docs/seeds.md``), which bounds what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from proteus.basics import units
from proteus.basics.schema import Schema
from proteus.configuration import crediting, spoofing
from proteus.errors import ConfigError
from proteus.market.agents.episodes import FULL
from proteus.market.agents.group import Group
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.cell import CellConfig
from proteus.market.constraints.models import MessageRate
from proteus.market.costs.models import TieredCosts, parts_of, start_volumes, tips_of
from proteus.market.costs.schedule import Schedule
from proteus.market.costs.tables import make_tables
from proteus.market.environment.contradictions import Around, Rule, contradictions
from proteus.market.events.latency import ADDED_LAWS, LatencyLaw
from proteus.market.incentives import checks
from proteus.market.information.leakage import PUBLIC
from proteus.market.rules.roles import BY_CLASS, rule_of
from proteus.market.stress.checks import contradictions as stress_contradictions

LARGEST_INDEX = 2**32  # arrivals, jumps and batches with draws of their own
MOST_STEPS = 4 * LARGEST_INDEX  # steps of the news: four to an index
LARGEST_VARIANCE = 1e6  # of the log-odds over the horizon

_AT_MOST = (
    ("quote_lots", "inventory_limit_lots"),  # a quote that may never stand in full
    ("size_mean_lots", "max_lots"),  # a mean that no order reaches
)
_DISTANCES = ("half_spread", "widen_by")  # currency, from the middle of the market
_LIVES = ("request_ttl_ms", "quote_ttl_ms")  # of what ends by itself at the venue
_WAITS = ("decision_ms", "hold_ms")  # of a mechanism; nothing comes of what ends after T
_LARGEST_EXPONENTIAL = 23.0  # -log of the smallest uniform of 32 bits
_LARGEST_NORMAL = 6.34


def check(cell: CellConfig) -> None:
    """Check the sizes of one cell against each other.

    Raises
        ConfigError: two keys that contradict each other; the sentence names both.
    """
    for rule in _rules(cell):
        if not rule.holds:
            value = "null" if rule.value is None else rule.value
            raise ConfigError(f"{rule.key}={value} is not allowed: must be {rule.allowed}")


def _rules(cell: CellConfig) -> Iterator[Rule]:
    yield from _times(cell)
    yield _variance(cell)
    yield from _counts(cell)
    ticks, limit = cell.execution.protection_ticks, cell.n_ticks
    price_range = f"{limit} ticks of contract.tick={cell.contract.tick}"
    yield Rule("execution.protection_ticks", ticks, ticks <= limit, f"at most the {price_range}")
    for name, delay_ns in cell.leakage.delays_ns.items():
        yield Rule(
            f"execution.leakage.{cell.mechanism.name}.{name}.delay_ms",
            getattr(cell.leakage, name).delay_ms, delay_ns < cell.horizon_ns, _below(cell),
        )  # fmt: skip
    yield from _waits(cell)
    yield from _costs(cell)
    for where, part in (("costs", cell.costs), ("incentives", cell.incentives)):
        yield from _schedules(where, part, cell)
    yield from _carryover(cell)
    yield from contradictions(cell.environment, cell.execution, _around(cell))
    yield from _settlement(cell)
    yield from crediting.rules(cell)
    yield from _incentives(cell)
    for key, value, allowed in stress_contradictions(cell.stress, cell):
        yield Rule(f"stress.windows.{key}", value, False, allowed)
    yield from spoofing.rules(cell)
    yield from _filters(cell)
    for name, group in cell.population.items():
        yield from _policy(f"population.{name}.policy", group, limit, price_range)
        if group.count:
            yield from _delays(f"population.{name}", group, cell)


def _carryover(cell: CellConfig) -> Iterator[Rule]:
    """Check that somebody has what is to be carried, and that what goes on can."""
    needed = "a group of population with capital"
    if cell.episodes.carryover == FULL:
        needed += ", a kind that learns as maker does, or incentives, tiers or message_rate"
    policy = cell.episodes.carryover
    yield Rule(
        "episodes.carryover", policy, _has_what_is_carried(cell),
        f"hard_reset: nothing here is carried; {policy} needs {needed}",
    )  # fmt: skip
    goes_on, boundary = cell.episodes.continues, cell.episodes.boundary
    yield Rule(
        "episodes.boundary", boundary, policy == FULL or not goes_on,
        f"settle with episodes.carryover={policy}: positions go on under {FULL} only",
    )  # fmt: skip
    yield Rule(
        "episodes.boundary", boundary, cell.latent.model == "log_odds" or not goes_on,
        f"settle with latent={cell.latent.model}: only the news of log_odds goes on",
    )  # fmt: skip
    yield Rule(
        "horizon_s", cell.horizon_s,
        not goes_on or cell.horizon_ns % units.milliseconds_to_ns(cell.latent.dt) == 0,
        f"whole steps of latent.dt={cell.latent.dt} ms with episodes.boundary={boundary}",
    )  # fmt: skip


def _has_what_is_carried(cell: CellConfig) -> bool:
    groups = [group for group in cell.population.values() if group.count]
    if cell.episodes.continues:
        return True
    if cell.episodes.carryover != FULL or cell.has_capital or cell.incentives.is_used:
        return not cell.episodes.carries or cell.has_capital or cell.episodes.carryover == FULL
    learns = any(KINDS[group.kind].carries for group in groups)
    has_buckets = any(isinstance(each, MessageRate) for group in groups for each in group.chain)
    has_tiers = any(isinstance(part, TieredCosts) for part in parts_of(cell.costs.at(0)))
    return learns or has_buckets or has_tiers


def _costs(cell: CellConfig) -> Iterator[Rule]:
    """Check what costs say of the rest; that their tables fit, who makes these says."""
    if not cell.has_costs:
        return
    make_tables(cell.costs_in_force, cell.n_ticks, cell.horizon_ns)
    groups = ", ".join(cell.population)
    for name, volume in start_volumes(cell.costs).items():
        yield Rule(
            f"costs.start_volume.{name}", volume, name in cell.population,
            f"of a group of the population: {groups}",
        )  # fmt: skip
    route = cell.execution.route
    for key, tip in tips_of(cell.costs).items():
        yield Rule(
            f"costs.{key}", tip, route == "blocks" or tip == 0,
            f"0 when execution.route={route}: no block takes messages by their tips",
        )  # fmt: skip


def _schedules(key: str, value: Any, cell: CellConfig) -> Iterator[Rule]:
    """Check that every value of a number over time begins before T."""
    if isinstance(value, Schedule):
        written = [list(step) for step in value.steps]
        yield Rule(
            key, written, value.times_ns[-1] < cell.horizon_ns,
            f"a list whose last time is {_below(cell)}: what begins then is never used",
        )  # fmt: skip
    elif isinstance(value, Schema):
        for name in type(value).model_fields:
            yield from _schedules(f"{key}.{name}", getattr(value, name), cell)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _schedules(f"{key}.{name}", each, cell)
    elif isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from _schedules(f"{key}.{at}", each, cell)


def _incentives(cell: CellConfig) -> Iterator[Rule]:
    """List what contradicts a policy of ``incentives``; there is none without policies."""
    groups = [group for group in cell.population.values() if group.count]
    makers = [group for group in groups if KINDS[group.kind].role == CLASS_MAKER]
    takers = [group for group in groups if group not in makers]
    market = checks.Market(
        cell.horizon_ns, cell.tick_nano, cell.mechanism.has_requests, len(makers), len(takers),
        _least_capital(makers), _least_capital(takers), cell.has_fees,
        rule_of(cell.mechanism) == BY_CLASS,
    )  # fmt: skip
    for key, value, allowed in checks.contradictions(cell.incentives, market):
        yield Rule(f"incentives.policies.{key}", value, False, allowed)


def _least_capital(groups: list[Group]) -> float | None:
    return min((group.capital for group in groups if group.capital is not None), default=None)


def _times(cell: CellConfig) -> Iterator[Rule]:
    horizon = f"horizon_s={cell.horizon_s}"
    latest = max(cell.metrics.horizons_ms)
    yield Rule(
        "metrics.horizons_ms", [*cell.metrics.horizons_ms],
        cell.markout_horizons_ns[-1] <= cell.horizon_ns,
        f"at most {horizon}, and its largest time is {latest} ms",
    )  # fmt: skip
    yield Rule(
        "horizon_s", cell.horizon_s, cell.settle_ns <= units.LARGEST,
        f"at most {units.LARGEST // units.NS_PER_S} with the largest of metrics.horizons_ms added",
    )  # fmt: skip


def _variance(cell: CellConfig) -> Rule:
    """Bound the noise: far below the limit the price is 0 or 1 from the first steps on."""
    horizon_s = cell.horizon_ns / units.NS_PER_S
    if cell.latent.sigma is None:
        variance = cell.latent.total_variance
        fits = variance is not None and variance <= LARGEST_VARIANCE
        return Rule("latent.total_variance", variance, fits, f"at most {LARGEST_VARIANCE:g}")
    most = math.sqrt(LARGEST_VARIANCE / horizon_s)
    allowed = f"at most {most:.6g} per sqrt second for horizon_s={cell.horizon_s}"
    return Rule("latent.sigma", cell.latent.sigma, cell.latent.sigma <= most, allowed)


def _counts(cell: CellConfig) -> Iterator[Rule]:
    """List the rules that keep every counted thing inside its random address."""
    horizon_s, settle_s = cell.horizon_ns / units.NS_PER_S, cell.settle_ns / units.NS_PER_S
    steps = cell.settle_ns / units.milliseconds_to_ns(cell.latent.dt)
    allowed = f"large enough for at most {MOST_STEPS} steps up to horizon_s={cell.horizon_s}"
    yield Rule("latent.dt", cell.latent.dt, steps <= MOST_STEPS, allowed)
    if cell.delta_ns:
        batches = cell.horizon_ns / cell.delta_ns
        allowed = f"large enough for at most {LARGEST_INDEX} batches in horizon_s={cell.horizon_s}"
        yield Rule("delta", cell.delta, batches <= LARGEST_INDEX, allowed)
    rates = {"latent.jump_rate_per_s": (cell.latent.jump_rate_per_s, settle_s)}
    for name, group in cell.population.items():
        wake_ups = cell.wake_ups_per_s(group)
        rates[f"population.{name}.schedule.rate_per_s"] = (wake_ups, horizon_s)
    for key, (rate, seconds) in rates.items():
        most = LARGEST_INDEX / seconds
        allowed = f"at most {most:.6g} per second for horizon_s={cell.horizon_s}"
        yield Rule(key, rate, rate <= most, allowed)


def _policy(where: str, group: Group, n_ticks: int, price_range: str) -> Iterator[Rule]:
    keys = group.policy.model_dump()
    for key, value in keys.items():
        if key.endswith("_ticks"):
            allowed = f"less than the {price_range}"
            yield Rule(f"{where}.{key}", value, abs(value) < n_ticks, allowed)
        if key in _DISTANCES:
            yield Rule(f"{where}.{key}", value, value <= 1, "at most 1, the range of all prices")
    for small, large in _AT_MOST:
        if small in keys and large in keys:
            allowed = f"at most {large}={keys[large]}"
            yield Rule(f"{where}.{small}", keys[small], keys[small] <= keys[large], allowed)


def _waits(cell: CellConfig) -> Iterator[Rule]:
    """List the rules for how long the mechanism lets traders wait."""
    for key in type(cell.mechanism).model_fields:
        wait = getattr(cell.mechanism, key)
        if isinstance(wait, LatencyLaw):
            yield from _law(f"mechanism.{key}", wait, cell)
        elif key in _WAITS:
            yield Rule(f"mechanism.{key}", wait, wait < _horizon_ms(cell), _below(cell))


def _around(cell: CellConfig) -> Around:
    """Tell an environment what it needs to know of the rest of the cell."""
    lives = {f"mechanism.{key}": getattr(cell.mechanism, key, None) for key in _LIVES}
    return Around(
        horizon_ns=cell.horizon_ns,
        messages_per_s=sum(_least_messages(cell, group) for group in cell.population.values()),
        lives_ms={key: life for key, life in lives.items() if life is not None},
        reader=next((name for name, group in cell.population.items() if _reads(group)), ""),
        shows_base_fee=cell.leakage.block.base_fee == PUBLIC,
        shows_waiting=cell.leakage.waiting.orders == PUBLIC,
        table=f"execution.leakage.{cell.mechanism.name}",
        leads_ms={
            name: group.schedule.lead_ms
            for name, group in cell.population.items()
            if group.count and group.schedule.lead_ms is not None
        },
    )


def _reads(group: Group) -> bool:
    return group.count > 0 and getattr(group.policy, "reads_mempool", False)


def _least_messages(cell: CellConfig, group: Group) -> float:
    """Return how many messages a group sends per second at least, about.

    Noise sends an order at each arrival, a maker moves a quote at most of its wake-ups; whether
    others send anything, the market decides.
    """
    sends = KINDS[group.kind].role in (CLASS_MAKER, CLASS_NOISE)
    return group.count * cell.wake_ups_per_s(group) if sends else 0.0


def _settlement(cell: CellConfig) -> Iterator[Rule]:
    """List the rules for when fills are final: some must be before the end."""
    for key in ("delay_ms", "cycle_ms"):
        after = getattr(cell.settlement, key, None)
        if after is not None:
            yield Rule(f"settlement.{key}", after, after < _horizon_ms(cell), _below(cell))
    mode = cell.settlement.mode
    allowed = "immediate or delayed: environment has no blocks; environment=blocks adds them"
    has_blocks = cell.environment.blocks is not None
    yield Rule("settlement.mode", mode, mode != "blocks" or has_blocks, allowed)
    allowed = f"economic when settlement.mode={mode}: every fill is final when it happens"
    for name, group in cell.population.items():
        capital: Any = group.risk.get("capital")
        if capital is not None and group.count and not cell.settlement.is_used:
            key, counts = f"population.{name}.risk.capital.counts", capital.counts
            yield Rule(key, counts, counts == "economic", allowed)


def _filters(cell: CellConfig) -> Iterator[Rule]:
    """List what the filters of lab makers read that the cell does not show."""
    table = f"execution.leakage.{cell.mechanism.name}.book"
    book: Any = getattr(cell.leakage, "book", None)
    for name, group in cell.population.items():
        part: Any = getattr(group.policy, "filter", None)
        if part is None or group.count == 0:
            continue
        key = f"population.{name}.policy.filter.name"
        if part.reads_oracle:
            has_oracle = cell.environment.oracle is not None
            yield Rule(key, part.name, has_oracle, "another one: environment has no oracle")
        if part.reads_sizes:
            mechanism = f"another one: mechanism={cell.mechanism.name} publishes no book"
            yield Rule(key, part.name, book is not None, mechanism)
            for field in ("best_bid", "best_ask", "size") if book is not None else ():
                shown, allowed = getattr(book, field), f"public: {key}={part.name} reads it"
                yield Rule(f"{table}.{field}", shown, shown == "public", allowed)


def _horizon_ms(cell: CellConfig) -> float:
    return cell.horizon_ns / units.NS_PER_MS


def _below(cell: CellConfig) -> str:
    return f"less than horizon_s={cell.horizon_s}"


def _law(key: str, law: LatencyLaw, cell: CellConfig) -> Iterator[Rule]:
    yield Rule(f"{key}.base_ms", law.base_ms, law.base_ms < _horizon_ms(cell), _below(cell))
    yield _largest_draw(key, law)


def _delays(where: str, group: Group, cell: CellConfig) -> Iterator[Rule]:
    if group.signal:
        delay = group.signal.delay_ms
        yield Rule(f"{where}.signal.delay_ms", delay, delay < _horizon_ms(cell), _below(cell))
    for leg in type(group.latency).model_fields:
        yield from _law(f"{where}.latency.{leg}", getattr(group.latency, leg), cell)


def _largest_draw(key: str, law: LatencyLaw) -> Rule:
    """Keep the largest latency that can be drawn inside int64 nanoseconds."""
    logs = {"shifted_exponential": math.log(_LARGEST_EXPONENTIAL)}
    log_factor = logs.get(law.law, _LARGEST_NORMAL * law.shape)
    if law.law in ADDED_LAWS:
        log_factor = math.log(max(ADDED_LAWS[law.law].largest(law.shape), 1.0))
    most = units.LARGEST / units.NS_PER_MS
    fits = law.spread_ms == 0 or math.log(law.spread_ms) + log_factor <= math.log(most)
    name = "shape" if law.law == "lognormal" else "spread_ms"
    allowed = f"so small that no draw exceeds {most:.6g} ms"
    return Rule(f"{key}.{name}", getattr(law, name), fits, allowed)
