"""What an experiment with rules writes: tables, sentences, and one page."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from proteus.analysis import precision, showing
from proteus.analysis.statistics.paired import LEVEL
from proteus.basics.versions import STAMP, csv_text
from proteus.configuration.study import LEAST_SEEDS
from proteus.pages import change as page
from proteus.pages.tables import Table
from proteus.plans import parity
from proteus.plots.changes import changes
from proteus.results import provenance
from proteus.results.agents import UID
from proteus.studies import ab_tables, folders
from proteus.studies.ab import AFTER, BEFORE, Experiment
from proteus.studies.ab_tables import CLASS_OR_ACCOUNT, SAME, Judged

PAGE, VERDICT, MANIFEST = "ab.html", "verdict.txt", "manifest.json"
NAMES = {
    "maker": "makers", "informed": "informed traders", "noise": "noise traders",
    "sniper": "snipers", "spoofer": "spoofers", "venue": "the venue",
    "network": "the network, in burned gas",
    "proposer": "proposers of blocks", "pool": "the pool of incentives", "stakes": "stakes",
    "lender": "lenders", "treasury": "the treasury",
    "lending": "the lending pool", "dust": "rounding",
}  # fmt: skip


class Written(NamedTuple):
    """An experiment as tables and words."""

    tables: dict[str, pd.DataFrame]  # file name without its ending to table
    sentences: list[str]


def write(experiment: Experiment) -> Written:
    """Write all files of an experiment; returns its tables and sentences.

    Raises
        ResultsError: they cannot be written.
    """
    one = ab_tables.judged(experiment)
    tables = {
        "who": ab_tables.who(experiment), "paid": ab_tables.paid(experiment),
        "terms": ab_tables.terms(experiment), "risk": ab_tables.risk(experiment),
        "measures": ab_tables.measured(experiment),
    }  # fmt: skip
    if len(experiment.sides) > 2:
        tables["attribution"] = ab_tables.attribution(experiment)
    said = sentences(experiment, one, tables)
    for name, table in tables.items():
        folders.write_text(experiment.folder / f"{name}.csv", csv_text(table))
    folders.write_text(experiment.folder / VERDICT, "\n".join([*said, STAMP]) + "\n")
    folders.write_text(experiment.folder / MANIFEST, _manifest(experiment))
    folders.write_text(experiment.folder / PAGE, _page(experiment, said, tables))
    return Written(tables, said)


def sentences(
    experiment: Experiment, one: Judged | None, tables: dict[str, pd.DataFrame]
) -> list[str]:
    """Word the verdict: the endpoint, who gains and pays, how sure, and which change does it."""
    if experiment.refused:
        return [f"No verdict: {experiment.refused}."]
    said = [_effect(experiment, one), _moved(tables["who"])]
    said += [_precision(experiment, one), _few(one)]
    if "attribution" in tables:
        said.append(_split(experiment, tables["attribution"]))
    return [sentence for sentence in said if sentence]


def _effect(experiment: Experiment, one: Judged | None) -> str:
    after = " and ".join(experiment.changes)
    if one is None:
        name = experiment.declared.variable
        return f"With {after}: no side is judged, since {name} is not measured on both."
    if ab_tables.is_identical(one):
        return f"With {after} {one.name} is the same in all {one.found.n[0]} seeds."
    if why := ab_tables.why_untested(one):
        return f"With {after}: no side is judged, since {one.name} cannot be compared: {why}."
    shown = showing.shown(
        experiment.declared.variable, one.found.difference[0], one.found.low[0], one.found.high[0]
    )
    side = "higher" if shown.value > 0 else "lower"
    measured = (
        f"95 % interval {shown.low:.4g} to {shown.high:.4g}, "
        f"p {showing.p_text(float(one.found.p[0]))}, {one.found.n[0]} seeds)"
    )
    size = f"{abs(shown.value):.4g} {one.unit}"
    text = f"With {after} {one.name} is {size} {side} ({measured}, which is {one.outcome}"
    if one.outcome == SAME:
        text = f"With {after} {one.name} is {SAME} ({shown.value:+.4g} {one.unit}, {measured}"
    return f"{text}; {one.binding}." if one.binding else f"{text}."


def _moved(who: pd.DataFrame) -> str:
    """Say who is shown to gain and who to pay, per lane, after Holm's adjustment."""
    rows = who[(who["kind"] == CLASS_OR_ACCOUNT) & (who["p_adjusted"] < 1 - LEVEL)]
    gain, pay = (rows[rows["change"] > 0], rows[rows["change"] < 0])
    if rows.empty:
        return (
            "Nobody is shown to gain or to pay: Holm's adjustment over all parties asks for more "
            "than an interval of one party that leaves out zero."
        )
    said = [
        _listed(part.sort_values("change", key=abs, ascending=False)) if len(part)
        else "nobody is shown to" for part in (gain, pay)
    ]  # fmt: skip
    return (
        f"Gain: {said[0]}; pay: {said[1]}. Currency per lane, each with its own 95 % interval; "
        "who is named has p below 0.05 by Holm's adjustment over all parties."
    )


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{NAMES.get(str(row['name']), str(row['name']))} {row['change']:+.4g} "
        f"({row['low']:.4g} to {row['high']:.4g})"
        for row in rows.to_dict("records")
    )


def _few(one: Judged | None) -> str:
    """Warn of intervals that rest on too few seeds to be what they say."""
    if one is None or ab_tables.is_identical(one) or not 1 < one.found.n[0] < LEAST_SEEDS:
        return ""
    return (
        f"These are {one.found.n[0]} seeds: with fewer than {LEAST_SEEDS} a standard deviation "
        "says little, so trust no interval or p here."
    )


def _precision(experiment: Experiment, one: Judged | None) -> str:
    """Say whether the interval is as narrow as was asked for, or what could have been found."""
    if experiment.precision["rule"] != "fixed":
        return _ended(experiment.precision)
    if one is None or ab_tables.is_identical(one) or ab_tables.why_untested(one):
        return ""
    wanted = experiment.half_width
    half = f"That interval of {one.name} has a half-width of {one.half_width:.3g} {one.unit}"
    if wanted is None:
        if one.outcome != SAME or math.isnan(one.detectable):
            return ""
        return f"{half}; a change by {one.detectable:.3g} would be found with power 0.8."
    if one.half_width <= wanted:
        return f"{half}, within the {wanted:g} that was asked for."
    seeds = ab_tables.seeds_wanted(one, wanted)
    return f"{half}, and {wanted:g} was asked for: about seeds.count={seeds} would do."


def _ended(record: dict[str, Any]) -> str:
    """Say why no more seeds were run; of looks that did not do, how many seeds would."""
    text = precision.words(record)
    text = f"{text[:1].upper()}{text[1:]}"
    last = record["looks"][-1] if record["ended"] == precision.SPENT and "looks" in record else {}
    if not (last.get("half_width") and last["wanted"] > 0):
        return f"{text}."
    seeds = math.ceil(record["seeds"] * (last["half_width"] / last["wanted"]) ** 2)
    return f"{text}; about seeds.count={seeds} would do."


def _split(experiment: Experiment, attribution: pd.DataFrame) -> str:
    """Say what each of several changes does to the endpoint; without one, to the first party."""
    of = str(attribution["of"].iloc[0])
    variable = experiment.declared.variable if of == ab_tables.ENDPOINT else ""
    shares = [
        (row["change"], showing.shown(variable, row["value"], row["low"], row["high"]))
        for row in attribution[attribution["of"] == of].to_dict("records")
    ]
    parts = "; ".join(
        f"{change} by {shown.value:+.4g} ({shown.low:.4g} to {shown.high:.4g})"
        for change, shown in shares
    )
    whole = "the endpoint" if variable else NAMES.get(of, of)
    return f"Of the change of {whole}, with 95 % intervals: {parts}."


def _manifest(experiment: Experiment) -> str:
    """Return what was run: words, configurations, hashes."""
    sides = {
        " ".join("1" if at else "0" for at in chosen): {
            "words": side.words, "config_hash": side.plan.config_hash,
            "cell": parity.tree(side.plan.cells[0]),
            "policies": side.plan.cells[0].incentives.versions,
        }
        for chosen, side in experiment.sides.items()
    }  # fmt: skip
    content = {
        "command": _command(experiment), "changes": experiment.changes, "sides": sides,
        "seeds": experiment.before.plan.settings.seeds.model_dump(),
        "precision": experiment.precision,
        "kernel_hash": experiment.before.data.attrs["kernel_hash"],
        "code_hash": provenance.code_hash(), "git": provenance.git_sha(),
        "versions": provenance.versions(), "schema": STAMP,
    }  # fmt: skip
    return json.dumps(content, indent=2, default=list) + "\n"


def _command(experiment: Experiment) -> str:
    words = ["python", "-m", "proteus.ab", *experiment.words]
    if len(experiment.sides) > 2:
        words.append("--attribute")
    if experiment.half_width is not None:
        words += ["--half-width", f"{experiment.half_width:g}"]
    return shlex.join(words)


def _page(experiment: Experiment, said: Sequence[str], tables: dict[str, pd.DataFrame]) -> str:
    figure = changes(tables["who"], tables["terms"], NAMES)
    sections = [
        page.Part(
            "who", "Who gains, who pays",
            "Mean change of PnL, currency per lane, with its 95 % interval, paired by seed. Each "
            "interval is of one party alone; p is adjusted for how many there are (Holm; of groups "
            "and traders Benjamini-Hochberg), and who is said to gain or pay has p below 0.05. "
            "The changes of all parties sum to zero in every seed. Left: each party; right: what "
            "the change of each class comes from, the terms of the table further below.",
            figure, _who(tables["who"], is_party=True), _who(tables["who"], is_party=False),
        ),
        page.Part(
            "paid", "Who pays whom",
            f"Net payments between parties, currency per lane, over the first {_looked(experiment)}"
            " seeds: a fill moves price less the fair value at the end from its buyer to its "
            "seller; in a clear all who buy trade with all who sell, in proportion; entries say "
            "their payer. Below 0 it is paid the other way round. What a party receives less what "
            "it pays is its PnL.",
            None, _numbers(tables["paid"], ["payer", "receiver"]),
        ),
        page.Part(
            "terms", "What it comes from",
            "Terms of the PnL of each class and trader, currency per lane; in every seed they sum "
            "to it, to 1e-9. With v the fair value and m the public mid: spread captured, of "
            "makers, by how much a fill is better than m; adverse selection, by how much v is then "
            "beyond m against them; fills, of others and of single traders, both together; drift, "
            "moves of v while lots are held; all else is entries of the ledger.",
            None, _terms(tables["terms"], is_party=True), _terms(tables["terms"], is_party=False),
        ),
        page.Part(
            "risk", "Risk",
            "Currency per lane. Expected shortfall: the mean of the worst 5 % of the lanes, with a "
            "bootstrap interval of its change; drawdown: the makers' largest, a mean over lanes. "
            "Each interval is 95 %, of one row alone.",
            None, _numbers(tables["risk"], ["measure", "name"]),
        ),
    ]  # fmt: skip
    if "attribution" in tables:
        about = (
            "Shapley shares: what a change adds, averaged over all orders in which the changes "
            "could be made. They sum to the whole change, in every seed."
        )
        table = _numbers(tables["attribution"], ["change", "of"])
        sections.append(page.Part("attribution", "Which change does it", about, None, table))
    facts = _facts(experiment)
    return page.change_page(" and ".join(experiment.changes), said, sections, facts)


def _looked(experiment: Experiment) -> int:
    """Return over how many seeds every fill is looked at."""
    return min(experiment.before.data.sizes["seed"], ab_tables.RECORDED)


def _who(who: pd.DataFrame, is_party: bool) -> Table:
    """Lay out the parties, or the groups and traders that they are made of."""
    numbers = (BEFORE, AFTER, "change", "95 % interval", "p adjusted")
    heads = ("party", *numbers) if is_party else ("", "name", UID, *numbers)
    rows = [
        (
            *([] if is_party else [str(row["kind"])]),
            NAMES.get(str(row["name"]), str(row["name"])),
            *([] if is_party else ["" if row[UID] is pd.NA else str(row[UID])]),
            f"{row[BEFORE]:.4g}", f"{row[AFTER]:.4g}", f"{row['change']:+.4g}",
            f"{row['low']:.4g} to {row['high']:.4g}",
            "" if row["p_adjusted"] != row["p_adjusted"] else showing.p_alone(row["p_adjusted"]),
        )
        for row in who[(who["kind"] == CLASS_OR_ACCOUNT) == is_party].to_dict("records")
    ]  # fmt: skip
    return Table(heads, rows, words=1 if is_party else 3)


def _terms(terms: pd.DataFrame, is_party: bool) -> Table:
    rows = terms[(terms["kind"] == CLASS_OR_ACCOUNT) == is_party].drop(columns=["kind", UID])
    return _numbers(rows, ["name", "term"])


def _numbers(table: pd.DataFrame, words: Sequence[str]) -> Table:
    """Lay out a table of words and numbers, the interval in one column."""
    numbers = [str(name) for name in table if name not in (*words, "low", "high")]
    heads = (*(word.replace("_", " ") for word in words), *numbers, "95 % interval")
    rows = [
        (
            *(NAMES.get(str(row[word]), str(row[word])) for word in words),
            *(f"{row[name]:.4g}" for name in numbers), f"{row['low']:.4g} to {row['high']:.4g}",
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    return Table(heads, rows, words=len(words))


def _facts(experiment: Experiment) -> Table:
    """Return what both sides are, for whoever wants to check."""
    before, after = experiment.before, experiment.after
    seeds = before.plan.settings.seeds
    differing = parity.differences(
        parity.tree(before.plan.cells[0]), parity.tree(after.plan.cells[0]), ()
    )
    rows = [
        *(
            ("changed", f"{key}: {_short(left)} -> {_short(right)}")
            for key, left, right in differing
        ),
        ("seeds", f"{seeds.count} of root {seeds.root}, from {seeds.first}, on both sides"),
        ("configuration before", before.plan.config_hash),
        ("configuration after", after.plan.config_hash),
        *(
            (f"policies {name}", ", ".join(f"{key} {version}" for key, version in versions.items()))
            for name, side in ((BEFORE, before), (AFTER, after))
            if (versions := side.plan.cells[0].incentives.versions)
        ),
        ("kernels", str(before.data.attrs["kernel_hash"])),
        ("code", provenance.code_hash()), ("git", provenance.git_sha()),
        ("command", _command(experiment)),
    ]  # fmt: skip
    return Table(("", ""), rows, words=2)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) < 120 else f"{text[:117]}..."
