#!/usr/bin/env bash
# numpy 2.4.6; seen on 2026-11-27 with Python 3.11.
#
# A list of integers looks like an address: default_rng([root, lane, trader]). It is none, because
# SeedSequence sees only one row of 32-bit words. Zeros at the end of up to four words count for
# nothing, a large integer is the same as two small ones, and a child of spawn is a list with a
# zero at its fifth word. So the first trader (number 0) draws what its lane draws. A zero in front
# does count.
#
# What is seen, each pair with equal draws:
#     [7, 3]              and  [7, 3, 0]
#     [1]                 and  [1, 0, 0, 0]             but not  [1, 0, 0, 0, 0]
#     [2**32, 5]          and  [0, 1, 5]
#     [1, 0, 0, 0, 0]     and  the first child of 1
#     [7]                 but not  [0, 7]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq numpy==2.4.6
venv/bin/python -I - <<'END'
import sys

import numpy as np


def draws(seed):
    return np.random.default_rng(seed).random(8).tolist()


child = np.random.SeedSequence(1).spawn(1)[0]  # spawn_key (0,)
for first, second, equal in (
    ([7, 3], [7, 3, 0], True),
    ([1], [1, 0, 0, 0], True),
    ([1], [1, 0, 0, 0, 0], False),
    ([2**32, 5], [0, 1, 5], True),
    ([1, 0, 0, 0, 0], child, True),
    ([7], [0, 7], False),
):
    seen = draws(first) == draws(second)
    print(f"{first} and {second}: {'equal' if seen else 'different'} draws")
    if seen != equal:
        sys.exit(f"Changed: the draws of {first} and {second} are {'' if seen else 'not '}equal.")
END
