"""The golden outcome of the stress pack: what every scenario moves in short markets of few seeds.

``make golden`` writes it. A line is a scenario, maker, mechanism and variable, with both arms.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from proteus.stress import running
from proteus.stress.pack import SCENARIOS
from tests.golden.comparing import GREEN, PLAIN, RED

GOLDEN = Path(__file__).with_name("stress.golden")
SHORT = (
    "mechanism=clob,rfq", "seeds.count=3", "horizon_s=12", "metrics.tau_ms=1000",
    "metrics.elapsed_ms=[100,500]",
)  # fmt: skip
CREDIT = (
    "utilisation_spike", "collateral_shock", "cascade", "stale_oracle", "lenders_away",
    "liquidators_away",
)  # fmt: skip
APART = ("oracle_lag", "spoof_burst", *CREDIT)  # loops that nothing else here needs
HEAD = "scenario maker mechanism variable usual stressed"


@cache
def found(proof: bool = False) -> running.Results:
    """Run the short pack, once; whole, or without what compiles loops that nothing else needs."""
    chosen = [name for name in SCENARIOS if proof or name not in APART]
    return running.run(running.read((*SHORT, f"scenarios={','.join(chosen)}")))


def wanted(results: running.Results) -> list[str]:
    """Return the lines of the file about scenarios that were run."""
    chosen = {HEAD.split()[0], *results.deltas["scenario"]}
    return [line for line in GOLDEN.read_text().splitlines() if line.split()[0] in chosen]


def told(results: running.Results) -> list[str]:
    """Tell it in lines, every number by ten digits: sums over lanes differ beyond by machine."""
    lines = [HEAD]
    for row in results.deltas.to_dict("records"):
        names = [str(row[name]) for name in ("scenario", "maker", "mechanism", "variable")]
        lines.append(" ".join([*names, f"{row['usual']:.10g}", f"{row['stressed']:.10g}"]))
    return lines


def explain(golden: list[str], lines: list[str], broken: dict[str, str]) -> str:
    """Say what is not as it was: invariants and scenarios by name, then the lines; or nothing."""
    said = [f"invariant broken in {name}: {why}" for name, why in broken.items()]
    changed = {*golden} ^ {*lines}
    ids = [
        *dict.fromkeys("/".join(line.split()[:3]) for line in [*golden, *lines] if line in changed)
    ]
    if ids:
        said.append(f"changed: {', '.join(ids)}")
        for line in difflib.unified_diff(golden, lines, "golden", "found", lineterm="", n=0):
            colour = {"-": RED, "+": GREEN}.get(line[:1], "")
            said.append(f"{colour}{line}{PLAIN if colour else ''}")
        said.append("If the change is meant: make golden, and explain it in the commit.")
    return "\n".join(said)


def main() -> None:
    """Write the file."""
    GOLDEN.write_text("\n".join(told(found(proof=True))) + "\n")


if __name__ == "__main__":
    main()
