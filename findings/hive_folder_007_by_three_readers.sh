#!/usr/bin/env bash
# duckdb 2.0.1, pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1; seen on 2026-11-28 with Python 3.11.
#
# One Parquet file in a folder `seed=007`. Four ways to read it give the column `seed` three types:
# the number 7 as a category, the number 7, the text "007", and no column at all, for polars asks for
# folders' names only when it is given the folder and not a pattern. A join over the key fails, or
# finds nothing. A key that matters is also a column inside the file.
#
# What is seen of the column seed:
#     pandas, the folder    category 7
#     polars, the folder    Int64 7
#     polars, a pattern     no column
#     duckdb, a pattern     VARCHAR 007
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1
venv/bin/python -I - <<'END'
import os
import sys

import duckdb
import pandas
import polars

os.makedirs("runs/seed=007")
pandas.DataFrame({"pnl": [1.5]}).to_parquet("runs/seed=007/part.parquet")


def of_pandas():
    seed = pandas.read_parquet("runs").seed
    return f"{seed.dtype} {seed[0]}"


def of_polars(path):
    table = polars.read_parquet(path)
    return f"{table['seed'].dtype} {table['seed'][0]}" if "seed" in table.columns else "no column"


def of_duckdb(pattern):
    table = duckdb.sql(f"SELECT seed FROM '{pattern}'")
    return f"{table.types[0]} {table.fetchall()[0][0]}"


PATTERN = "runs/*/*.parquet"
for name, seen, expected in (
    ("pandas, the folder", of_pandas(), "category 7"),
    ("polars, the folder", of_polars("runs"), "Int64 7"),
    ("polars, a pattern", of_polars(PATTERN), "no column"),
    ("duckdb, a pattern", of_duckdb(PATTERN), "VARCHAR 007"),
):
    print(f"{name}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: {name} has {seen} and not {expected}.")
END
