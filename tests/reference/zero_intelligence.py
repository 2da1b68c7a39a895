"""Random traders within their budgets in plain Python: a double auction of single orders.

Each buyer has values of several units, the best first, each seller costs. Whoever is drawn next
sends a price for its next unit, uniform within its budget, in place of the one it had; it trades at
once with the best price of the other side that it meets. Costs rise from 0.1 to the dearest in
equal steps over all units of all sellers, values fall from 0.9 to 1 less that; units are dealt in
turn.

Source
    Gode & Sunder (1993) Journal of Political Economy 101:119.
"""

import numpy as np


def efficiency(dearest, units, seed, is_cleared=False, traders=6, looks=240):
    """The share of the possible gains that one day of trade realises.

    ``looks``: prices that each draws on average. ``is_cleared``: a trade cancels all open orders.
    """
    draw = np.random.default_rng(seed)
    costs = np.linspace(0.1, dearest, traders * units)
    ladder = [(1 - costs)[at::traders] for at in range(traders)]
    ladder += [costs[at::traders] for at in range(traders)]
    traded, resting, gained = [0] * (2 * traders), ({}, {}), 0.0
    for number in range(2 * traders * looks):
        who = int(draw.integers(2 * traders))
        side = who // traders  # 0 buys, 1 sells
        if traded[who] == units:
            continue
        worth = ladder[who][traded[who]]
        price = draw.uniform(0, worth) if side == 0 else draw.uniform(worth, 1)
        sign = 1 - 2 * side
        best = min(resting[1 - side].items(), key=lambda each: (sign * each[1][0], each[1][1]),
                   default=(None, (2.0 * sign, 0)))  # fmt: skip
        if sign * price < sign * best[1][0]:
            resting[side][who] = (price, number)
            continue
        gained += sign * (worth - ladder[best[0]][traded[best[0]]])
        for one, of in ((who, side), (best[0], 1 - side)):
            traded[one] += 1
            resting[of].pop(one, None)
        if is_cleared:
            for orders in resting:
                orders.clear()
    return gained / np.maximum(1 - 2 * costs, 0).sum()
