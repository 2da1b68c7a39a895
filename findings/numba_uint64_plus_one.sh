#!/usr/bin/env bash
# numba 0.68.1, numpy 2.4.6; seen on 2026-11-27 with Python 3.11.
#
# A random word or a hash is a uint64, and `word + 1` is still one in NumPy 2. In compiled code it
# is not, and what it becomes depends on where it stands: as an expression it is an int64, so the
# top bit turns into a sign; assigned to a variable that began as uint64, as in a loop, the
# variable is a float64, which keeps 53 bits. `^` makes an int64 too. No error and no warning. A
# constant of the same type, np.uint64(1), keeps all bits.
#
# What is seen:
#     word + 1 of 2**63 + 1                  numba -9223372036854775806    NumPy 9223372036854775810
#     word ^ 1 of 2**63                      numba -9223372036854775807    NumPy 9223372036854775809
#     2**60, in a loop five times += 1       numba 1.152921504606847e+18   NumPy 1152921504606846981
#     the same with np.uint64(1)             numba 1152921504606846981
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq numba==0.68.1 numpy==2.4.6
venv/bin/python -I - <<'END'
import sys

import numpy as np
from numba import njit

ONE = np.uint64(1)


def next_word(word):
    return word + 1


def neighbour(word):
    return word ^ 1


def five_later(word):
    for _ in range(5):
        word += 1
    return word


def five_later_typed(word):
    for _ in range(5):
        word += ONE
    return word


for function, word, compiled, plain in (
    (next_word, 2**63 + 1, -(2**63) + 2, 2**63 + 2),
    (neighbour, 2**63, -(2**63) + 1, 2**63 + 1),
    (five_later, 2**60, float(2**60), 2**60 + 5),
    (five_later_typed, 2**60, 2**60 + 5, 2**60 + 5),
):
    seen, by_numpy = njit(function)(np.uint64(word)), function(np.uint64(word))
    print(f"{function.__name__}: numba {seen!r}, NumPy {by_numpy!r}")
    if (seen, type(seen)) != (compiled, type(compiled)):
        sys.exit(f"Changed: compiled {function.__name__} gave {seen!r} and not {compiled!r}.")
    if by_numpy != plain or by_numpy.dtype != np.uint64:
        sys.exit(f"Changed: NumPy's {function.__name__} gave {by_numpy!r} and not {plain!r}.")
END
