"""Small cells for tests of the engine, run compiled or in plain Python, and lists of names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import proteus
from proteus.market.agents.kinds import KINDS, OF_CREDIT, OF_STRESS
from proteus.market.mechanisms.table import MECHANISMS
from proteus.testing.lanes import ROOT as ROOT
from proteus.testing.lanes import SHORT as SHORT
from proteus.testing.lanes import TINY as TINY
from proteus.testing.lanes import build as build
from proteus.testing.lanes import cell as cell
from proteus.testing.lanes import differing as differing
from proteus.testing.lanes import finished as finished
from proteus.testing.lanes import finished_plain as finished_plain
from proteus.testing.lanes import only as only
from proteus.testing.lanes import run_plain as run_plain

MS, S = 10**6, 10**9
MECHANISM_NAMES = sorted(MECHANISMS)
_RULES = (Path(proteus.__file__).parent.parent / "docs" / "mechanisms.md").read_text()
# Those whose rules are written down; they have a twin and an outcome of every scenario.
RULED = sorted(re.findall(r"^## .*\(`(\w+)`\)$", _RULES, re.MULTILINE))
ORDINARY = [name for name, kind in KINDS.items() if kind.is_ordinary]
THEORY = [name for name in KINDS if name not in (*ORDINARY, *OF_CREDIT, *OF_STRESS)]
BY_ORDERS = [name for name in MECHANISM_NAMES if name != "rfq"]  # traders send orders to these


def copied(state: Any) -> Any:
    """Copy a state with its arrays."""
    if isinstance(state, np.ndarray):
        return state.copy()
    return state._make(map(copied, state)) if isinstance(state, tuple) else state


def same_values(left: dict[str, NDArray[Any]], right: dict[str, NDArray[Any]]) -> bool:
    """Tell whether two sets of measured values are equal to the bit."""
    assert left.keys() == right.keys()
    return all(left[name].tobytes() == right[name].tobytes() for name in left)
