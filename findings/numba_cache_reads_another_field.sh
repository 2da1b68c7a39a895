#!/usr/bin/env bash
# numba 0.68.1, numpy 2.4.6; seen on 2026-11-27 with Python 3.11.
#
# A function with cache=True takes a NamedTuple that is declared in another file. Exchange two
# fields of one type there and change nothing else: the next process finds the old machine code in
# the cache and runs it. Machine code knows fields by place, so `account.cash[0] += 5` now adds to
# `lots`. What the cache knows of the argument is its class and the types of its fields in order,
# not their names, and the file of the function is as old as before. No warning; with an empty
# cache the sum is right.
#
# What is seen:
#     first process                       cash 5, lots 0   hits 0
#     second process                      cash 5, lots 0   hits 1
#     after the fields are exchanged      cash 0, lots 5   hits 1
#     the same with an empty cache        cash 5, lots 0   hits 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq numba==0.68.1 numpy==2.4.6
export PYTHONPATH=$folder PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=$folder/cache

declare_fields() {
    printf 'from typing import Any, NamedTuple\n\n\nclass Account(NamedTuple):\n' > declared.py
    printf '    %s: Any\n' "$@" >> declared.py
}

cat > paying.py <<'END'
from numba import njit


@njit(cache=True)
def pay(account, amount):
    account.cash[0] += amount
END
cat > once.py <<'END'
import numpy as np
from declared import Account
from paying import pay

account = Account(cash=np.zeros(1, np.int64), lots=np.zeros(1, np.int64))
pay(account, 5)
hits = sum(pay.stats.cache_hits.values())
print(f"cash {account.cash[0]}, lots {account.lots[0]}, hits {hits}")
END

expect() {
    local seen
    seen=$(venv/bin/python once.py)
    echo "$1: $seen"
    if [ "$seen" != "$2" ]; then
        echo "Changed: $1 numba gave '$seen' and not '$2'." >&2
        exit 1
    fi
}

declare_fields cash lots
expect "in the first process" "cash 5, lots 0, hits 0"
expect "in the second process" "cash 5, lots 0, hits 1"
declare_fields lots cash
expect "after the fields were exchanged" "cash 0, lots 5, hits 1"
rm -r cache
expect "with an empty cache" "cash 5, lots 0, hits 0"
