"""A recording against the door: every decision, return value, balance and share of every step.

K9: ``morpho`` and ``compound`` to the unit. ``aave`` within the larger of 1e-9 and one unit per
action so far; a decision may differ only where the door's own number is that near to its limit,
which our exact numbers never need: each one that differs fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from proteus.errors import ConfigError, MessageError
from proteus.replaying.orders import replay
from proteus.validation.lending import aave, morpho, venus
from proteus.validation.lending.formats import Format, Numbers, fits
from proteus.validation.lending.recordings import Recording, Step, WidthError, read

FORMATS = {morpho.NAME: morpho.MORPHO, venus.NAME: venus.VENUS, aave.NAME: aave.AAVE}
RELATIVE = 10**9  # aave may be off by one part of this
_SHOWN = 5


class Difference(NamedTuple):
    """A number, or a decision, that is not the recorded one."""

    step: int
    action: str
    what: str
    recorded: Any
    ours: Any
    is_beyond: bool  # more than K9 allows

    def sentence(self) -> str:
        """Say it in one line."""
        beyond = "" if self.is_beyond else " (within the bound)"
        what = f"step {self.step} {self.action}: {self.what}"
        return f"{what} is {self.ours}, recorded {self.recorded}{beyond}"


class Outcome(NamedTuple):
    """What came of a file."""

    name: str
    rules: str
    steps: int
    refusals: int  # recorded
    compared: int  # numbers
    differences: tuple[Difference, ...]
    refused: str | None  # why it was not replayed

    @property
    def beyond(self) -> int:
        """Differences that K9 does not allow."""
        return sum(each.is_beyond for each in self.differences)

    @property
    def largest(self) -> int:
        """The largest difference of a number, in units."""
        numbers = [
            abs(each.ours - each.recorded)
            for each in self.differences
            if isinstance(each.ours, int) and isinstance(each.recorded, int)
        ]
        return max(numbers, default=0)

    def lines(self) -> list[str]:
        """Say what is wrong, the first few."""
        shown = [each.sentence() for each in self.differences[:_SHOWN]]
        more = len(self.differences) - len(shown)
        return shown + ([f"and {more} more"] if more else [])


def validate(path: Path) -> Outcome:
    """Replay a recording and compare it.

    Raises
        ConfigError: the file is no recording, or says what is not known.
    """
    recording = read(path, {name: each.step_keys for name, each in FORMATS.items()})
    form = FORMATS[recording.format]
    refusals = sum(not step.is_done for step in recording.steps)
    try:
        keywords = form.keywords(recording)
        messages = [form.message(recording, step) for step in recording.steps]
        states = [_state(form, recording, step) for step in recording.steps]
    except WidthError as error:
        return Outcome(path.name, form.rules, len(recording.steps), refusals, 0, (), str(error))
    try:
        lent = replay(messages, mechanism="pool", rules=form.rules, **keywords)
    except (ConfigError, MessageError) as error:
        raise ConfigError(f"{path.name}: {error}") from None
    pools, accounts = _by_row(lent.pool), _by_row(lent.accounts)
    found: list[Difference] = []
    compared = 0
    for step, state, result in zip(
        recording.steps, states, lent.results.to_dict("records"), strict=True
    ):
        found += _decision(form, step, result)
        ours = form.ours(pools[step.number], accounts[step.number])
        found += _numbers(form, step, state, ours)
        compared += len(state)
    return Outcome(
        path.name, form.rules, len(recording.steps), refusals, compared, tuple(found), None
    )


def _state(form: Format, recording: Recording, step: Step) -> Numbers:
    where = recording.where(step)
    state = form.recorded(where, step.state)
    fits(where, state, () if form.is_exact else aave.WIDE)
    return state


def _by_row(table: Any) -> dict[int, list[Any]]:
    rows: dict[int, list[Any]] = {}
    for each in table.to_dict("records"):
        rows.setdefault(each["row"], []).append(each)
    return rows


def _decision(form: Format, step: Step, ours: Any) -> list[Difference]:
    """Compare whether a step was done, why not, and what it returned."""
    recorded = "accepted" if step.is_done else step.reason
    decided = "accepted" if ours["accepted"] else ours["reason"]
    if recorded != decided and not _is_about_an_address(recorded, decided):
        return [Difference(step.number, step.action, "decision", recorded, decided, True)]
    theirs, result = form.results(step, ours)
    if not step.is_done or theirs == result:
        return []
    near = isinstance(theirs, int) and _is_near(form, step, theirs, result)
    return [Difference(step.number, step.action, "result", theirs, result, not near)]


def _is_about_an_address(recorded: str | None, decided: str) -> bool:
    """Tell whether a recorded reason only adds the addresses of contracts, which we have not."""
    return str(recorded).split("[0x")[0] == decided


def _numbers(form: Format, step: Step, state: Numbers, ours: Numbers) -> list[Difference]:
    return [
        Difference(
            step.number, step.action, key, value, ours.get(key),
            key not in ours or not _is_near(form, step, value, ours[key]),
        )
        for key, value in state.items()
        if ours.get(key) != value
    ]  # fmt: skip


def _is_near(form: Format, step: Step, recorded: int, ours: int) -> bool:
    """Tell whether K9 allows a difference."""
    units = step.number + 1
    distance = abs(recorded - ours)
    return not form.is_exact and (distance <= units or distance * RELATIVE <= recorded)
