"""Some lanes of one cell run again with their logs, which are read and not kept."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.configuration import overrides
from proteus.market.ledger.codes import POSTINGS, TERM_CLAIMS
from proteus.plans import planner
from proteus.plans.plan import Plan
from proteus.recording.files import load_events, load_fills, load_ledger, trader_names
from proteus.results.dataset import load
from proteus.runs import api, claim
from proteus.runs.folder import run_into

CLAIMS = tuple(  # codes of entries that are no gain
    posting.name for posting in POSTINGS.values() if posting.term == TERM_CLAIMS
)
_PAYOFF = "payoff"
_OF_A_RUN = ("output_dir", "plan_only", "design", "precision", "record", "seeds")


class Recorded(NamedTuple):
    """Lanes with their logs; n seeds, A traders."""

    plan: Plan
    events: pd.DataFrame
    fills: pd.DataFrame
    ledger: pd.DataFrame
    seeds: list[int]
    names: list[str]  # [A] of the traders
    roles: list[str]  # [A] their classes
    pnl: NDArray[np.int64]  # [n, A] nano-currency


def record(words: Sequence[str], first: int, count: int) -> Recorded:
    """Run lanes of one cell with logs.

    Parameters
        words: of the cell. first, count: the replicates first .. first + count - 1.

    Raises
        ConfigError: the words are wrong. RunError: the machine stopped the run.
    """
    kept = [
        word for word in words
        if overrides.key(word).partition(".")[0] not in _OF_A_RUN
        or overrides.key(word) in ("seeds.root", "record.warmup_s")
    ]  # fmt: skip
    plan = planner.from_words([
        *kept, f"seeds.first={first}", f"seeds.count={count}",
        f"record.events=seed:{first}..{first + count - 1}", "record.per_trader=true",
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / "lanes"
        plan = api.checked(plan)
        with claim.claimed(folder, plan) as lanes:
            run_into(plan, folder, lanes)
        events, fills, ledger = load_events(folder), load_fills(folder), load_ledger(folder)
        found = load(folder).isel(mechanism=0, delta=0)["pnl_marked_by_trader"]
        pnl = found.transpose("seed", "trader")
    amounts = np.rint(pnl.to_numpy() * NANO).astype(np.int64)
    roles = [str(role) for role in pnl["trader_role"].to_numpy()]
    seeds = [int(seed) for seed in pnl["seed"].to_numpy()]
    names = trader_names(plan.cells[0])
    return Recorded(plan, events, fills, ledger, seeds, names, roles, amounts)


def value_at_end(lanes: Recorded) -> dict[int, int]:
    """Return the fair value at the end of each seed, nano; 0 where nobody holds anything then.

    It is what the PnL of a trader that holds a lot tells: its cash, and its lots at that value.
    """
    gains = lanes.ledger[~lanes.ledger["code"].isin((*CLAIMS, _PAYOFF))]
    cash, lots = (balances(gains, asset) for asset in ("cash", "contract"))
    found = dict.fromkeys(lanes.seeds, 0)
    for place, seed in enumerate(lanes.seeds):
        for trader, name in enumerate(lanes.names):
            held = lots.get((seed, name), 0)
            if held != 0:
                found[seed] = (int(lanes.pnl[place, trader]) - cash.get((seed, name), 0)) // held
                break
    return found


def balances(ledger: pd.DataFrame, asset: str) -> dict[tuple[int, str], int]:
    """Return what entries of an asset bring each account of each seed."""
    rows = ledger[ledger["asset"] == asset]
    found: dict[tuple[int, str], int] = {}
    for side, sign in (("receiver", 1), ("giver", -1)):
        sums = rows.groupby(["seed", side], observed=True)["amount"].sum().reset_index()
        for row in sums.to_dict("records"):
            key = int(row["seed"]), str(row[side])
            found[key] = found.get(key, 0) + sign * int(row["amount"])
    return found
