"""``proteus.replay(mechanism="pool")``: recorded lending messages, what came of each, and states.

The same kernels that a lane would own run on one lane, in plain Python: a pool has hundreds of
messages, not millions, and nothing is compiled for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from proteus.errors import ConfigError, nearest
from proteus.market.lending.codes import ACCEPTED, REASONS, WITH_NUMBERS
from proteus.replaying.cells import Messages
from proteus.replaying.lending import aave, compound, morpho, proteus_pool
from proteus.replaying.lending.messages import Message, read_messages
from proteus.replaying.lending.terms import Terms, read_terms, read_wallets

STATES = ("every", "last")
RESULT_COLUMNS = ("row", "time_s", "kind", "agent", "accepted", "reason", "first", "second")


class Lent(NamedTuple):
    """What lending messages did. N messages, A accounts; integers in the units of the rules.

    Numbers that 64 bits do not hold (ray) are Python integers in columns of objects.
    """

    results: pd.DataFrame  # [N] accepted or why not, and what the action returned
    pool: pd.DataFrame  # a row per state and asset, or per state where there is one pool
    accounts: pd.DataFrame  # a row per state and account


class Venue(Protocol):
    """A pool by some rules, on one lane."""

    def act(self, message: Message) -> int:
        """Do one message: ACCEPTED or a refusal."""

    def result(self) -> tuple[int, int]:
        """Return what the last message returned."""

    def pool(self, time_s: int) -> list[dict[str, Any]]:
        """Return the state of the pool as rows."""

    def accounts(self, time_s: int) -> list[dict[str, Any]]:
        """Return the state of each account, in their order."""


class _Preset(NamedTuple):
    terms: Terms
    assets: tuple[str, str]  # what wallets hold
    make: Any  # of terms, accounts and what they hold


_PRESETS = {
    "proteus": _Preset(proteus_pool.TERMS, proteus_pool.ASSETS, proteus_pool.ProteusVenue),
    "morpho": _Preset(morpho.TERMS, morpho.ASSETS, morpho.MorphoVenue),
    "compound": _Preset(compound.TERMS, compound.ASSETS, compound.CompoundVenue),
    "aave": _Preset(aave.TERMS, aave.ASSETS, aave.AaveVenue),
}


def replay(
    messages: Messages,
    *,
    rules: str = "proteus",
    wallets: Mapping[Any, tuple[int, int]] | None = None,
    states: str = "every",
    **terms: Any,
) -> Lent:
    """Feed recorded messages to a pool; ``docs/credit.md`` lists columns, kinds and keywords.

    Parameters
        messages: table in order of ``time_s``. rules: proteus, morpho, compound or aave.
        wallets: account names to what each holds at the start, of both assets.
        states: after every message, or only the last one.
        terms: keywords of the rules.

    Returns
        Lent. A refused message leaves the state as it was, accrual included.

    Raises
        MessageError: a column or row that cannot be read. ConfigError: a keyword.
    """
    if not isinstance(rules, str) or rules not in _PRESETS:
        raise ConfigError(f"rules={rules!r} does not exist{nearest(str(rules), _PRESETS)}")
    check_states(states)
    preset = _PRESETS[rules]
    held = read_wallets(wallets, preset.assets)
    accounts = {name: number for number, name in enumerate(held)}
    read = read_messages(messages, rules, accounts)
    where = f"mechanism=pool rules={rules}"
    venue: Venue = preset.make(read_terms(where, preset.terms, terms), held)
    return Lent(*run(venue, read, list(held), states, REASONS[rules]))


def check_states(states: str) -> None:
    """Check which states are wanted."""
    if states not in STATES:
        raise ConfigError(f"states={states!r} is not allowed: must be {', '.join(STATES)}")


def run(
    venue: Venue, read: list[Message], names: list[Any], states: str, reasons: Mapping[int, str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Do messages one by one; returns what came of each, and states of the pool and accounts."""
    results, pools, people = [], [], []
    for message in read:
        refusal = venue.act(message)
        results.append(_result(reasons, message, refusal, venue.result(), names))
        if states == "every" or message.row == len(read) - 1:
            place = {"row": message.row, "time_s": message.time_s}
            pools += [{**place, **each} for each in venue.pool(message.time_s)]
            people += [
                {**place, "account": name, **each}
                for name, each in zip(names, venue.accounts(message.time_s), strict=True)
            ]
    return make_table(results, RESULT_COLUMNS), make_table(pools), make_table(people)


def make_table(rows: list[dict[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Make a table whose words, absent values and wide integers stay what they are.

    Parameters
        names: columns of a table that may have no row.
    """
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else names)}
    return pd.DataFrame({name: _column(cells) for name, cells in columns.items()})


def _column(cells: list[Any]) -> Any:
    """Return int64 or bool where every cell is one, else objects."""
    kinds = {type(cell) for cell in cells}
    if kinds == {bool}:
        return np.array(cells, np.bool_)
    if kinds == {int} and all(-(2**63) <= cell < 2**63 for cell in cells):
        return np.array(cells, np.int64)
    column = np.empty(len(cells), object)
    column[:] = cells
    return pd.Series(column, dtype=object)


def _result(
    reasons: Mapping[int, str],
    message: Message,
    refusal: int,
    numbers: tuple[int, int],
    names: list[Any],
) -> dict[str, Any]:
    reason = None if refusal == ACCEPTED else reasons[refusal]
    if refusal in WITH_NUMBERS:
        reason = f"{reason}[{numbers[0]}, {numbers[1]}]"
        numbers = (0, 0)
    return {
        "row": message.row,
        "time_s": message.time_s,
        "kind": message.kind,
        "agent": names[message.agent] if message.agent >= 0 else None,
        "accepted": refusal == ACCEPTED,
        "reason": reason,
        "first": numbers[0],
        "second": numbers[1],
    }
