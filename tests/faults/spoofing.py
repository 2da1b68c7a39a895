"""Faults of spoofing: when a spoofer trades, cancels and rests, and what would detect it."""

from tests.faults.fault import Fault

SPOOFING = (
    Fault(
        "a spoofer trades at the price of its own large order",
        "market/agents/spoofer.py",
        "    if sign * (met - policy.shown[lane, trader]) <= 0:\n        return False\n",
        "",
    ),
    Fault(
        "a spoofer leaves its large order when it has traded",
        "market/agents/spoofer.py",
        "if has_moved or policy.is_hit[lane, trader]:",
        "if policy.is_hit[lane, trader]:",
    ),
    Fault(
        "a fill of its small order makes a spoofer cancel",
        "market/agents/spoofer.py",
        "if sign == (1.0 if policy.side[lane, trader] == SELL else -1.0):",
        "if sign != 0.0:",
    ),
    Fault(
        "a spoofer remembers a hit of its last attempt",
        "market/agents/spoofer.py",
        "    policy.is_hit[lane, trader] = False\n",
        "",
    ),
    Fault(
        "a spoofer adds to what it holds",
        "market/agents/spoofer.py",
        "side = SELL if held > 0 else BUY",
        "side = SELL if held < 0 else BUY",
    ),
    Fault(
        "a spoofer rests from the end of the patience that it did not need",
        "market/agents/spoofer.py",
        "            policy.until_ns[lane, trader] = now\n",
        "            policy.rest_ns[lane, trader] += policy.until_ns[lane, trader] - now\n"
        "            policy.until_ns[lane, trader] = now\n",
    ),
    Fault(
        "a large order stands until it is taken back",
        "market/agents/spoofer.py",
        "price, lots, GTC, life, belief)",
        "price, lots, GTC, 0, belief)",
    ),
    Fault(
        "the seller leans to the side of the buyer",
        "market/metrics/detection.py",
        "detection.leaned[lane, seller] -= lean",
        "detection.leaned[lane, seller] += lean",
    ),
    Fault(
        "lots that are open at the end were never sent",
        "market/metrics/sums.py",
        "    note_open(sums.detection, world.market.orders, lane)\n",
        "",
    ),
    Fault(
        "the book before a fill is that at the best prices alone",
        "market/metrics/detection.py",
        "range(max(best - depth_ticks, 0), best + 1)",
        "range(max(best, 0), best + 1)",
    ),
    Fault(
        "anybody in parts may be spoofed",
        "configuration/spoofing.py",
        "is_read = any(part is not None and part.reads_sizes for part in filters)",
        "is_read = any(part is not None for part in filters)",
    ),
)
