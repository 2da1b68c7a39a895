"""Faults of sessions, policies outside, and environments."""

from tests.faults.fault import Fault

ENVS = (
    Fault(
        "lanes of a session all play one replicate",
        "sessions/session.py",
        '_whole("seed", seed, 0) + chosen',
        '_whole("seed", seed, 0)',
    ),
    Fault(
        "a lane that starts over plays its episode again",
        "sessions/session.py",
        "            self.episodes[chosen] += 1\n",
        "            pass\n",
    ),
    Fault(
        "a lane that starts over keeps its random numbers",
        "sessions/restarting.py",
        "        self._keys[lanes] = keys\n",
        "        pass\n",
    ),
    Fault(
        "a lane that starts over is rewarded against the episode before",
        "sessions/session.py",
        "        self._before[lanes] = 0\n",
        "        pass\n",
    ),
    Fault(
        "a quote that is gone is shown at its last price",
        "sessions/observation.py",
        "private.quote_price[of] * stands",
        "private.quote_price[of]",
    ),
    Fault(
        "costs of an ask are reckoned at the bid",
        "sessions/reckoning.py",
        "reckoned.price[lane, side], reckoned.lots[lane, side], time[lane]",
        "reckoned.price[lane, BUY], reckoned.lots[lane, side], time[lane]",
    ),
    Fault(
        "fills are told again at the next decision",
        "market/agents/external.py",
        "    policy.fills[lane, number] = 0\n",
        "    pass\n",
    ),
    Fault(
        "a trader outside may hold more than its limit",
        "market/trading/stepping.py",
        "    keep_limit(external, private, intents, lane, trader)\n",
        "    pass\n",
    ),
    Fault(
        "wake-ups of a trader outside are numbered from 1",
        "market/trading/stepping.py",
        "number = private.wakes[lane, trader] - 1",
        "number = private.wakes[lane, trader]",
    ),
    Fault(
        "what a trader outside has made is marked at 0 until the end",
        "market/trading/stepping.py",
        "nano(value_at(world.news, world.news_parameters, lane, progress.now[lane]))",
        "np.int64(0)",
    ),
    Fault(
        "a loss limit acts before its trader was decided for",
        "market/trading/stopping.py",
        "is_unconstrained(rules.constraints) or is_waiting(world.policies, lane)",
        "is_unconstrained(rules.constraints)",
    ),
    Fault(
        "the maker outside learns from fills of any half-spread alike",
        "policies/baseline_maker.py",
        "self._keys.belief_gain_fill * self.half_spread",
        "self._keys.belief_gain_fill",
    ),
    Fault(
        "the second maker outside learns from decisions of the first",
        "policies/baseline_maker.py",
        "seen.decides & (seen.trader == self.number)",
        "seen.decides",
    ),
    Fault(
        "a reward is all that was made by then",
        "envs/tasks/episodes.py",
        "(equity - episodes.before[lane, agent]) / NANO",
        "equity / NANO",
    ),
    Fault(
        "the step in which a lane starts over is one of its episode",
        "envs/tasks/episodes.py",
        "episodes.length[lane] += not starts",
        "episodes.length[lane] += 1",
    ),
    Fault(
        "a lane that broke is terminated too",
        "envs/tasks/episodes.py",
        "episodes.terminated[lane] = has_ended and not is_broken",
        "episodes.terminated[lane] = has_ended",
    ),
    Fault(
        "a lane that broke is not truncated",
        "envs/tasks/episodes.py",
        "episodes.truncated[lane] = is_broken or is_cut",
        "episodes.truncated[lane] = is_cut",
    ),
    Fault(
        "asks of an action are rounded inward",
        "envs/tasks/kernels.py",
        "ask = np.int64(ceil_ticks(",
        "ask = np.int64(floor_ticks(",
    ),
    Fault(
        "lots bought are shown as sold",
        "envs/tasks/kernels.py",
        "if external.fill_side[lane, number, i] == BUY:",
        "if external.fill_side[lane, number, i] == SELL:",
    ),
    Fault(
        "NaN is an action like any other",
        "envs/tasks/kernels.py",
        "if not (wanted.least[at] <= number <= wanted.largest[at]):",
        "if number < wanted.least[at] or number > wanted.largest[at]:",
    ),
    Fault(
        "inventory is charged by the millisecond",
        "envs/tasks/maker.py",
        "[:, None] / 1e9",
        "[:, None] / 1e6",
    ),
    Fault(
        "observations are the environment's own array",
        "envs/tasks/base.py",
        "        return vector.copy()\n",
        "        return vector\n",
    ),
    Fault(
        "a reset without a seed plays the same episode again",
        "envs/vector.py",
        "session.replicates[lanes], session.episodes[lanes] + 1",
        "session.replicates[lanes], session.episodes[lanes]",
    ),
    Fault(
        "a reset takes the mask out of the caller's options",
        "envs/vector.py",
        'mask = (options or {}).get("reset_mask")',
        'mask = (options or {}).pop("reset_mask", None)',
    ),
    Fault(
        "the last info of an episode is the first of the next",
        "envs/vector.py",
        '"final_info": info}',
        '"final_info": self._info()}',
    ),
    Fault(
        "all agents of a lane are shown what the first sees",
        "envs/self_play.py",
        "seen[lanes, self._decider, :-1]",
        "seen[lanes, 0, :-1]",
    ),
    Fault(
        "the first agent's action is sent for whoever decides",
        "envs/self_play.py",
        "given[lanes, self._decider]",
        "given[lanes, 0]",
    ),
    Fault(
        "agents share one space and its random numbers",
        "envs/parallel.py",
        "[self._lanes.task.action_space for _ in self.possible_agents]",
        "[self._lanes.task.action_space] * len(self.possible_agents)",
    ),
)
