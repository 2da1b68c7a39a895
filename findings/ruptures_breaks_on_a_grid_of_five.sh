#!/usr/bin/env bash
# ruptures 1.1.10; seen on 2026-11-28 with Python 3.11.
#
# The exact search for change points looks, unless told otherwise, at every fifth place only. One
# clean step that is on no multiple of 5 is reported as two breaks around it, neither of them where it
# is, and the segment between them is a regime that never was. `jump=1` finds it. KernelCPD of the
# same package, whose default is 1, finds it too.
#
# What is seen, of 53 zeros and 47 fives without noise (the last number is the length):
#     Pelt(model="l2")             50, 55, 100
#     Pelt(model="l2", jump=1)     53, 100
#     KernelCPD(kernel="linear")   53, 100
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq ruptures==1.1.10
venv/bin/python -I - <<'END'
import sys

import numpy as np
import ruptures

series = np.repeat([0.0, 5.0], [53, 47])
for name, search, expected in (
    ('Pelt(model="l2")', ruptures.Pelt(model="l2"), [50, 55, 100]),
    ('Pelt(model="l2", jump=1)', ruptures.Pelt(model="l2", jump=1), [53, 100]),
    ('KernelCPD(kernel="linear")', ruptures.KernelCPD(kernel="linear"), [53, 100]),
):
    seen = [int(place) for place in search.fit(series).predict(pen=10)]
    print(f"{name}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: {name} finds {seen} and not {expected}.")
END
