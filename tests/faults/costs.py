"""Faults of costs."""

from tests.faults.fault import Fault

CHARGING, VOLUME = "market/costs/charging.py", "market/costs/volume.py"
RULES, EXPECTED = "market/rules/costs.py", "market/costs/expected.py"

COSTS = (
    Fault(
        "fees are rounded down and rebates up", CHARGING,
        "rounding_of(tables.rounding[part], is_fee)",
        "rounding_of(tables.rounding[part], not is_fee)",
    ),
    Fault(
        "rounding fees come back when they reach their bound, not beyond it", CHARGING,
        "kept > rebate", "kept >= rebate",
    ),
    Fault(
        "the rounding fees of the last order in a slot are the next one's", CHARGING,
        "        costs.kept[lane, slot, part] = 0\n", "        pass\n",
    ),
    Fault(
        "every fill pays the minimum", CHARGING,
        "amount = max(most - costs.paid[lane, slot, part], 0)", "amount = most",
    ),
    Fault(
        "a rate of nothing has a minimum too", CHARGING,
        "return np.int64(0), False", "return np.int64(0), True",
    ),
    Fault(
        "balances are rounded up", CHARGING, "return change % balance_to",
        "return -change % balance_to",
    ),
    Fault(
        "a surplus may be negative", CHARGING, "rate * max(improvement, 0)", "rate * improvement",
    ),
    Fault(
        "a change of the schedule begins a nanosecond late", "market/costs/tables.py",
        "tables.from_ns[segment + 1] <= time", "tables.from_ns[segment + 1] < time",
    ),
    Fault(
        "the bound of a tier is exclusive", VOLUME,
        "traded >= bound[segment, part, tier, 0]", "traded > bound[segment, part, tier, 0]",
    ),
    Fault(
        "a fill counts for the tier of its own event", VOLUME,
        "volume.event[lane, at] >= event", "volume.event[lane, at] > event",
    ),
    Fault(
        "a fill leaves the window a nanosecond early", VOLUME,
        "volume.time[lane, at] >= time - window_ns", "volume.time[lane, at] > time - window_ns",
    ),
    Fault(
        "a fill is traded twice by all", VOLUME,
        "_is_share(2 * traded, sides,", "_is_share(traded, sides,",
    ),
    Fault(
        "the order that rests takes", "market/rules/roles.py",
        "return slot == earlier", "return slot != earlier",
    ),
    Fault(
        "an order pays the minimum in its first clear alone", RULES,
        "        forget_paid(costs, lane, slot)\n", "",
    ),
    Fault(
        "each fill of a clear is charged by itself", RULES,
        "if costs.payers.by_clear[0]:", "if False:",
    ),
    Fault(
        "the surplus of an immediate order is over its limit", RULES,
        "if origins.is_immediate[lane, slot]:", "if False:",
    ),
    Fault(
        "rebates are paid", RULES,
        "event, venue, trader, rebate,", "event, trader, venue, rebate,",
    ),
    Fault(
        "what is just worth its costs is not bought", EXPECTED,
        "if too_much <= _ROUNDING * tick_nano:", "if too_much < -_ROUNDING * tick_nano:",
    ),
    Fault(
        "the descent skips ticks that may be worth it", EXPECTED,
        "(too_much - tables.coarsest[0] / lots)", "(too_much + tables.coarsest[0] / lots)",
    ),
    Fault(
        "costs make quotes narrower", EXPECTED,
        "max(half_spread + _with_gas(", "max(half_spread - _with_gas(",
    ),
    Fault(
        "noise traders pay what is worth less to them", EXPECTED,
        "return cost <= _worth_of_lot(costs, mean, word)",
        "return cost >= _worth_of_lot(costs, mean, word)",
    ),
    Fault(
        "an acceptance costs what a request costs", "market/setup/costs.py",
        "(envelopes.MESSAGE_ACCEPT, codes.ACTION_ACCEPT)",
        "(envelopes.MESSAGE_ACCEPT, codes.ACTION_REQUEST)",
    ),
    Fault(
        "what makers believe is a gain from trade", RULES,
        "if costs.payers.worth[orders.trader[lane, slot]] > 0.0:", "if True:",
    ),
    Fault(
        "a spread with costs has those of the warm-up", RULES,
        " and time >= rules.channels.warmup_ns:", ":",
    ),
    Fault(
        "a spread with costs has those of fills against takers", RULES,
        "share = 1.0 if traders.role[other] == CLASS_MAKER else 0.0", "share = 1.0",
    ),
    Fault(
        "a charge is of the fill after", RULES,
        "lots, fill, time, event\n        )  # fmt: skip\n        other",
        "lots, fill + 1, time, event\n        )  # fmt: skip\n        other",
    ),
    Fault(
        "units that are left go to the smallest remainders", "recording/charges.py",
        "key=lambda at: -rests[at]", "key=lambda at: rests[at]",
    ),
)  # fmt: skip
