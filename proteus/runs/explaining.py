"""A kernel that cannot be compiled, told by the line of its author and not by the compiler.

The compiler's own text is long and names the parts of the loop. The same lane in plain Python
stops at the line that is wrong; where it does not, the compiler knows the line.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from proteus import plugins
from proteus.errors import RunError
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block

_LINE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def explained(setup: CellSetup, error: Exception) -> RunError:
    """Return what is wrong with a kernel of a cell, file and line first.

    Parameters
        setup: of the cell. error: of the compiler.
    """
    where = _by_running(setup) or _by_text(str(error))
    return RunError(f"{where}; --verbose shows what the compiler says")


def _by_running(setup: CellSetup) -> str:
    """Run one lane in plain Python; returns where it stops, or nothing where it does not."""
    block = build_block(setup, replicate_keys(0, np.zeros(1, np.int64)), 1, False)
    try:
        with np.errstate(all="ignore"):
            getattr(advance_block, "py_func", advance_block)(*block, NEVER_NS)
    except Exception as error:
        return plugins.place_of(error)
    return ""


def _by_text(text: str) -> str:
    """Find the line in the compiler's text: the first, as what was called comes before its caller.

    One of another package goes before ours.
    """
    found = [*_LINE.finditer(text)]
    theirs = [m for m in found if plugins.is_file_of_plugin(Path(m["file"]).resolve())]
    if not found:
        return f"a kernel cannot be compiled: {text.splitlines()[-1]}"
    first = (theirs or found)[0]
    above = [line.strip() for line in text[: first.start()].splitlines() if line.strip()]
    return f"{Path(first['file']).resolve()}, line {first['line']}: {above[-1] if above else ''}"
