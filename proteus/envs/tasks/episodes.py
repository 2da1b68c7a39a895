"""Where the episode of each lane stands, and the kernel that ends a step: rewards, flags, infos."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.held import opened
from proteus.compiler.jit import kernel, state
from proteus.market.trading.world import FAULT_NONE, STAGE_ENDED


@state
class Episodes(NamedTuple):
    """What a step gives of each lane. L lanes, M agents."""

    trader: np.ndarray  # int64 [M] number of each agent in the population
    pays_out: np.ndarray  # bool [1] the last reward is marked at the payoff
    most_steps: np.ndarray  # int64 [1] of an episode; 0: as many as there are
    before: np.ndarray  # int64 [L, M] equity at the last step, nano-currency
    equity: np.ndarray  # int64 [L, M] and at this one
    penalty: np.ndarray  # float64 [L, M] taken from this reward, currency
    reward: np.ndarray  # float64 [L, M] currency
    total: np.ndarray  # float64 [L, M] of the episode, currency
    length: np.ndarray  # int64 [L] steps of the episode
    terminated: np.ndarray  # bool [L] trading has ended
    truncated: np.ndarray  # bool [L] the lane was stopped, or has had its steps
    over: np.ndarray  # bool [L] it starts over with the next step, or at a reset
    time_s: np.ndarray  # float64 [L] since the start of the episode


@kernel
def settle(held_world, held_episodes):
    """Reward what a step has led to, and tell which lanes are over.

    Parameters
        held_world: ``Held`` World; read. held_episodes: ``Held`` Episodes; of lanes that were over
            the step was their start: it gives nothing, and what they have made by now belongs to
            the reward that follows.

    Returns
        How many lanes are over.
    """
    world, episodes = opened(held_world), opened(held_episodes)
    external, count = world.policies.others.policy, 0
    most, agents = episodes.most_steps[0], episodes.trader.shape[0]
    for lane in range(episodes.length.shape[0]):
        starts = episodes.over[lane]
        has_ended = world.progress.stage[lane] == STAGE_ENDED
        is_broken = world.progress.fault[lane] != FAULT_NONE
        for agent in range(agents):
            equity = external.equity[lane, agent]
            if episodes.pays_out[0] and has_ended and not is_broken:
                equity = world.totals.settled[lane, episodes.trader[agent]]
            reward = (equity - episodes.before[lane, agent]) / NANO
            reward -= episodes.penalty[lane, agent]
            episodes.equity[lane, agent] = equity
            episodes.reward[lane, agent] = 0.0 if starts else reward
            if not starts:
                episodes.before[lane, agent] = equity
                episodes.total[lane, agent] += reward
        episodes.length[lane] += not starts
        is_cut = most > 0 and not has_ended and episodes.length[lane] >= most
        episodes.truncated[lane] = is_broken or is_cut
        episodes.terminated[lane] = has_ended and not is_broken
        episodes.over[lane] = is_broken or is_cut or has_ended
        episodes.time_s[lane] = world.progress.now[lane] / NANO
        count += episodes.over[lane]
    return count
