#!/usr/bin/env bash
# pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1; seen on 2026-11-29 with Python 3.11.
#
# A CSV file with ids as venues and chains write them: 0x and hexadecimal digits. Arrow takes a
# column of texts with up to sixteen of them for whole numbers, and sixteen are the bits of a signed
# one: the largest id is -1. One digit more, and the same column is text. So is any such column to
# pandas and polars, but not to pandas with engine="pyarrow". A column that is declared as int64 takes
# "0x10" among decimal numbers too, where a damaged file should be refused; declared as text it is
# what stands in the file.
#
# What is seen, of 0x10 and 0xffffffffffffffff:
#     pandas                      0x10, 0xffffffffffffffff
#     pandas, engine="pyarrow"    16, -1
#     polars                      0x10, 0xffffffffffffffff
#     pyarrow                     16, -1
#     pyarrow, declared text      0x10, 0xffffffffffffffff
# and of 0x10 and 0x11111111111111111:
#     pyarrow                     0x10, 0x11111111111111111
# and of 16 and 0x10, declared int64:
#     pyarrow                     16, 16
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1
venv/bin/python -I - <<'END'
import sys
from pathlib import Path

import pandas
import polars
import pyarrow
from pyarrow import csv

SHORT, LONG = ("0x10", "0x" + 16 * "f"), ("0x10", "0x" + 17 * "1")


def of_arrow(path, kind=None):
    options = csv.ConvertOptions(column_types={"id": kind} if kind else {})
    return csv.read_csv(path, convert_options=options)["id"].to_pylist()


for name, ids, read, expected in (
    ("pandas", SHORT, lambda path: pandas.read_csv(path)["id"].tolist(), SHORT),
    (
        "pandas, engine=pyarrow", SHORT,
        lambda path: pandas.read_csv(path, engine="pyarrow")["id"].tolist(), (16, -1),
    ),
    ("polars", SHORT, lambda path: polars.read_csv(path)["id"].to_list(), SHORT),
    ("pyarrow", SHORT, of_arrow, (16, -1)),
    ("pyarrow, declared text", SHORT, lambda path: of_arrow(path, pyarrow.string()), SHORT),
    ("pyarrow, seventeen digits", LONG, of_arrow, LONG),
    (
        "pyarrow, declared int64", ("16", "0x10"),
        lambda path: of_arrow(path, pyarrow.int64()), (16, 16),
    ),
):  # fmt: skip
    path = Path("ids.csv")
    path.write_text("\n".join(["id", *ids]) + "\n")
    found = tuple(read(path))
    print(f"{name}: {', '.join(map(str, found))}")
    if found != expected:
        sys.exit(f"Changed: {name} reads {found} and not {expected}.")
END
