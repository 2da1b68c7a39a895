"""Apply each fault to a copy of the tree, run the tests that are fastest, write what caught it.

    python -m tests.faults            # all of them
    python -m tests.faults 3 17       # these, by their number in docs/faults.md

The tests run in plain Python (``NUMBA_DISABLE_JIT=1``), so nothing is compiled: the whole market
against its twin first, then the tests of the room where the fault is, then more of both.
Exit code 1 if a fault goes unnoticed.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.faults.fault import Fault
from tests.faults.table import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
COPIED = ("proteus", "tests", "conf", "docs", "pyproject.toml", "README.md", "ARCHITECTURE.md")
TWIN = "tests/property/test_market_against_twin.py"
MARKET = "unit/market"
ASKED = (f"{MARKET}/trading/test_rfq_market", "unit/house/test_golden")
DESK = (f"{MARKET}/trading/test_desk", "unit/house/test_golden")
SURROUNDED = "property/test_environment_against_twin"
VIEWS = (
    f"{MARKET}/information/test_views_and_links", f"{MARKET}/information/test_leakage_tables",
)  # fmt: skip
CHAINS = (
    f"{MARKET}/constraints/test_funds", f"{MARKET}/constraints/test_chain",
    f"{MARKET}/constraints/test_venue", f"{MARKET}/constraints/test_gas",
    f"{MARKET}/constraints/test_settled", f"{MARKET}/constraints/test_shortage",
    "property/test_gas_against_twin",
    "property/test_constraints_against_twin", "property/test_settled_capital",
    "simulation/test_constraints", "simulation/test_locked_capital",
)  # fmt: skip
CHARGED = "property/test_costs_against_twin"
OF_PACKAGES = (f"{MARKET}/incentives/test_added", "simulation/test_contract_of_rules")
POLICIES = (
    f"{MARKET}/incentives/test_added", f"{MARKET}/incentives/test_models",
    "property/test_incentives_against_twin", f"{MARKET}/incentives/test_scores",
    f"{MARKET}/incentives/test_payments", f"{MARKET}/rules/test_roles",
    f"{MARKET}/rules/test_learning",
    "simulation/test_incentives",
)  # fmt: skip
LAB = (
    f"{MARKET}/makers/test_filters", f"{MARKET}/makers/test_quoting",
    f"{MARKET}/makers/test_estimates", f"{MARKET}/makers/test_added",
    f"{MARKET}/agents/test_lab_maker", "property/test_lab_against_twin",
)  # fmt: skip
DAYS = (
    "property/test_days_against_twin", "property/test_only_capital_is_carried",
    "simulation/test_episodes",
)  # fmt: skip
OUTSIDE = (
    "simulation/test_sessions", "property/test_makers_outside", "simulation/test_session_parity",
)  # fmt: skip
OF_ENVS = tuple(
    f"unit/envs/test_{name}"
    for name in ("tasks", "agents", "conformance", "mistakes", "stable_baselines")
)
LENDING = (
    f"{MARKET}/lending/test_vectors", f"{MARKET}/lending/test_vectors_pools",
    f"{MARKET}/lending/test_facts", f"{MARKET}/lending/test_edges",
    "unit/replaying/test_lending_door", "unit/replaying/test_recordings_of_lending",
    "property/test_lending_laws", f"{MARKET}/lending/test_added",
)  # fmt: skip
LOANS = (
    f"{MARKET}/loans/test_loans", "unit/replaying/test_rate_doors",
    "unit/house/test_golden_lending", "property/test_loans_against_twin",
    "property/test_loan_laws",
)  # fmt: skip
STRESS = (
    f"{MARKET}/events/test_windows", f"{MARKET}/stress/test_models", "property/test_stress_laws",
    "property/test_stress_against_twin",
)  # fmt: skip
CREDIT = (
    f"{MARKET}/rules/test_credit", f"{MARKET}/rules/test_liquidation", f"{MARKET}/rules/test_looks",
    f"{MARKET}/rules/test_settled_credit", f"{MARKET}/rules/test_closing_sweep",
    "simulation/test_credit", "simulation/test_credit_days", "simulation/test_liquidation",
    "simulation/test_liquidation_tips", "simulation/test_liquidation_at_the_end",
    "property/test_credit_against_twin",
)  # fmt: skip
SPOOFED = (
    f"{MARKET}/agents/test_spoofer",
    "simulation/test_spoofing",
    "property/test_spoofer_against_twin",
)
NEAR = {  # the tests of the room where the fault is
    "arena/wanting": ("unit/arena/test_wanting",),
    "arena/clock": ("unit/arena/test_clock",),
    "arena/": (
        "unit/arena/test_scoring", "unit/arena/test_sealing", "unit/arena/test_season",
        "unit/arena/test_mistakes",
    ),
    "market/rules/credit": CREDIT,
    "market/trading/credit": CREDIT,
    "market/trading/ruling": CREDIT,
    "market/trading/liquidating": CREDIT,
    "market/trading/calling": CREDIT,
    "market/mechanisms/r": (f"{MARKET}/mechanisms/test_rfq_rules", *ASKED),
    "market/mechanisms/": tuple(
        f"{MARKET}/mechanisms/test_{name}_rules" for name in ("clob", "fba", "dual_flow")
    ),
    "market/book/": (f"{MARKET}/mechanisms/test_clob_rules",),
    "market/trading/rfq": ASKED,
    "market/trading/booking": (*DESK, "simulation/test_measurement_twin"),
    "market/trading/reports": (*DESK, *VIEWS),
    "market/trading/venue": (*DESK, "simulation/test_measurement_twin"),
    "market/trading/desk": (*DESK, *VIEWS),
    "market/trading/loop": (*DESK, *VIEWS),
    "market/events/queue": (f"{MARKET}/events/test_queue", "property/test_incentives_against_twin"),
    "market/events/latency": VIEWS,
    "market/events/schedule": (
        "statistical/test_schedules", "simulation/test_knowing_blocks",
    ),
    "market/constraints/": CHAINS,
    "market/rules/constraints": CHAINS,
    "market/trading/hooks": CHAINS,
    "market/trading/stopping": (*CHAINS, "property/test_makers_outside"),
    "market/trading/stepping": OUTSIDE,
    "market/agents/external": OUTSIDE,
    "market/agents/spoofer": SPOOFED,
    "market/metrics/detection": SPOOFED,
    "configuration/spoofing": SPOOFED,
    "sessions/": OUTSIDE,
    "policies/saved": ("unit/policies/test_saved",),
    "policies/": OUTSIDE[1:],
    "envs/": OF_ENVS,
    "market/costs/reserve": (f"{MARKET}/costs/test_reserve", *CHAINS),
    "market/trading/shortage": ("property/test_settled_capital",),
    "market/settlement/legs": (
        f"{MARKET}/settlement/test_settling", "property/test_settlement_against_twin",
        "property/test_settled_capital",
    ),
    "market/costs/": (
        f"{MARKET}/costs/test_charging", f"{MARKET}/costs/test_volume",
        f"{MARKET}/costs/test_expected", f"{MARKET}/costs/test_venues", CHARGED,
    ),
    "market/rules/costs": (
        CHARGED, "simulation/test_metrics_page", "property/test_all_rules_against_twin",
    ),
    "recording/": ("unit/recording/test_charges",),
    "trajectories/": tuple(
        f"unit/trajectories/test_{name}" for name in ("collecting", "reading", "exports")
    ),
    "readers/": ("unit/readers/test_dbn_encoder", "unit/readers/test_formats"),
    "whatif/": ("unit/whatif/test_whatif",),
    "fit/news": ("unit/fit/test_news",),
    "fit/": ("unit/fit/test_estimates", "unit/fit/test_fit"),
    "market/setup/costs": (CHARGED,),
    "market/setup/carrying": DAYS,
    "market/rules/posting": DAYS,
    "market/metrics/sums": (
        *DAYS[:1], "simulation/test_measurement_twin", "simulation/test_spoofing",
    ),
    "market/ledger/": (
        f"{MARKET}/ledger/test_accounts", f"{MARKET}/ledger/test_entries",
        "simulation/test_measurement_twin",
    ),
    "market/arithmetic/shares": (
        f"{MARKET}/arithmetic/test_shares", f"{MARKET}/settlement/test_settling",
    ),
    "market/settlement/added": OF_PACKAGES,
    "market/incentives/added": OF_PACKAGES,
    "recording/ledger": ("simulation/test_policies_in_files",),
    "market/settlement/": (
        f"{MARKET}/settlement/test_settling", "property/test_settlement_against_twin",
    ),
    "market/rules/settlement": ("property/test_settlement_in_market", STRESS[3]),
    "market/information/signals": (f"{MARKET}/information/test_signals",),
    "market/information/": VIEWS,
    "market/environment/oracle": (f"{MARKET}/environment/test_oracle", SURROUNDED),
    "market/environment/blocks": (f"{MARKET}/environment/test_blocks", SURROUNDED),
    "market/environment/congestion": (f"{MARKET}/environment/test_congestion", SURROUNDED),
    "market/environment/mempool": (f"{MARKET}/environment/test_mempool", SURROUNDED),
    "market/environment/jumps": STRESS[2:],
    "market/environment/": (f"{MARKET}/environment/test_news",),
    "market/events/windows": STRESS,
    "market/setup/stress": STRESS[2:],
    "market/stress/": STRESS[1:],
    "market/rules/stress": STRESS[2:],
    "market/trading/stressing": STRESS[2:],
    "market/rules/environment": (
        SURROUNDED, "property/test_all_rules_against_twin", "simulation/test_environment",
    ),
    "market/incentives/": POLICIES,
    "market/rules/incentives": POLICIES,
    "market/rules/counting": POLICIES,
    "market/rules/roles": POLICIES,
    "market/arithmetic/wide": (f"{MARKET}/arithmetic/test_wide", *LENDING),
    "market/lending/": LENDING,
    "market/loans/": LOANS,
    "replaying/lending/rates": LOANS,
    "validation/lending/": ("unit/replaying/test_recordings_of_lending",),
    "market/makers/": LAB,
    "plans/parity": ("unit/configuration/test_lab",),
    "results/panel": ("simulation/test_panel_files", "simulation/test_panel"),
    "analysis/statistics/ranking": ("unit/analysis/test_ranking",),
    "analysis/change": ("unit/analysis/test_change", "unit/studies/test_ab"),
    "studies/transfers": ("unit/studies/test_transfers",),
    "studies/why": ("unit/studies/test_why",),
    "studies/ab": ("unit/studies/test_ab",),
    "analysis/statistics/longitudinal": ("unit/analysis/test_longitudinal",),
    "market/cell": ("unit/commands/test_mistakes",),
    "market/agents/lab": LAB,
    "market/agents/": (f"{MARKET}/agents/test_maker", f"{MARKET}/agents/test_takers"),
    "market/metrics/execution": (
        f"{MARKET}/metrics/test_waits_and_ends", f"{MARKET}/metrics/test_measurement",
        "simulation/test_measurement_twin",
    ),
    "market/metrics/": (
        f"{MARKET}/metrics/test_measurement", f"{MARKET}/metrics/test_measurement_after_fills",
        "simulation/test_measurement_twin", "simulation/test_entries",
    ),
}  # fmt: skip
LIMIT_S = 150  # after which the engine will never end, for the small stages
IMPORTED = (
    "hydra",
    "hypothesis",
    "numba",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy.stats",
    "xarray",
)
HANGS = "does not end"
NOTHING = "nothing"

_HEAD = """# Seeded faults

Written by `make faults`: each row is a small mistake made in a copy of the kernels, and the first
test that noticed it, run in plain Python. The table of mistakes is `tests/faults/table.py`.

| no. | fault | file | noticed by |
| --- | --- | --- | --- |
"""


def seed(fault: Fault, tree: Path) -> None:
    """Make the mistake in a copy of the tree."""
    path = tree / "proteus" / fault.file
    source = path.read_text()
    assert source.count(fault.old) == 1, f"{fault.what}: its text must stand once in {fault.file}"
    path.write_text(source.replace(fault.old, fault.new))


def caught_by(fault: Fault) -> str | None:
    """Return the first test that fails, ``HANGS``, or None if nothing notices."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        seed(fault, tree)
        for words, limit_s in stages(fault):
            found = first_failure(tree, words, limit_s)
            if found is not None:
                return found
    return None


def stages(fault: Fault) -> Iterator[tuple[tuple[str, ...], int]]:
    """What pytest is told, in turn, and the seconds it may take."""
    near = next((tests for room, tests in NEAR.items() if fault.file.startswith(room)), ())
    yield ("-m", "nojit", TWIN), LIMIT_S
    if near:
        yield tuple(f"tests/{name}.py" for name in near), 2 * LIMIT_S
    yield (TWIN,), 4 * LIMIT_S
    yield ("-m", "nojit"), 8 * LIMIT_S


def first_failure(tree: Path, words: tuple[str, ...], limit_s: int) -> str | None:
    """Run tests of a tree until one fails, in a process of their own."""
    said = tree / "said.txt"
    process = get_context("fork").Process(target=run_tests, args=(tree, words, said))
    process.start()
    process.join(limit_s)
    if process.is_alive():
        process.kill()
        process.join()
        return HANGS
    if process.exitcode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", said.read_text(), re.MULTILINE)
    assert found, said.read_text()
    return found[1].removeprefix("tests/")


def run_tests(tree: Path, words: tuple[str, ...], said: Path) -> None:
    """Run tests of a tree in this process, which has imported nothing of another tree but this."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "proteus")]:
        del sys.modules[name]
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        options = ["-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider"]
        code = pytest.main([*options, *words])
    sys.stdout.flush()
    os._exit(int(code))


def read_page() -> dict[str, str]:
    """What noticed each fault, by its name, as the page has it."""
    page = PAGE.read_text() if PAGE.exists() else ""
    return dict(re.findall(r"^\| \d+ \| (.+) \| `.+` \| `(.+)` \|$", page, re.MULTILINE))


def write_page(noticed: dict[str, str]) -> None:
    """Write the page, a row for each fault."""
    rows = [
        f"| {number} | {fault.what} | `{fault.file}` | `{noticed.get(fault.what, NOTHING)}` |\n"
        for number, fault in enumerate(FAULTS, start=1)
    ]
    PAGE.write_text(_HEAD + "".join(rows))


def main(words: list[str]) -> int:
    """Try the faults and bring the page up to date."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    for name in IMPORTED:  # once, instead of in the process of every fault
        importlib.import_module(name)
    numbers = [int(word) for word in words] or range(1, len(FAULTS) + 1)
    missed = 0
    for number in numbers:
        fault = FAULTS[number - 1]
        found = caught_by(fault) or NOTHING
        missed += found == NOTHING
        print(f"{number:3} {fault.what}: {found}", file=sys.stderr, flush=True)
        write_page(read_page() | {fault.what: found})
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
