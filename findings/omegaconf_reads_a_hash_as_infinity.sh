#!/usr/bin/env bash
# omegaconf 2.3.1, PyYAML 6.0.3; seen on 2026-11-27 with Python 3.11.
#
# OmegaConf reads YAML with PyYAML, and still not as PyYAML does: digits, an e and digits are a
# number to it without a point or a sign. PyYAML's yaml.safe_dump knows no such number and writes
# the text without quotes. So a short commit hash that is saved by PyYAML and read by OmegaConf, as
# `12e4567`, comes back as infinity, and `0e12345` as zero. It is no rare case: it happens to one
# in 54 hashes of seven digits. What OmegaConf.to_yaml writes has quotes and is safe both ways.
#
# What is seen:
#     yaml.safe_dump                    commit: 12e4567
#     yaml.safe_load of it              '12e4567'
#     OmegaConf.create of it            inf
#     OmegaConf.to_yaml                 commit: '12e4567'
#     OmegaConf.create of 0e12345       0.0
#     hashes of 0 to 1999 that change   42
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq omegaconf==2.3.1 PyYAML==6.0.3
venv/bin/python -I - <<'END'
import hashlib
import sys

import yaml
from omegaconf import OmegaConf

text = {"commit": "12e4567"}
written = yaml.safe_dump(text)
hashes = [hashlib.sha1(str(number).encode()).hexdigest()[:7] for number in range(2000)]
read = OmegaConf.create(yaml.safe_dump(hashes))
for what, seen, expected in (
    ("yaml.safe_dump", written, "commit: 12e4567\n"),
    ("yaml.safe_load", yaml.safe_load(written), text),
    ("OmegaConf.create", OmegaConf.create(written), {"commit": float("inf")}),
    ("OmegaConf.create of zeros", OmegaConf.create("commit: 0e12345"), {"commit": 0.0}),
    ("OmegaConf.to_yaml", OmegaConf.to_yaml(text), "commit: '12e4567'\n"),
    ("hashes that change", sum(a != b for a, b in zip(read, hashes, strict=True)), 42),
):
    print(f"{what}: {str(seen).strip()}")
    if seen != expected:
        sys.exit(f"Changed: {what} gave {seen!r} and not {expected!r}.")
END
