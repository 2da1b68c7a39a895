"""Faults of the environment: oracles, blocks, base fees, messages that wait."""

from tests.faults.fault import Fault

ENVIRONMENT = (
    Fault(
        "a heartbeat is due when it is reached", "market/environment/oracle.py",
        "age > parameters.heartbeat_ns", "age >= parameters.heartbeat_ns",
    ),
    Fault(
        "a deviation has to be exceeded", "market/environment/oracle.py",
        "return moved >= least", "return moved > least",
    ),
    Fault(
        "a relative deviation is of the new price", "market/environment/oracle.py",
        "return moved * NANO >= least * old if old > 0 else moved > 0",
        "return moved * NANO >= least * new if old > 0 else moved > 0",
    ),
    Fault(
        "an oracle compares with what has arrived", "market/environment/oracle.py",
        "deviates(seen, oracle.issued[lane]", "deviates(seen, oracle.arrived[lane]",
    ),
    Fault(
        "the last report on its way arrives first", "market/environment/oracle.py",
        "oracle.flying[lane, oracle.arrivals[lane] % oracle.flying.shape[1]]",
        "oracle.flying[lane, (oracle.reports[lane] - 1) % oracle.flying.shape[1]]",
    ),
    Fault(
        "a window forgets to leave its oldest reading out", "market/environment/oracle.py",
        "oracle.window_sum[lane] += reading - oracle.window[lane, at]",
        "oracle.window_sum[lane] += reading",
    ),
    Fault(
        "the oracle's error counts in the warm-up", "market/rules/environment.py",
        "_push_before(queue, numbers, lane, np.int64(numbers.warmup_ns), MEASURE)",
        "_push_before(queue, numbers, lane, np.int64(0), MEASURE)",
    ),
    Fault(
        "a missed slot is a block all the same", "market/environment/blocks.py",
        "            slot += 1", "            break",
    ),
    Fault(
        "the base fee is divided by the denominator first", "market/environment/congestion.py",
        "step = multiply_divide(base_fee, gas_target - gas_used, gas_target, FLOOR)",
        "step = multiply_divide(base_fee // 8, gas_target - gas_used, gas_target, FLOOR) * 8",
    ),
    Fault(
        "a low base fee does not rise", "market/environment/congestion.py",
        "rise = max(step // denominator, 1)", "rise = step // denominator",
    ),
    Fault(
        "the base fee of a block is that of the next", "market/rules/environment.py",
        "return rules.environment.congestion.next_base_fee[lane]",
        "return rules.environment.congestion.base_fee[lane]",
    ),
    Fault(
        "a tip lifts what waits behind another message of its trader",
        "market/environment/mempool.py",
        "    after = mempool.after[lane, head]\n",
        "    after = mempool.after[lane, mempool.last[lane, trader]]\n",
    ),
    Fault(
        "among equal tips the last to come goes first", "market/environment/mempool.py",
        "        return came < rival", "        return came > rival",
    ),
    Fault(
        "a tip is more than the base fee leaves", "market/environment/mempool.py",
        "paid = min(mempool.tip[lane, envelope], most_tip)", "paid = mempool.tip[lane, envelope]",
    ),
    Fault(
        "a block takes one message too many", "market/rules/environment.py",
        "while taken < rules.channels.route.capacity:",
        "while taken <= rules.channels.route.capacity:",
    ),
    Fault(
        "messages of a block are ordered by tie words again", "market/rules/environment.py",
        "push(queue, lane, time, KIND_MESSAGE, envelope)",
        "push(queue, lane, time + 1, KIND_MESSAGE, envelope)",
    ),
    Fault(
        "tips are burned", "market/rules/environment.py",
        "proposer, tip = account_of(ledger, PROPOSER), pool.tip[lane, envelope]",
        "proposer, tip = account_of(ledger, PROPOSER - 1), pool.tip[lane, envelope]",
    ),
    Fault(
        "a maker's tip is by its new price", "market/trading/desk.py",
        "        show_edge(world, lane, trader, slot, lots, stands)\n"
        "        envelope = _replace_quote(world, lane, trader, slot)",
        "        envelope = _replace_quote(world, lane, trader, slot)\n"
        "        show_edge(world, lane, trader, slot, lots, stands)",
    ),
    Fault(
        "takers forget that an acceptance waits for a block", "market/trading/rfq_links.py",
        " + world.settings.block_ns", "",
    ),
    Fault(
        "a fork drops blocks that are not there", "market/rules/settlement.py",
        "min(make_block(state, keys, lane, item, time, word), item)",
        "make_block(state, keys, lane, item, time, word)",
    ),
    Fault(
        "what failed is looked at again only by chance", "market/settlement/due.py",
        "legs.status[lane, at] == LEG_PENDING or legs.status[lane, at] == LEG_FAILED:",
        "legs.status[lane, at] == LEG_PENDING:",
    ),
    Fault(
        "who looks before a slot ends looks when it ends", "market/events/schedule.py",
        "slot_ns - schedules.lead_ns[trader]", "slot_ns",
    ),
    Fault(
        "who is shown the base fee reckons with that of the last block", "market/rules/costs.py",
        "rules.costs.known_fee[lane] = rules.environment.congestion.next_base_fee[lane]",
        "rules.costs.known_fee[lane] = rules.environment.congestion.base_fee[lane]",
    ),
)  # fmt: skip
