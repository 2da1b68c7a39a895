"""Faults of stress: windows, what comes on top or is left out, links, sizes, lags and chances."""

from tests.faults.fault import Fault

STRESS = (
    Fault(
        "a window ends after its last nanosecond",
        "market/events/windows.py",
        "is_in = windows.begin_ns[w] <= time < windows.end_ns[w]",
        "is_in = windows.begin_ns[w] <= time <= windows.end_ns[w]",
    ),
    Fault(
        "what was sent before a window is not seen while it is the newest",
        "market/events/windows.py",
        "newest = windows.begin_ns[w] - 1",
        "newest = windows.begin_ns[w] - delay_ns",
    ),
    Fault(
        "amounts of one window are spent in the next as well",
        "market/events/windows.py",
        "        amount -= most\n",
        "",
    ),
    Fault(
        "as many come on top as the factor says, not one less",
        "market/setup/stress.py",
        "return max(factor - 1.0, 0.0) * schedule.rate_per_s / units.NS_PER_S",
        "return max(factor, 0.0) * schedule.rate_per_s / units.NS_PER_S",
    ),
    Fault(
        "what is left out is what is kept",
        "market/rules/stress.py",
        "return uniform(word) >= windows.number[w]",
        "return uniform(word) < windows.number[w]",
    ),
    Fault(
        "a further wake-up takes a number of those as usual",
        "market/trading/stressing.py",
        "    if cause == CAUSE_FURTHER:\n        return stress.count_further(",
        "    if cause == CAUSE_FURTHER:\n        private.wakes[lane, trader] += 1\n"
        "        return stress.count_further(",
    ),
    Fault(
        "lots are cut to the nearest one",
        "market/rules/stress.py",
        "return lots * share // WHOLE",
        "return (lots * share + WHOLE // 2) // WHOLE",
    ),
    Fault(
        "a report overtakes the one before it",
        "market/rules/stress.py",
        "arrives = max(time + np.int64(lag), rules.stress.reported_ns[lane])",
        "arrives = time + np.int64(lag)",
    ),
    Fault(
        "a block forks by the chance outside of windows",
        "market/rules/settlement.py",
        "word = stress.fork_word(rules, time)",
        "word = state.terms.fork_word",
    ),
    Fault(
        "a jump on top has the size of one as usual",
        "market/environment/jumps.py",
        "words = philox(key0, key1, STREAM_NEWS_FURTHER_SIZE, ENTITY_MARKET, number, 0)",
        "words = philox(key0, key1, STREAM_NEWS_JUMP_SIZE, ENTITY_MARKET, number, 0)",
    ),
    Fault(
        "a jump that is left out takes its gap with it",
        "market/environment/jumps.py",
        "        news.usual[lane] = number + 1\n    news.next_jump_ns",
        "        news.usual[lane], news.usual_ns[lane] = number + 1, news.usual_ns[lane] - 1\n"
        "    news.next_jump_ns",
    ),
    Fault(
        "data is as old as what is sent at the time it is looked at",
        "market/rules/stress.py",
        "return time - newest_arrived(rules.stress.windows, trader, MARKET_DATA, time, takes)",
        "return slowed(rules.stress.windows, trader, MARKET_DATA, time, takes)",
    ),
    Fault(
        "fees in a window are those of it alone",
        "market/stress/costs.py",
        "return Decimal(str(usual)) * Decimal(str(window.factor))",
        "return Decimal(str(window.factor))",
    ),
    Fault(
        "windows about the same may meet",
        "market/stress/checks.py",
        "one.begin_ns < two.end_ns and two.begin_ns < one.end_ns",
        "one.begin_ns == two.begin_ns",
    ),
)
