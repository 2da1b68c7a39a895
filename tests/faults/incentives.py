"""Faults of incentives: samples, scores, epochs, pools, fines, stakes, and what makers do."""

from tests.faults.fault import Fault

INCENTIVES = (
    Fault(
        "an order at the edge of presence is too far",
        "market/incentives/scores.py",
        "distance <= table.spread[policy] and table.takes_part[policy, trader]:\n"
        "            points[lane, trader, side] += standing.lots",
        "distance < table.spread[policy] and table.takes_part[policy, trader]:\n"
        "            points[lane, trader, side] += standing.lots",
    ),
    Fault(
        "the larger side counts",
        "market/incentives/scores.py",
        "joint = table.divisor[policy] * min(bids, asks)",
        "joint = table.divisor[policy] * max(bids, asks)",
    ),
    Fault(
        "one side alone scores at any mid",
        "market/incentives/scores.py",
        "if lowest <= middle <= highest:",
        "if True:",
    ),
    Fault(
        "small orders move the mid",
        "market/incentives/scores.py",
        "        if standing.lots[lane, row] < min_lots:\n            continue\n",
        "",
    ),
    Fault(
        "the level that reaches the target does not count",
        "market/incentives/scores.py",
        "        if better >= table.target[policy]:",
        "        if better + here + lots > table.target[policy]:",
    ),
    Fault(
        "the own group counts as anybody",
        "market/incentives/scores.py",
        "and (group != other_group or group < 0)",
        "and True",
    ),
    Fault(
        "orders of the open batch count as published",
        "market/rules/counting.py",
        "if is_public and orders.batch[lane, slot] < public_before:",
        "if is_public and orders.batch[lane, slot] <= public_before:",
    ),
    Fault(
        "what is published by a clear makes in that clear",
        "market/rules/roles.py",
        "return orders.batch[lane, slot] < clears - 1",
        "return orders.batch[lane, slot] < clears",
    ),
    Fault(
        "a grid looks at 0 as well",
        "market/incentives/sampling.py",
        "return 0 if table.at_instant[policy] else 1",
        "return 0",
    ),
    Fault(
        "policies look after the batch clears",
        "market/events/queue.py",
        "    KIND_INCENTIVE: PRIORITY_INCENTIVE,",
        "    KIND_INCENTIVE: PRIORITY_MESSAGE,",
    ),
    Fault(
        "rewards are rounded up",
        "market/incentives/payments.py",
        "amount = multiply_divide(budget, part, total, FLOOR)",
        "amount = multiply_divide(budget, part, total, CEIL)",
    ),
    Fault(
        "what is not paid is lost",
        "market/incentives/payments.py",
        "incentives.carried[lane, policy] = budget - paid",
        "incentives.carried[lane, policy] = 0",
    ),
    Fault(
        "a pool pays what it does not have",
        "market/incentives/payments.py",
        "        incentives.short[lane, policy] += 1\n        return there\n",
        "        return wanted\n",
    ),
    Fault(
        "scores go on into the next epoch",
        "market/incentives/payments.py",
        "    incentives.score[lane, policy, :] = 0\n",
        "",
    ),
    Fault(
        "the samples that an epoch must have are rounded down",
        "market/incentives/payments.py",
        "required = multiply_divide(samples, table.required[policy], NANO, CEIL)",
        "required = multiply_divide(samples, table.required[policy], NANO, FLOOR)",
    ),
    Fault(
        "no fill is no excuse for a message",
        "market/incentives/payments.py",
        "fills = max(incentives.fills[lane, policy, trader], 1)",
        "fills = incentives.fills[lane, policy, trader]",
    ),
    Fault(
        "a fine without cash for it is no default",
        "market/rules/incentives.py",
        "event, pool, trader, unpaid, DEFAULT)",
        "event, pool, trader, 0, DEFAULT)",
    ),
    Fault(
        "what is slashed stays at stake",
        "market/rules/incentives.py",
        "            incentives.stake[lane, policy, trader] -= amount\n",
        "",
    ),
    Fault(
        "an epoch that ends at T is not paid",
        "market/rules/incentives.py",
        "            _end_epoch(rules, ledger, log, private, lane, policy, time, AFTER_LAST)",
        "            pass",
    ),
    Fault(
        "a halving comes an epoch late",
        "market/incentives/tables.py",
        "halvings = time_ns // units.seconds_to_ns(policy.halving_s)",
        "halvings = (time_ns - 1) // units.seconds_to_ns(policy.halving_s)",
    ),
    Fault(
        "what comes without fills teaches a maker nothing",
        "market/rules/incentives.py",
        "incentives.waiting[lane, policy, trader] = net if lots == 0 else 0",
        "incentives.waiting[lane, policy, trader] = 0",
    ),
    Fault(
        "penalties widen a maker's quotes",
        "market/incentives/pass_through.py",
        "max(reward_pass * worth, 0.0)",
        "reward_pass * worth",
    ),
)
