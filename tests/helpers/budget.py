"""How many examples, lanes and seeds each heavy test uses: one table, two columns.

The first column is what ``make test`` runs, the second what ``make proof`` runs.
"""

import os

BUDGET = {
    "all_rules_twin": (6, 60),
    "constraints_twin": (16, 80),
    "costs_twin": (8, 50),
    "credit_actions": (30, 200),  # of each sequence
    "credit_days_twin": (1, 10),  # of each mechanism, threefold
    "credit_ends_twin": (3, 45),  # of each mechanism
    "credit_in_lanes": (4, 2_000),
    "credit_settled_twin": (1, 50),  # of each mechanism
    "credit_twin": (4, 50),  # of each mechanism
    "liquidations": (4, 2_000),
    "design_lanes": (128, 16_000),  # of each design
    "design_studies": (4_000, 40_000),
    "days_twin": (2, 40),  # of each mechanism and policy
    "environment_twin": (6, 80),
    "fit_files": (4, 200),
    "fit_paths": (2, 100),
    "fuzz_configs": (120, 2_000),
    "fuzz_messages": (150, 2_000),
    "gas_twin": (5, 60),
    "incentives_market_twin": (15, 60),
    "incentives_twin": (200, 2_000),
    "makers_outside": (8, 80),  # of each mechanism, one of each kind of rules in turn
    "lending_actions": (40, 200),  # of each sequence
    "lending_laws": (8, 2_000),
    "loan_laws": (6, 2_000),  # of each mechanism: conservation, and the twin
    "loan_mirrors": (5, 300),  # of each mechanism and further law
    "market_twin_clob": (8, 80),
    "market_twin_dual_flow": (8, 80),
    "market_twin_fba": (8, 80),
    "market_twin_rfq": (12, 160),  # more that must happen, and short logs
    "kills": (3, 30),
    "metamorphic": (30, 200),
    "metamorphic_prefixes": (10, 40),
    "news_paths": (5_000, 100_000),
    "noise_lanes": (300, 1_000),
    "papers": (1, 10),  # times the share of the lanes of each page
    "phases": (3_000, 30_000),
    "pooled_studies": (4_000, 40_000),
    "reference_twin": (60, 300),
    "replay_twin_clob": (25, 100),
    "replay_twin_dual_flow": (8, 40),
    "replay_twin_fba": (7, 40),
    "replay_twin_rfq": (60, 300),
    "rfq_lanes": (16, 200),
    "rich_loop": (5, 50),  # of each mechanism
    "spoofer_twin": (4, 60),  # of each mechanism
    "stress_twin": (3, 80),
    "validation": (1, 10),  # times the lanes of each reduced comparison
    "wakes": (20_000, 400_000),
}


def is_proof() -> bool:
    """The full counts are wanted (``PROTEUS_PROOF=1``)."""
    return os.environ.get("PROTEUS_PROOF") == "1"


def budget(name: str) -> int:
    """The count of one row of the table for this run."""
    test_count, proof_count = BUDGET[name]
    return proof_count if is_proof() else test_count
