"""What policies count and do, by number."""

from __future__ import annotations

# What a policy counts.
SCORE_VOLUME = 0
SCORE_TWO_SIDED = 1
SCORE_DEPTH = 2
SCORE_UPTIME = 3
SCORE_RESPONSE = 4
MEASURE_UPTIME = 5
MEASURE_MESSAGES = 6
FIRST_ADDED = 16  # of those of other packages
SCORES = {
    "volume": SCORE_VOLUME,
    "two_sided_quadratic": SCORE_TWO_SIDED,
    "discounted_depth": SCORE_DEPTH,
    "uptime": SCORE_UPTIME,
    "response": SCORE_RESPONSE,
    "missed_uptime": MEASURE_UPTIME,
    "message_ratio": MEASURE_MESSAGES,
}

# What an epoch ends with.
PAYS = 0  # a reward from the pool
FINES = 1  # a penalty to the pool
SLASHES = 2  # a part of a stake to the pool

SHARE_ONE = 10**12  # of a sample: the scores of all add up to it, but for what rounding leaves
ALL_OF_POOL = -1  # an amount: whatever there is
NO_CAP = -1  # of an amount per lot
NO_MIDDLE = -1  # twice a price that does not exist
UNLIMITED = 2**63 - 1  # means of a trader without limit, nano-currency
