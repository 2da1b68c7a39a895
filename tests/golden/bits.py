"""``make golden``, second part: write ``bits.json``, a line for every variable of many results.

    python -m tests.golden.bits            # all sections
    python -m tests.golden.bits readme     # these; the others stay as they are

A result may change to the bit only where that is meant: the table changes in the same commit, which
explains it. It holds for one kind of machine, which stands in it, and was made there; elsewhere
numbers are compared to nine digits (``tests/golden/hashing.py``).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.golden.hashing import entry, machine, same
from tests.golden.sections import SECTIONS, Arrays

PATH = Path(__file__).with_name("bits.json")
MACHINE = "machine"
Table = dict[str, dict[str, str]]


def read() -> Table:
    """Return the table: section to variable to its line."""
    table: Table = json.loads(PATH.read_text())
    return table


def write(table: Table) -> None:
    """Write the table, sorted, a line for every variable."""
    PATH.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


def lines(arrays: Arrays) -> dict[str, str]:
    """Return the line of every array."""
    return {name: entry(values) for name, values in arrays.items()}


def differences(table: Table, section: str, found: dict[str, str]) -> list[str]:
    """Return a sentence for every variable of a section that is not as in the table."""
    kept, is_home = table.get(section, {}), table[MACHINE] == machine()
    said = [
        f"{section}: {name} is in the table but no more in the results: make golden"
        for name in kept if name not in found
    ]  # fmt: skip
    for name, line in found.items():
        if name not in kept:
            said.append(f"{section}: {name} is not in the table: make golden")
        elif not same(kept[name], line, is_home):
            change = f"{kept[name]} became {line}"
            said.append(f"{section}: {name} changed; if that is meant: make golden ({change})")
    return said


def main(names: list[str]) -> None:
    """Compute sections, and write them."""
    table = read() if names else {}
    if names and table[MACHINE] != machine():
        sys.exit("error: the table was made on another kind of machine: write all sections anew")
    table[MACHINE] = machine()
    for name in names or SECTIONS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            table[name] = lines(SECTIONS[name].arrays(Path(folder)))
        taken = time.monotonic() - began
        print(f"{name}: {len(table[name])} variables, {taken:.1f} s", file=sys.stderr, flush=True)
    write(table)


if __name__ == "__main__":
    main(sys.argv[1:])
