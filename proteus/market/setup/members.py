"""The traders of a cell, one by one, and the columns that kernels read of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.units import milliseconds_to_ns as _ns
from proteus.market.agents.base import Members
from proteus.market.agents.group import Group
from proteus.market.agents.identity import agent_uid
from proteus.market.agents.kinds import DESKS, KINDS
from proteus.market.agents.liquidator import LiquidatorPolicy
from proteus.market.agents.traders import (
    NO_GROUP,
    Schedules,
    Traders,
)
from proteus.market.book.codes import NO_OWNER, NO_TRADER
from proteus.market.cell import CellConfig
from proteus.market.constraints.state import ChainTable, chain_table
from proteus.market.environment.channel_setup import ChannelParameters
from proteus.market.environment.mempool import SHARE_OF_ALL
from proteus.market.environment.news import NewsParameters
from proteus.market.events.latency import ADDED_LAWS, LATENCY_CODES, LatencyLaw
from proteus.market.events.schedule import SCHEDULE_CODES
from proteus.market.events.windows import Windows
from proteus.market.incentives.state import PolicyTable
from proteus.market.information.history import Disclosure
from proteus.market.ledger.accounts import NO_LIMIT
from proteus.market.lending.credit import MILLION, Callers
from proteus.market.lending.models import wad
from proteus.market.rng import trader_entity
from proteus.market.rules.roles import Roles
from proteus.market.setup.costs import CostsOfCell
from proteus.market.trading.world import Settings


class Member(NamedTuple):
    """One trader of the cell."""

    group_name: str
    number: int  # within its group
    group: Group


class Borrowing(NamedTuple):
    """Who borrows and who lends, each of the traders."""

    leverage: NDArray[np.int64]  # [A] ppm of its wealth that it borrows up to, or 0
    deposit: NDArray[np.int64]  # [A] nano that it supplies at a wake-up, or 0
    reservation: NDArray[np.int64]  # [A] 1e18 a year, least rate of the pool at which it does
    desk: int  # the trader that sells for the treasury, or NO_TRADER
    callers: Callers  # who liquidates


class CellSetup(NamedTuple):
    """What all blocks of a cell share."""

    cell: CellConfig
    members: tuple[Member, ...]
    news: NewsParameters
    settings: Settings
    traders: Traders
    schedules: Schedules
    kinds: dict[str, Members]  # the traders of every kind, of a block without lanes
    disclosure: Disclosure
    signal_window_ns: int  # how far back signals look
    pending: int  # orders and envelopes that a lane has at once
    entries: int  # of its queue at once, at least as many
    waiting: int  # fills that wait for a later reference price, a power of two
    history: int  # public states and prints kept, a power of two
    log_rows: int  # rows that a lane's log has room for; 0: nothing is recorded
    is_rich: bool  # the loop has all hooks, as it must where rules are added
    endowment: NDArray[np.int64]  # [A] capital of each trader, nano-currency, or NO_LIMIT
    costs: CostsOfCell
    channels: ChannelParameters  # the numbers of the environment
    roles: Roles  # who makes in a fill
    policies: PolicyTable  # of incentives
    chains: ChainTable  # of constraints, those of the rich loop
    reserve: NDArray[np.int64]  # [2, N] nano for the fees of a lot, by side and limit in ticks
    legs: int  # fills whose settlement is pending at once
    windows: Windows  # in which something is not as usual
    borrowing: Borrowing


def trader_columns(members: tuple[Member, ...]) -> Traders:
    """Lay out what kernels read of each trader."""
    groups = [member.group for member in members]
    signals = [group.signal for group in groups]
    laws = [_legs(group) for group in groups]
    count = max(len(groups), 1)

    def column(values: list[Any], dtype: Any, *legs: int) -> NDArray[Any]:
        array = np.zeros((count, *legs), dtype)
        array[: len(values)] = np.array(values, dtype).reshape(len(values), *legs)
        return array

    return Traders(
        kind=column([KINDS[group.kind].number for group in groups], np.int64),
        role=column([KINDS[group.kind].role for group in groups], np.int64),
        owner=_owners(groups, count),
        needs_words=column([KINDS[group.kind].needs_words for group in groups], np.bool_),
        group=_groups(members, count),
        entity=column([trader_entity(m.group_name, m.number) for m in members], np.int64),
        latency_law=column([[LATENCY_CODES[leg.law] for leg in legs] for legs in laws], np.int8, 4),
        latency_base=column([[_ns(leg.base_ms) for leg in legs] for legs in laws], np.int64, 4),
        latency_spread=column(
            [[_ns(leg.spread_ms) for leg in legs] for legs in laws],
            np.float64,
            4,
        ),
        latency_shape=column([[leg.shape for leg in legs] for legs in laws], np.float64, 4),
        has_signal=column([s is not None for s in signals], np.bool_),
        signal_delay=column([_ns(s.delay_ms) if s else 0 for s in signals], np.int64),
        signal_noise=column([s.noise_sd if s else 0.0 for s in signals], np.float64),
        signal_look=column([_ns(s.look_ms) if s else 1 for s in signals], np.int64),
    )


def _owners(groups: list[Group], count: int) -> NDArray[np.int32]:
    """Return whose the orders of each trader are, to self-trade prevention."""
    owners = np.arange(count, dtype=np.int32)
    owners[[i for i, group in enumerate(groups) if group.accounts == "per_intent"]] = NO_OWNER
    return owners


def _groups(members: tuple[Member, ...], count: int) -> NDArray[np.int64]:
    """Number the groups that have traders; the one trader of an empty population has none."""
    names = [*dict.fromkeys(member.group_name for member in members)]
    numbers = np.full(count, NO_GROUP, np.int64)
    numbers[: len(members)] = [names.index(member.group_name) for member in members]
    return numbers


def endowments(members: tuple[Member, ...]) -> NDArray[np.int64]:
    """Return the capital of each trader in nano-currency, NO_LIMIT where it has none."""
    amounts = np.full(max(len(members), 1), NO_LIMIT, np.int64)
    for trader, member in enumerate(members):
        if member.group.capital_nano is not None:
            amounts[trader] = member.group.capital_nano
    return amounts


def borrowing_of(members: tuple[Member, ...]) -> Borrowing:
    """Return who borrows and who lends; nobody does in an empty population."""
    leverage, deposit, reservation = (np.zeros(max(len(members), 1), np.int64) for _ in range(3))
    desks = [trader for trader, member in enumerate(members) if member.group.kind in DESKS]
    for trader, member in enumerate(members):
        amount = getattr(member.group.policy, "deposit", 0)
        deposit[trader] = units.currency_to_nano(amount)
        reservation[trader] = wad(getattr(member.group.policy, "reservation_rate", 0))
        leverage[trader] = round(((member.group.target_leverage or 1) - 1) * MILLION)
    desk = desks[0] if desks else NO_TRADER
    return Borrowing(leverage, deposit, reservation, desk, _callers_of(members))


def _callers_of(members: tuple[Member, ...]) -> Callers:
    """Return who liquidates with capital of its own."""
    calls = np.zeros(max(len(members), 1), np.bool_)
    margin, memory, slope = (np.zeros(len(calls)) for _ in range(3))
    share = np.full(len(calls), SHARE_OF_ALL, np.int64)
    for trader, member in enumerate(members):
        if isinstance(policy := member.group.policy, LiquidatorPolicy):
            calls[trader], margin[trader] = True, policy.margin
            memory[trader], slope[trader] = policy.memory, policy.slope
            if policy.tip_share is not None:
                share[trader] = units.currency_to_nano(policy.tip_share)
    return Callers(calls, margin, memory, slope, share)


def chains_of(members: tuple[Member, ...]) -> ChainTable:
    """Return the chains of constraints; one that the plain loop knows is empty here."""
    return chain_table([member.group.chain for member in members] or [()])


def reads_mempool(members: tuple[Member, ...]) -> NDArray[np.bool_]:
    """Return which traders read what waits for a block, bool [A]."""
    reads = np.zeros(max(len(members), 1), np.bool_)
    reads[: len(members)] = [
        getattr(member.group.policy, "reads_mempool", False) for member in members
    ]
    return reads


def reward_decays(members: tuple[Member, ...]) -> NDArray[np.float64]:
    """Return how fast each trader learns what its lots earn; 0 where it does not know of it."""
    decays = np.zeros(max(len(members), 1))
    for trader, member in enumerate(members):
        policy: Any = member.group.policy
        if getattr(policy, "knows_rewards", False):
            decays[trader] = policy.reward_decay
    return decays


def agent_uids(cohort: str, members: tuple[Member, ...]) -> NDArray[np.int64]:
    """Return who each trader is; the one of an empty population is nobody."""
    uids = np.zeros(max(len(members), 1), np.int64)
    uids[: len(members)] = [agent_uid(cohort, m.group_name, m.number) for m in members]
    return uids


def _legs(group: Group) -> tuple[LatencyLaw, LatencyLaw, LatencyLaw, LatencyLaw]:
    """Return the four laws in the order of ``latency``."""
    latency = group.latency
    return latency.submission, latency.acknowledgement, latency.fill_report, latency.market_data


def schedule_columns(members: tuple[Member, ...], slot_ns: int) -> Schedules:
    """Lay out when each trader wakes up; ``slot_ns``: length of the slots of blocks, or 0."""
    schedules = [member.group.schedule for member in members]
    count = max(len(schedules), 1)

    def column(values: list[Any], dtype: Any) -> NDArray[Any]:
        array = np.zeros(count, dtype)
        array[: len(values)] = values
        return array

    gaps = [units.NS_PER_S / s.rate_per_s if s.rate_per_s else 0.0 for s in schedules]
    gaps = [
        float(slot_ns) if s.law == "before_slots" else gap
        for s, gap in zip(schedules, gaps, strict=True)
    ]
    jitters = [gap * s.jitter for gap, s in zip(gaps, schedules, strict=True)]
    return Schedules(
        law=column([SCHEDULE_CODES[s.law] for s in schedules], np.int8),
        gap_ns=column(gaps, np.float64),
        lead_ns=column([_ns(s.lead_ms or 0) for s in schedules], np.int64),
        jitter_ns=column(jitters, np.float64),
        cluster_probability=column([s.cluster_probability for s in schedules], np.float64),
        cluster_gap_ns=column([_ns(s.cluster_gap_ms) for s in schedules], np.float64),
        on_news=column([s.on_news for s in schedules], np.bool_),
        on_fill=column([s.on_fill for s in schedules], np.bool_),
    )


def members_by_kind(cell: CellConfig, members: tuple[Member, ...]) -> dict[str, Members]:
    """Gather the traders of each kind."""
    latencies = np.zeros(max(len(members), 1))
    for trader, member in enumerate(members):
        latency = member.group.latency
        latencies[trader] = _mean_s(latency.submission) + _mean_s(latency.market_data)
    return {
        kind: Members(
            policies=tuple(
                (trader, member.group.policy)
                for trader, member in enumerate(members)
                if member.group.kind == kind
            ),
            latency_s=latencies,
            traders=len(latencies),
            lanes=0,
            n_ticks=cell.n_ticks,
            protection_ticks=cell.execution.protection_ticks,
            initial_probability=cell.contract.initial_probability,
            most_held=tuple(m.group.most_held for m in members if m.group.kind == kind),
        )
        for kind in KINDS
    }


def _mean_s(law: LatencyLaw) -> float:
    """Return the mean latency in seconds."""
    if law.law in ADDED_LAWS:
        return (law.base_ms + law.spread_ms * ADDED_LAWS[law.law].mean(law.shape)) / 1000
    factor = {"constant": 0.0, "uniform": 0.5, "shifted_exponential": 1.0}
    share = factor.get(law.law) if law.law in factor else float(np.exp(law.shape**2 / 2))
    return (law.base_ms + law.spread_ms * float(share or 0.0)) / 1000
