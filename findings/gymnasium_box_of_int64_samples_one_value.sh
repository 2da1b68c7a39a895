#!/usr/bin/env bash
# gymnasium 1.4.0; seen on 2026-11-28 with Python 3.11.
#
# A space for any whole number of 64 bits, as an account in billionths would want. Given with infinite
# bounds, the space draws small numbers from a normal law; given with the bounds that these become,
# it always draws the smallest number there is. Both print the same, and are equal by `==`.
#
# What is seen of a thousand draws:
#     Box(-inf, inf, dtype=int64)             several values, all within -10 .. 10
#     Box(-2**63, 2**63 - 1, dtype=int64)     one value, -9223372036854775808
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq gymnasium==1.4.0
venv/bin/python -I - <<'END'
import sys

import numpy as np
from gymnasium.spaces import Box

whole, bounded = (
    Box(low, high, (1000,), np.int64, seed=1)
    for low, high in ((-np.inf, np.inf), (-(2**63), 2**63 - 1))
)
of_whole, of_bounded = (np.unique(space.sample()) for space in (whole, bounded))
print(f"{whole}: {len(of_whole)} values from {of_whole[0]} to {of_whole[-1]}")
print(f"{bounded}: {len(of_bounded)} value, {of_bounded[0]}")
if str(whole) != str(bounded) or whole != bounded:
    sys.exit("Changed: the two spaces no longer print the same and are equal.")
if len(of_whole) < 3 or np.abs(of_whole).max() > 10:
    sys.exit("Changed: infinite bounds no longer draw small numbers.")
if of_bounded.tolist() != [-(2**63)]:
    sys.exit("Changed: the full range no longer draws the smallest number alone.")
END
