#!/usr/bin/env bash
# duckdb 2.0.1, pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1; seen on 2026-11-28 with Python 3.11.
#
# A folder of Parquet files in which a column is whole in the first file and decimal in the second,
# as when pandas wrote each with the types that it guessed. pandas and polars refuse the folder.
# DuckDB takes the type of the first file and rounds the others to it without a word, so a mean over
# the folder is wrong. `union_by_name` takes the wider type; one declared schema avoids it.
#
# What is seen, of 1, 2 in the first file and 0.5, 2.25 in the second:
#     duckdb                   1, 2, 0, 2
#     duckdb, union_by_name    1.0, 2.0, 0.5, 2.25
#     pandas                   ArrowInvalid
#     polars                   SchemaError
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

os.mkdir("runs")
pandas.DataFrame({"pnl": [1, 2]}).to_parquet("runs/0.parquet")
pandas.DataFrame({"pnl": [0.5, 2.25]}).to_parquet("runs/1.parquet")


def of_duckdb(options):
    return [row[0] for row in duckdb.sql(f"FROM read_parquet('runs/*'{options})").fetchall()]


def seen(read):
    try:
        return ", ".join(str(value) for value in read())
    except Exception as error:
        return type(error).__name__


for name, read, expected in (
    ("duckdb", lambda: of_duckdb(""), "1, 2, 0, 2"),
    (
        "duckdb, union_by_name",
        lambda: of_duckdb(", union_by_name=true"),
        "1.0, 2.0, 0.5, 2.25",
    ),
    ("pandas", lambda: pandas.read_parquet("runs").pnl, "ArrowInvalid"),
    ("polars", lambda: polars.read_parquet("runs/*.parquet")["pnl"], "SchemaError"),
):
    print(f"{name}: {seen(read)}")
    if seen(read) != expected:
        sys.exit(f"Changed: {name} reads {seen(read)} and not {expected}.")
END
