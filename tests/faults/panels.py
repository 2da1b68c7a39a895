"""Faults of panels as files, and of what is measured of them."""

from tests.faults.fault import Fault

PANELS = (
    Fault(
        "a panel is read whatever became of it",
        "results/panel.py",
        "    check_manifest(path, said, DIGEST)\n",
        "",
    ),
    Fault(
        "shifts are found in rounding",
        "analysis/statistics/longitudinal.py",
        "    values = values - values[0]  # squares",
        "    values = values - 0 * values[0]  # squares",
    ),
)
