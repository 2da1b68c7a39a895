"""From a cell's configuration to what all its blocks share."""

from __future__ import annotations

import numpy as np

from proteus.basics import units
from proteus.market.agents.traders import CLASS_MAKER, NO_GROUP
from proteus.market.cell import CellConfig
from proteus.market.costs.reserve import fee_reserves
from proteus.market.environment.channel_setup import Surroundings, channel_parameters
from proteus.market.environment.news import NewsParameters
from proteus.market.environment.setup import parameters_for
from proteus.market.incentives.tables import make_table
from proteus.market.information.leakage import PUBLIC
from proteus.market.rules.roles import make_roles
from proteus.market.setup import capacities
from proteus.market.setup.costs import costs_of_cell
from proteus.market.setup.foreign import check_parts
from proteus.market.setup.members import (
    CellSetup,
    Member,
    borrowing_of,
    chains_of,
    endowments,
    members_by_kind,
    reward_decays,
    schedule_columns,
    trader_columns,
)
from proteus.market.setup.stress import bursts_of, windows_of
from proteus.market.trading.world import Settings

# Grid steps of the news between two barriers; results do not depend on it. With 128 steps of signal
# delay and look-ahead they fill a ring of 1,024.
BARRIER_STEPS = 896


def set_up_cell(cell: CellConfig, is_rich: bool = False) -> CellSetup:
    """Prepare what all blocks of a cell share.

    Parameters
        cell: the cell. is_rich: the loop has all hooks, also where the cell adds no rules.

    Raises
        ConfigError: the news is too strong to be tabulated, or a part of another package cannot be
            compiled.
    """
    check_parts((cell,))
    members = tuple(
        Member(name, number, group)
        for name, group in cell.population.items()
        for number in range(group.count)
    )
    traders = trader_columns(members)
    is_maker = (traders.role == CLASS_MAKER) & (traders.group != NO_GROUP)
    delays = [units.milliseconds_to_ns(m.group.signal.delay_ms) for m in members if m.group.signal]
    costs = costs_of_cell(cell, members, capacities.taker_wake_ups_per_s(cell, members))
    return CellSetup(
        cell=cell,
        members=members,
        news=news_of(cell),
        settings=_settings(cell),
        traders=traders,
        schedules=schedule_columns(members, cell.slot_ns),
        kinds=members_by_kind(cell, members),
        disclosure=cell.leakage.disclosure(),
        signal_window_ns=max(delays, default=0),
        pending=capacities.whole_rows(capacities.pending_orders(cell, members)),
        entries=capacities.whole_rows(capacities.queue_entries(cell, members)),
        waiting=capacities.power_of_two(capacities.fills_waiting(cell, members)),
        history=capacities.power_of_two(capacities.states_kept(cell, members)),
        log_rows=0,
        is_rich=is_rich or cell.needs_rules,
        endowment=endowments(members),
        costs=costs,
        channels=channel_parameters(
            cell.environment, cell.execution,
            Surroundings(
                cell.tick_nano, cell.initial_ticks, cell.horizon_ns, cell.warmup_ns,
                cell.leakage.block.base_fee == PUBLIC,
            ),
        ),
        roles=make_roles(cell.mechanism, is_maker),
        policies=make_table(
            cell.incentives, cell.horizon_ns, cell.tick_nano, is_maker, reward_decays(members)
        ),
        chains=chains_of(members),
        reserve=fee_reserves(costs.tables, cell.n_ticks),
        legs=capacities.whole_rows(capacities.legs_pending(cell, members)),
        windows=windows_of(cell, members),
        borrowing=borrowing_of(members),
    )  # fmt: skip


def news_of(cell: CellConfig) -> NewsParameters:
    """Return the numbers of a cell's news, in bursts and outside of them."""
    probability, bursts = cell.contract.initial_probability, bursts_of(cell)
    return parameters_for(cell.latent, cell.horizon_ns, cell.settle_ns, probability, bursts)


def with_log(setup: CellSetup) -> CellSetup:
    """Return the set-up for blocks whose lanes are recorded."""
    return setup._replace(log_rows=capacities.expected_rows(setup))


def _settings(cell: CellConfig) -> Settings:
    horizons = np.array(cell.markout_horizons_ns, np.int64)
    return Settings(
        horizon_ns=cell.horizon_ns,
        warmup_ns=cell.warmup_ns,
        tau_ns=cell.tau_ns,
        lookahead_ns=int(horizons[-1]),
        barrier_ns=BARRIER_STEPS * units.milliseconds_to_ns(cell.latent.dt),
        block_ns=cell.block_ns,
        tick_nano=cell.tick_nano,
        n_ticks=cell.n_ticks,
        initial_ticks=cell.initial_ticks,
        depth_ticks=cell.metrics.depth_ticks,
        volatility_grid_ns=units.milliseconds_to_ns(cell.metrics.volatility_grid_ms),
        audit_every_event=False,
        continues=cell.episodes.continues,
        elapsed_ns=np.array(cell.elapsed_ns, np.int64),
        horizons_ns=horizons,
    )
