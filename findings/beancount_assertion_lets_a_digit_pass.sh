#!/usr/bin/env bash
# beancount 3.2.3; seen on 2026-11-28 with Python 3.11.
#
# A balance assertion, which is there to prove a balance, holds when it is wrong by one unit of its
# last digit: the tolerance is taken from how the number is written, so 1.01 is proved of an account
# that holds 1.00, and 0.000000001 of one that holds nothing. A further zero makes it ten times as
# strict, and `~ 0` exact. Amounts of transactions are held to half of that, and hledger is exact.
#
# What is seen, of an account that holds 1.00:
#     balance 1.01         no error
#     balance 1.010        an error
#     balance 1.01 ~ 0     an error
#     balance 1.02         an error
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq beancount==3.2.3
venv/bin/python -I - <<'END'
import sys

from beancount import loader

BOOK = """
2000-01-01 open Assets:Alice
2000-01-01 open Assets:Bob
2000-01-01 * "a payment"
  Assets:Alice  -1.00 CASH
  Assets:Bob     1.00 CASH
2000-01-02 balance Assets:Bob  {} CASH
"""
for asserted, passes in (
    ("1.00", True),
    ("1.01", True),
    ("1.010", False),
    ("1.01 ~ 0", False),
    ("1.02", False),
):
    errors = loader.load_string(BOOK.format(asserted))[1]
    print(f"balance {asserted}: {errors[0].message if errors else 'no error'}")
    if (not errors) != passes:
        sys.exit(f"Changed: a balance of {asserted} against 1.00 {'fails' if errors else 'passes'}.")
END
