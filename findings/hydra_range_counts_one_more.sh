#!/usr/bin/env bash
# hydra-core 1.3.2; seen on 2026-11-27 with Python 3.11.
#
# The end of a range is left out, as in Python, when its numbers are whole. When they are decimal it
# may be let in: a sweep from 0.01 to 0.05 by 0.01 has five jobs and not four. And a value comes with
# digits that nobody wrote, which stand in the names of folders and labels.
#
# What is seen:
#     range(1,5,1)           1, 2, 3, 4
#     range(0.01,0.05,0.01)  0.01, 0.02, 0.03, 0.04, 0.05
#     range(0.1,0.4,0.1)     0.1, 0.2, 0.30000000000000004, 0.4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq hydra-core==1.3.2
venv/bin/python -I - <<'END'
import sys

from hydra.core.override_parser.overrides_parser import OverridesParser


def swept(word):
    return ", ".join(OverridesParser.create().parse_override(word).sweep_string_iterator())


for word, expected in (
    ("x=range(1,5,1)", "1, 2, 3, 4"),
    ("x=range(0.01,0.05,0.01)", "0.01, 0.02, 0.03, 0.04, 0.05"),
    ("x=range(0.1,0.4,0.1)", "0.1, 0.2, 0.30000000000000004, 0.4"),
):
    seen = swept(word)
    print(f"{word}: {seen}")
    if seen != expected:
        sys.exit(f"Changed: {word} is swept as {seen} and not as {expected}.")
END
