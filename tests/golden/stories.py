"""A story: what a few traders send and when, read from an aligned text table.

A file of ``scenarios/`` starts with lines ``# what it shows``, then ``key: value`` lines:

    rule      words that stand in docs/mechanisms.md, where the rule is
    jump_ms   when v jumps from 0.5 to 0.8
    latency   of one trader, as ``sniper.0 0.2`` (milliseconds, all four links; others have 1) or
              ``sniper.0 0.2 submission`` (that link alone)
    words     configuration, for every mechanism or, as ``clob: words``, for one

and ends with the table: when, who, does what (``order`` rests, ``take`` does not, ``quote`` has two
sides), which side, at which price in ticks, how many lots, cancelled after how long. Where takers
ask for quotes, orders and takes are requests, and a quote is what a dealer answers from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("scenarios")
MS = 1_000_000
COLUMNS = ["at_ms", "trader", "does", "side", "price", "lots", "for_ms"]


@dataclass
class Action:
    """One row of the table."""

    at_ns: int
    trader: str  # group.member
    does: str  # order, take, quote
    side: str  # buy, sell, both
    prices: list[int]  # one, or bid and ask
    lots: list[int]
    for_ns: int  # 0: until it fills


@dataclass
class Story:
    """One scenario."""

    name: str
    rule: str = ""
    jump_ns: int | None = None
    latencies: list[tuple[str, str | None, int]] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)  # by mechanism; "" for all
    actions: list[Action] = field(default_factory=list)


def names() -> list[str]:
    """The scenarios there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def golden_path(name: str, mechanism: str) -> Path:
    """Where the outcome of a scenario is kept."""
    return FOLDER / f"{name}.{mechanism}.golden"


def read_story(name: str) -> Story:
    """Read a scenario."""
    lines = [line for line in (FOLDER / f"{name}.txt").read_text().splitlines() if line.strip()]
    head = lines.index(next(line for line in lines if line.split() == COLUMNS))
    story = Story(name)
    for line in lines[:head]:
        if not line.startswith("#"):
            _set(story, *line.split(": ", 1))
    story.actions = [_action(line.split()) for line in lines[head + 1 :]]
    return story


def _set(story: Story, key: str, value: str) -> None:
    if key == "rule":
        story.rule = value
    elif key == "jump_ms":
        story.jump_ns = _ns(value)
    elif key == "latency":
        trader, milliseconds, *leg = value.split()
        story.latencies.append((trader, leg[0] if leg else None, _ns(milliseconds)))
    else:
        story.words["" if key == "words" else key] = value.split()


def _action(cells: list[str]) -> Action:
    at_ms, trader, does, side, prices, lots, for_ms = cells
    return Action(
        _ns(at_ms), trader, does, side, [int(price) for price in prices.split("/")],
        [int(number) for number in lots.split("/")], 0 if for_ms == "-" else _ns(for_ms),
    )  # fmt: skip


def _ns(milliseconds: str) -> int:
    return round(float(milliseconds) * MS)
