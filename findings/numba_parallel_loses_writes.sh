#!/usr/bin/env bash
# numba 0.68.1, numpy 2.4.6; seen on 2026-11-27 with Python 3.11. Reported as numba issue 5872.
#
# In a prange of a function with parallel=True, what is written to an array through a field of a
# NamedTuple never arrives, and nothing is said. Only the name of the field inside the loop does
# it: the same array by its place, by a name given to it before the loop, or as a whole outside of
# a prange is written as one would think, and so is all of it without parallel=True. So a kernel
# that was tested in sequence leaves its state untouched once it is made parallel.
#
# What is seen in an array of four zeros:
#     prange, state.count[lane] = lane + 1                0 0 0 0
#     the same without parallel=True                      1 2 3 4
#     prange, state[0][lane] = lane + 1                   1 2 3 4
#     count = state.count, prange, count[lane] = ...      1 2 3 4
#     state.count[:] = 5                                  5 5 5 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq numba==0.68.1 numpy==2.4.6
export NUMBA_NUM_THREADS=2
venv/bin/python -I - <<'END'
import sys
from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange


class State(NamedTuple):
    count: Any


def number(state):
    for lane in prange(state.count.size):
        state.count[lane] = lane + 1


def number_by_place(state):
    for lane in prange(state.count.size):
        state[0][lane] = lane + 1


def number_by_name(state):
    count = state.count
    for lane in prange(count.size):
        count[lane] = lane + 1


def fill(state):
    state.count[:] = 5


def result(function, parallel):
    state = State(np.zeros(4, np.int64))
    njit(parallel=parallel)(function)(state)
    return state.count.tolist()


for function, parallel, expected in (
    (number, True, [0, 0, 0, 0]),
    (number, False, [1, 2, 3, 4]),
    (number_by_place, True, [1, 2, 3, 4]),
    (number_by_name, True, [1, 2, 3, 4]),
    (fill, True, [5, 5, 5, 5]),
):
    seen = result(function, parallel)
    print(f"{function.__name__}, parallel={parallel}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: {function.__name__} left {seen} in the array and not {expected}.")
END
