"""Numbers of the filters, as their states have them."""

TAPE = 0
TAPE_ONLY = 1
EWMA = 2
KALMAN = 3
ORACLE = 4
MICROPRICE = 5
IMBALANCE = 6
OURS = ("tape", "tape_only", "ewma", "kalman", "oracle", "microprice", "imbalance")
FIRST_ADDED = 16  # of another package
