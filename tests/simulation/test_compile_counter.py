"""Compiled once per mechanism: neither numbers nor group sizes make another version."""

import subprocess
import sys

import pytest

from proteus.bench.start import CHANGES, compiled_for
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.trading.loop import advance_block

LIST_VERSIONS = """
import sys
from proteus.bench.start import run_one_lane
from proteus.market.trading.loop import advance_block
run_one_lane((f"mechanism={sys.argv[1]}",))
print([signature[0].state_class.__module__ for signature in advance_block.signatures])
"""


@pytest.mark.parametrize("change", CHANGES, ids=" ".join)
def test_numbers_and_group_sizes_compile_nothing(change):
    assert compiled_for([change]) == 0
    assert advance_block.signatures


@pytest.mark.parametrize("name", MECHANISMS)
def test_running_a_mechanism_compiles_no_other(name):
    command = [sys.executable, "-c", LIST_VERSIONS, name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['proteus.market.mechanisms.{name}']"
