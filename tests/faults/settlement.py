"""Faults of settlement: netting, retries, penalties, close-outs, forks, sharing."""

from tests.faults.fault import Fault

SETTLEMENT = (
    Fault(
        "a fill at the time of a cycle is due at once", "market/settlement/legs.py",
        "(time // terms.cycle_ns + 1) * terms.cycle_ns",
        "-(-time // terms.cycle_ns) * terms.cycle_ns",
    ),
    Fault(
        "cash that is just enough is not", "market/settlement/due.py",
        "lane, trader) < amount", "lane, trader) <= amount",
    ),
    Fault(
        "the net amount of a cycle has the wrong sign", "market/settlement/due.py",
        "net[legs.seller[lane, at]] += legs.cash[lane, at]",
        "net[legs.seller[lane, at]] -= legs.cash[lane, at]",
    ),
    Fault(
        "who is taken out of a cycle keeps what it sold", "market/settlement/due.py",
        "legs.buyer[lane, at] == trader or legs.seller[lane, at] == trader",
        "legs.buyer[lane, at] == trader",
    ),
    Fault(
        "the largest agent_uid is taken out first", "market/settlement/due.py",
        "settlement.parties.by_uid[place]",
        "settlement.parties.by_uid[net.shape[0] - 1 - place]",
    ),
    Fault(
        "what pending cash comes in is spent before it is settled", "market/settlement/legs.py",
        "return balance[lane, trader, _CASH] - held.pending[lane, trader, _CASH]",
        "return balance[lane, trader, _CASH]",
    ),
    Fault(
        "contracts are delivered without payment", "market/settlement/legs.py",
        "        if status == LEG_FAILED:\n",
        "        if status == LEG_FAILED:\n"
        "            settlement.held.settled[lane, legs.buyer[lane, at], 1] += 1\n",
    ),
    Fault(
        "a fill is closed out one try early", "market/settlement/failing.py",
        "legs.tries[lane, at] > terms.retries", "legs.tries[lane, at] >= terms.retries",
    ),
    Fault(
        "a penalty is rounded down", "market/settlement/failing.py",
        "fail_penalty_ppm, WHOLE_PPM, CEIL)", "fail_penalty_ppm, WHOLE_PPM, 0)",
    ),
    Fault(
        "a penalty takes more than there is", "market/settlement/failing.py",
        "paid = min(penalty, max(sharing.cash[trader], np.int64(0)))", "paid = penalty",
    ),
    Fault(
        "the difference of a close-out goes the wrong way", "market/settlement/failing.py",
        "gain if other == legs.buyer[lane, at] else -gain",
        "-gain if other == legs.buyer[lane, at] else gain",
    ),
    Fault(
        "a unit left over goes to the first", "market/arithmetic/shares.py",
        "if rests[order[place]] > rests[best]:", "if False:",
    ),
    Fault(
        "equal remainders go to the last", "market/arithmetic/shares.py",
        "rests[order[place]] > rests[best]", "rests[order[place]] >= rests[best]",
    ),
    Fault(
        "a fork is one block deeper", "market/settlement/finality.py",
        "elif upon <= dropped:", "elif upon <= dropped + 1:",
    ),
    Fault(
        "a fill is final one block early", "market/settlement/finality.py",
        "upon >= terms.finality_blocks", "upon + 1 >= terms.finality_blocks",
    ),
    Fault(
        "a block carries the fills of its own nanosecond", "market/settlement/finality.py",
        "legs.traded_ns[lane, at] < time", "legs.traded_ns[lane, at] <= time",
    ),
    Fault(
        "what is still pending at the end counts as a wait", "market/settlement/finality.py",
        "            settle_leg(settlement, lane, at, time)\n    extend_value",
        "            count_final(settlement.sums, lane, time - legs.traded_ns[lane, at])\n"
        "            settle_leg(settlement, lane, at, time)\n    extend_value",
    ),
    Fault(
        "a fill that is closed out is posted as a revert", "market/rules/settlement.py",
        "REVERT if status == LEG_REVERTED else CLOSE_OUT", "REVERT",
    ),
    Fault(
        "what goes back is worth nothing", "market/rules/settlement.py",
        "buyer, seller, lots, value, code)", "buyer, seller, lots, np.int64(0), code)",
    ),
    Fault(
        "inventories of makers keep what went back", "market/rules/settlement.py",
        "change_inventory(risk, lane, buyer, -lots, time)",
        "change_inventory(risk, lane, buyer, lots, time)",
    ),
    Fault(
        "what went back is told as if it were bought again", "market/rules/settlement.py",
        "private.position[lane, trader] -= bought", "private.position[lane, trader] += bought",
    ),
    Fault(
        "a penalty is posted as a close-out", "market/rules/settlement.py",
        "if what == PAY_PENALTY:", "if False:",
    ),
    Fault(
        "the seller owes the cash of a fill", "market/rules/settlement.py",
        "add_fill(state, lane, buyer, seller,", "add_fill(state, lane, seller, buyer,",
    ),
    Fault(
        "a fill is carried by the newest block", "market/rules/environment.py",
        "return max(carried[lane, buy], carried[lane, sell])",
        "return rules.environment.blocks.made[lane] - 1",
    ),
)  # fmt: skip
