"""Faults of identity, episodes, what carries over, and the panel."""

from tests.faults.fault import Fault

MEMORY = (
    Fault(
        "agents of every cohort are the same",
        "market/agents/identity.py",
        'f"{cohort}/{group}/{member}"',
        'f"default/{group}/{member}"',
    ),
    Fault(
        "profiles number the agents of a group from 1",
        "market/agents/profiles.py",
        "agent_uid(cohort, name, member) for member in range(group.count)",
        "agent_uid(cohort, name, member + 1) for member in range(group.count)",
    ),
    Fault(
        "all episodes have the random numbers of the first",
        "market/rng.py",
        "    if episode == 0:\n",
        "    if episode >= 0:\n",
    ),
    Fault(
        "every episode begins with the configured capital",
        "market/setup/carrying.py",
        "np.maximum(wealth(world), 0), 0)",
        "world.rules.endowment, 0)",
    ),
    Fault(
        "wealth is what an episode has won",
        "market/setup/carrying.py",
        "        found += world.rules.endowment\n",
        "        pass\n",
    ),
    Fault(
        "debts are carried",
        "market/setup/carrying.py",
        "np.maximum(wealth(world), 0), 0)",
        "wealth(world), 0)",
    ),
    Fault(
        "the news goes on from where the contract would have settled",
        "market/environment/news.py",
        "        if last == parameters.last_grid:\n",
        "        if last >= parameters.last_grid:\n",
    ),
    Fault(
        "positions go on, and the news begins anew",
        "market/setup/carrying.py",
        "world.news.is_carried[...] = True",
        "world.news.is_carried[...] = False",
    ),
    Fault(
        "traders do not know of positions that go on",
        "market/setup/carrying.py",
        "world.private.position[...] = world.rules.opening",
        "world.private.position[...] = 0",
    ),
    Fault(
        "positions that go on cost nothing",
        "market/rules/posting.py",
        "            price = lots * value\n",
        "            price = lots - lots\n",
    ),
    Fault(
        "positions that go on are paid as well",
        "market/metrics/sums.py",
        "value if settings.continues else NANO",
        "NANO",
    ),
    Fault(
        "positions that go on are never settled",
        "market/rules/posting.py",
        "held.settled[lane, trader, CONTRACT] += lots",
        "held.settled[lane, trader, CONTRACT] += 0",
    ),
    Fault(
        "just enough wealth is ruin",
        "market/setup/carrying.py",
        "(wealth(world) < cell.episodes.ruin_nano)",
        "(wealth(world) <= cell.episodes.ruin_nano)",
    ),
    Fault(
        "the ruined trade on",
        "market/trading/ruling.py",
        "    if uses(rules, CAPITAL) and rules.is_ruined[lane, trader]:\n",
        "    if False:\n",
    ),
    Fault(
        "makers carry what they believe the contract is worth",
        "market/agents/kinds.py",
        '_LEARNED = ("volatility", "adverse")',
        '_LEARNED = ("volatility", "adverse", "belief")',
    ),
    Fault(
        "capital_only carries what makers have learned",
        "market/setup/carrying.py",
        "    if policy == FULL:\n",
        "    if policy in _BOTH:\n",
    ),
    Fault(
        "a lane that needs more room begins afresh",
        "runs/blocks.py",
        "            put(block.world, setup.cell, carried)\n",
        "            pass\n",
    ),
    Fault(
        "a lane that needed more room carries what it had before",
        "runs/blocks.py",
        "            after[lane] = take(again.world, task.cell)[0]\n",
        "            pass\n",
    ),
    Fault(
        "tasks begin with what the first lanes carry",
        "runs/dispatch.py",
        "job.carried[part]",
        "job.carried[: len(part)]",
    ),
    Fault(
        "a snapshot is read from its first seed on",
        "plans/snapshots.py",
        "self.carried[number][seeds - self.first]",
        "self.carried[number][seeds - seeds[0]]",
    ),
    Fault(
        "a panel ends with what it began with",
        "results/panel.py",
        '"equity_end": "wealth_end_by_trader"',
        '"equity_end": "wealth_start_by_trader"',
    ),
    Fault(
        "autoregression has one mean for all agents",
        "analysis/statistics/longitudinal.py",
        "before = before - before.mean(axis=1, keepdims=True)",
        "before = before - before.mean()",
    ),
    Fault(
        "intraclass correlation has a degree of freedom too many",
        "analysis/statistics/longitudinal.py",
        "/ (agents * (times - 1))",
        "/ (agents * times - 1)",
    ),
)
