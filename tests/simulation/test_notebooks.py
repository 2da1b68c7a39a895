"""The notebooks run from top to bottom, on small data and in plain Python, and their checks hold.

Their numbers have no tolerance to set here: they are the same at every run, as the seeds are.
"""

import importlib.util
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
SMALL = {"SEEDS": 2, "HORIZON_S": 6, "DELTAS": [50, 1000], "TRIALS": 20, "DAYS": 4}
SMALLER = {
    "SEEDS": 3, "HORIZON_S": 2, "FILTERS": ["tape", "tape_only"], "RULES": ["linear", "fixed"],
    "CHAINS": ["inventory_limit", "loss_limit"], "WIDTHS": [0.015, 0.03],
}  # fmt: skip
SMALLEST = {"SEEDS": 2, "SCALE": 30, "HORIZON_S": 1, "FORMATS": "[solo]"}
OWN_KERNEL = "3_your_own_mechanism"  # imports another copy of the package

GIVEN = {"6_a_better_maker": SMALLER, "10_a_season": SMALLEST}


@pytest.fixture(scope="module")
def execute():
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def plain_python(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))


def test_there_are_ten(execute):
    assert [path.stem for path in execute.NOTEBOOKS] == [
        "1_first_sweep", "2_phase2_with_xarray", "3_your_own_mechanism", "4_theory",
        "5_a_fee_change", "6_a_better_maker", "7_behaviour_cloning", "8_survival",
        "9_requests_for_quote", "10_a_season",
    ]  # fmt: skip


def test_sweeps_and_theory_run(execute, tmp_path):
    notebooks = [
        execute.read(path, GIVEN.get(path.stem, SMALL))
        for path in execute.NOTEBOOKS
        if path.stem != OWN_KERNEL
    ]
    execute.execute(notebooks, tmp_path)
    shown = [
        output for notebook in notebooks for cell in notebook.cells
        for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})
    ]  # fmt: skip
    assert len(shown) == 18  # the figures
    texts = [
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for notebook in notebooks for cell in notebook.cells for output in cell.get("outputs", ())
    ]  # fmt: skip
    assert any(re.fullmatch(r"\d+ lanes in [\d.]+ s", text) for text in texts)  # progress
    assert [text for text in texts if re.search(r"[\x00-\x08\x0b-\x1f]", text)] == []
    assert list(tmp_path.iterdir()) == []


def test_your_own_mechanism_runs(execute, tmp_path):
    execute.execute([execute.read(FOLDER / f"{OWN_KERNEL}.py")], tmp_path)
