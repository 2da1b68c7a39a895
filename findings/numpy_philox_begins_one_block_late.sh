#!/usr/bin/env bash
# numpy 2.4.6; seen on 2026-11-27 with Python 3.11.
#
# Philox is a function of a key and a counter, and numpy.random.Philox takes both. Yet what it
# draws first at counter c is the block of c + 1: it counts before it computes. So whoever compares
# an implementation of his own with it at equal counters, or takes the published answer for
# counter 0, finds every word wrong. Block 0 is drawn at the largest counter, 2**256 - 1.
# The reference below is the definition (Salmon et al. 2011, section 3.3) in Python's integers.
#
# What is seen, key 0, first word:
#     the function at counter 0        16554d9eca36314c
#     Philox(counter=0)                02f4ba6408e4d89b, the function at counter 1
#     Philox(counter=2**256 - 1)       16554d9eca36314c
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq numpy==2.4.6
venv/bin/python -I - <<'END'
import sys

from numpy.random import Philox

WORD, LARGEST = 2**64, 2**256 - 1


def block(key, counter):
    a, b, c, d = (counter >> shift & WORD - 1 for shift in (0, 64, 128, 192))
    low, high = key % WORD, key // WORD
    for _ in range(10):
        one, two = a * 0xD2E7470EE14C6C93, c * 0xCA5A826395121157
        a, b = two // WORD ^ b ^ low, two % WORD
        c, d = one // WORD ^ d ^ high, one % WORD
        low, high = (low + 0x9E3779B97F4A7C15) % WORD, (high + 0xBB67AE8584CAA73B) % WORD
    return [a, b, c, d]


for key, counter, computed in (
    (0, 0, 1), (0, LARGEST, 0), (3 << 64 | 5, 1 << 70, (1 << 70) + 1), (7, WORD - 1, WORD),
):  # fmt: skip
    seen = Philox(key=key, counter=counter).random_raw(4).tolist()
    print(f"key {key:#x}, counter {counter:#x}: {seen[0]:016x} first")
    if seen != block(key, computed):
        sys.exit(f"Changed: at counter {counter} NumPy does not draw the block of {computed}.")
    if seen == block(key, counter):
        sys.exit(f"Changed: at counter {counter} NumPy draws the block of that counter.")
END
