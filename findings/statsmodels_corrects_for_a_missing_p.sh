#!/usr/bin/env bash
# statsmodels 0.15.0; seen on 2026-11-28 with Python 3.11.
#
# A family of p-values with one that is missing, as of a contrast without variance. Under Holm it
# counts as a further test and makes the others larger. Under Benjamini-Hochberg all corrected
# p-values are missing, while the first hypothesis is still rejected: the two arrays of one answer
# contradict each other. Missing ones have to be taken out before.
#
# What is seen, of the p-values 0.01, 0.03, 0.04 and one that is missing behind the first:
#     holm                       0.04, nan, 0.09, 0.09    rejected: the first
#     fdr_bh                     nan, nan, nan, nan       rejected: the first
#     holm, without the missing  0.03, 0.06, 0.06         rejected: the first
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq statsmodels==0.15.0
venv/bin/python -I - <<'END'
import sys

from statsmodels.stats.multitest import multipletests

nan = float("nan")
for name, values, method, expected in (
    ("holm", [0.01, nan, 0.03, 0.04], "holm", "0.04, nan, 0.09, 0.09"),
    ("fdr_bh", [0.01, nan, 0.03, 0.04], "fdr_bh", "nan, nan, nan, nan"),
    ("holm, without the missing", [0.01, 0.03, 0.04], "holm", "0.03, 0.06, 0.06"),
):
    is_rejected, corrected = multipletests(values, method=method)[:2]
    seen = ", ".join(f"{value:.3g}" for value in corrected)
    rejected = [place for place, is_one in enumerate(is_rejected) if is_one]
    print(f"{name}: {seen}, rejected: {rejected}")
    if seen != expected or rejected != [0]:
        sys.exit(f"Changed: {name} gives {seen} and rejects {rejected}, not {expected} and [0].")
END
