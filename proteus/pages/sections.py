"""Which figures a report shows of a bundle, in their order and with their captions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import xarray as xr
from matplotlib.figure import Figure

from proteus import plots
from proteus.analysis import endpoint as endpoints
from proteus.analysis import showing
from proteus.analysis.contrasts import exploratory, paired
from proteus.analysis.levels import Quantity, levels, why_none
from proteus.analysis.lives import at_stake, lives
from proteus.analysis.measures import swept
from proteus.configuration.lab import PARTS
from proteus.pages.bundle import Bundle
from proteus.plots.cells import MOST_ROWS, cells_of
from proteus.plots.curves import MOST_LINES, axis_label
from proteus.plots.ends import ENDS
from proteus.plots.style import axis_name, axis_title
from proteus.plots.terms import TERMS
from proteus.plots.trade_offs import along
from proteus.results.coordinates import key_head

_MAIN = (
    plots.PROTECTION,
    Quantity("quoted_spread"),
    Quantity("effective_spread"),
    plots.DISCOVERY,
    plots.SPEED,
    Quantity("taker_fill_probability"),
    Quantity("maker_pnl_marked"),
    Quantity("realised_volatility"),
)
_RULES = (
    Quantity("time_to_finality"),
    Quantity("pending_value_mean"),
    Quantity("reverted_share"),
    Quantity("settlement_fails"),
    Quantity("block_wait"),
    Quantity("reordered_share"),
    Quantity("messages_stuck"),
    Quantity("oracle_error_rmse"),
    Quantity("oracle_reports"),
)
_CREDIT = (  # leverage and liquidation
    Quantity("leverage_mean"),
    Quantity("health_least"),
    Quantity("utilisation"),
    Quantity("borrow_rate"),
    Quantity("interest_paid"),
    Quantity("liquidations"),
    Quantity("liquidated_value"),
    Quantity("cascade_size"),
    Quantity("cascade_lots"),
    Quantity("bad_debt"),
    Quantity("bad_debt_rest", "credit_lent"),
    Quantity("lender_loss"),
    Quantity("liquidator_pnl"),
    Quantity("payoff_shortfall"),
)
_DISTRIBUTED = ("maker_pnl_marked", "maker_max_drawdown", "price_rmse", "taker_wait_filled")
_TRADE_OFFS = (
    ("protection-discovery", plots.DISCOVERY, plots.PROTECTION),
    ("protection-speed", plots.SPEED, plots.PROTECTION),
)
_MOST_PANELS = 4  # values of a second key that have a panel each
_POINT = "point"  # a design's numbered points are no axis


class Drawn(NamedTuple):
    """A figure of a report."""

    name: str  # unique, and the name of its file
    title: str  # read aloud, and the alternative text
    figure: Figure


class Section(NamedTuple):
    """Figures that belong together."""

    name: str
    title: str
    caption: str
    drawn: list[Drawn]
    left_out: Sequence[str] = ()  # sentences: what is not drawn, and why


def sections(one: Bundle) -> list[Section]:
    """Draw everything that a bundle has values for."""
    made = [_primary(one), *_survival(one), _parts(one), *_curves(one), _contrasts(one)]
    made += [_frontiers(one), _distributions(one), _welfare(one), _terms(one), _ends(one)]
    return [section for section in made if section is not None and section.drawn]


def main_quantities(dataset: xr.Dataset) -> list[Quantity]:
    """Return the quantities that a report is about, as far as the dataset has them."""
    return [
        one for one in _MAIN if one.variable in dataset and (one.per or one.variable) in dataset
    ]


def rule_quantities(dataset: xr.Dataset) -> list[Quantity]:
    """Return what settlement and environment did, as far as anything of it happened."""
    return [one for one in _RULES if _happened(dataset, one)]


def credit_quantities(dataset: xr.Dataset) -> list[Quantity]:
    """Return how much was owed and what was liquidated, as far as anything of it happened."""
    return [one for one in _CREDIT if _happened(dataset, one)]


def _happened(dataset: xr.Dataset, one: Quantity) -> bool:
    return one.variable in dataset and bool((dataset[one.variable].fillna(0) != 0).any())


def endpoint_quantity(one: Bundle) -> Quantity | None:
    """Return the declared endpoint; None where nothing is compared."""
    if one.declared is None or not one.is_comparison:
        return None
    return Quantity(one.declared.variable, one.declared.per or "", one.declared.horizon_ms)


def _primary(one: Bundle) -> Section | None:
    shown = endpoint_quantity(one)
    if shown is None or one.declared is None:
        return None
    name = one.declared.baseline
    better = showing.better(one.declared.variable, one.declared.better)
    measure = endpoints.primary(one.dataset, one.declared)
    caption = (
        f"The endpoint that was declared before the run: {showing.called(measure, one.dataset)} "
        f"({showing.estimand_text(measure)}) against {name}, paired by seed, with 95 % "
        f"t intervals; {better} is better. An interval that holds zero shows no difference."
    )
    pairs = itertools.islice(paired(one.dataset, name, one.dataset[["violation"]]), MOST_ROWS)
    for reason in dict.fromkeys(exploratory(pair) for pair in pairs):
        caption += f" Exploratory, with a hollow mark: {reason}." if reason else ""
    figure = plots.forest(one.dataset, [shown], name)
    drawn = [Drawn("primary", f"contrasts of {shown.variable} with {name}", figure)]
    return Section("primary", "Primary endpoint", caption, drawn)


def _survival(one: Bundle) -> Iterator[Section]:
    """Draw who lasts, and who moves, where lanes are of episodes: of each group with capital."""
    if one.days is None:
        return
    for group in at_stake(one.days):
        caption = (
            f"Agents of group {group} that still trade in each episode, by Kaplan and Meier; bands "
            "are 95 % t intervals over seeds, as agents of one seed meet the same news; one "
            "without width says that no seed differs, not that none ever would. Matrices: the "
            "share of agents of a class of wealth (rank at the end of an episode among all seeds) "
            "that is in each class after the next; ties keep their order; Shorrocks' mobility is "
            "0 where nobody moves and 1 for a lottery."
        )
        drawn = []
        if len(list(lives(one.days, group))) <= MOST_LINES:
            title = f"share of agents of group {group} that still trade, by episode"
            drawn.append(Drawn(f"survival-{group}", title, plots.survivors(one.days, group)))
        title = f"moves of agents of group {group} between classes of wealth"
        drawn.append(Drawn(f"moves-{group}", title, plots.movers(one.days, group)))
        yield Section(f"survival-{group}", f"Survival of group {group}", caption, drawn)


def _parts(one: Bundle) -> Section | None:
    """Draw the endpoint over two parts of makers, a figure for each mechanism."""
    dataset = one.dataset
    x, y = next(
        (pair for pair in itertools.combinations(PARTS, 2) if {*pair} <= {*swept(dataset)}),
        (None, None),
    )
    if one.declared is None or x is None or y is None:
        return None
    shown = Quantity(one.declared.variable, one.declared.per or "", one.declared.horizon_ms)
    others = [key for key in swept(dataset) if key not in (x, y) and dataset.sizes[key] > 1]
    if {*others} > {"mechanism"} or min(dataset.sizes[x], dataset.sizes[y]) < 2:
        return None
    at = [{"mechanism": name} for name in dataset["mechanism"].values] if others else [{}]
    value = levels(dataset, shown)["value"]
    scale = float(value.min()), float(value.max())
    drawn = [
        Drawn("-".join(["parts", *labels.values()]), f"{shown.title(dataset)} by {x} and {y}",
              plots.heat(dataset, shown, x, y, labels, scale))
        for labels in at
    ]  # fmt: skip
    caption = (
        f"Levels by {x} and {y} of makers, with half-widths of 95 % intervals: fields whose "
        "intervals overlap may differ all the same, as cells are paired by seed: contrasts say so. "
        "Maps share one scale of colours."
    )
    return Section("parts", "Parts of makers", caption, drawn)


def _curves(one: Bundle) -> Iterator[Section]:
    """Draw the levels along every swept number."""
    dataset = one.dataset
    axes = [
        axis for axis in swept(dataset)
        if dataset.sizes[axis] > 1 and axis != _POINT and dataset[axis].dtype.kind in "iuf"
    ]  # fmt: skip
    of_rules, of_credit = rule_quantities(dataset), credit_quantities(dataset)
    for axis in axes:
        yield _along(dataset, axis, "curves", "Curves", main_quantities(dataset))
        if of_rules:
            yield _along(dataset, axis, "rules", "Settlement and environment", of_rules)
        if of_credit:
            yield _along(dataset, axis, "credit", "Leverage and liquidation", of_credit)


def _along(
    dataset: xr.Dataset, axis: str, name: str, title: str, listed: Sequence[Quantity]
) -> Section:
    """Draw the levels along one swept number; a second key has a panel for each of its values."""
    others = [
        name for name in swept(dataset)
        if name not in (axis, "mechanism", _POINT) and dataset.sizes[name] > 1
    ]  # fmt: skip
    across = next((name for name in others if dataset.sizes[name] <= _MOST_PANELS), None)
    lines, held, kept = dataset.sizes["mechanism"], [], dataset
    for other in others:
        if other == across:
            continue
        if lines * dataset.sizes[other] > MOST_LINES:
            kept = kept.isel({other: [0]})
            held.append(axis_label(dataset, other, 0))
        else:
            lines *= dataset.sizes[other]
    caption = f"Levels along {axis_title(dataset, axis)}; bands are 95 % t intervals."
    if across is not None:
        caption += f" Each panel is a value of {key_head(across)}."
    if held:
        caption += f" Only {', '.join(held)} is shown; results.nc has the rest."
    shown, left_out = _with_values(dataset, listed)
    drawn = [
        Drawn(f"curve-{axis}-{each.variable}", f"{each.title(dataset)} along {axis}",
              plots.curves(kept, [each], axis, across))
        for each in shown
    ]  # fmt: skip
    return Section(
        f"{name}-{axis}", f"{title} over {axis_name(dataset, axis)}", caption, drawn, left_out
    )


def _with_values(
    dataset: xr.Dataset, listed: Sequence[Quantity]
) -> tuple[list[Quantity], list[str]]:
    """Keep what has a value in some cell; say of the others why they have none."""
    shown, left_out = [], []
    for each in listed:
        if bool(levels(dataset, each)["value"].notnull().any()):
            shown.append(each)
        else:
            reason = why_none(dataset, each.variable)
            left_out.append(f"Not drawn: {each.title(dataset)} ({reason}).")
    return shown, left_out


def _contrasts(one: Bundle) -> Section | None:
    if one.declared is None or not one.is_comparison:
        return None
    name = one.declared.baseline
    first = endpoint_quantity(one)
    listed = [other for other in main_quantities(one.dataset) if not _same(other, first)]
    is_treated = one.dataset["mechanism"] != name
    shown, left_out = _with_values(one.dataset.isel(mechanism=is_treated.to_numpy()), listed)
    caption = (
        f"Each cell against {name}, paired by seed, with 95 % t intervals, not adjusted. All but "
        "the primary endpoint is exploratory."
    )
    drawn = _each(shown, one.dataset, "contrast", f"contrasts with {name}", baseline=name)
    return Section("contrasts", "Contrasts", caption, drawn, left_out)


def _same(one: Quantity, other: Quantity | None) -> bool:
    return other is not None and one[:2] == other[:2]


def _each(
    shown: Sequence[Quantity], dataset: xr.Dataset, name: str, title: str, baseline: str
) -> list[Drawn]:
    return [
        Drawn(f"{name}-{one.variable}", f"{one.title(dataset)}: {title}",
              plots.forest(dataset, [one], baseline))
        for one in shown
    ]  # fmt: skip


def _frontiers(one: Bundle) -> Section | None:
    listed, left_out = _with_values(one.dataset, main_quantities(one.dataset))
    known = set(listed)
    key = along(cells_of(one.dataset))
    drawn = [
        Drawn(f"frontier-{name}", f"trade-off: {name.replace('-', ' against ')}",
              plots.frontiers(one.dataset, [(x, y)]))
        for name, x, y in _TRADE_OFFS
        if x in known and y in known
    ]  # fmt: skip
    caption = (
        "Adverse-selection loss of makers (lower is better) against price discovery and against "
        "speed (both: further left is better), so down and left is better. Bars are 95 % t "
        "intervals"
    )
    caption += f"; numbers are {key_head(key)}." if key else "."
    return Section("frontiers", "Frontiers", caption, drawn, left_out)


def _distributions(one: Bundle) -> Section | None:
    shown = [name for name in _DISTRIBUTED if name in one.dataset]
    seeds = one.dataset.sizes["seed"]
    caption = (
        "Over seeds: the box is the middle half with the median, whiskers reach from the 5 % to "
        "the 95 % quantile; the dot is the estimate of the tables, where ratios are total over "
        "total."
    )
    if seeds < 1000:
        caption += f" Read nothing into the tails of fewer than 1,000 seeds, here {seeds}."
    drawn = [
        Drawn(f"distribution-{name}", f"distribution of {name} over seeds",
              plots.distributions(one.dataset, [name]))
        for name in shown
    ]  # fmt: skip
    return Section("distributions", "Distributions", caption, drawn)


def _welfare(one: Bundle) -> Section | None:
    if "pnl_maker" not in one.dataset:
        return None
    caption = "Who wins what from whom, with 95 % t intervals; the bars of a cell sum to 0."
    drawn = [Drawn("welfare", "mean PnL by class and cell", plots.welfare(one.dataset))]
    return Section("welfare", "Welfare split", caption, drawn)


def _terms(one: Bundle) -> Section | None:
    if TERMS not in one.dataset:
        return None
    caption = (
        "Who pays what to whom: mean PnL of each class by what it comes from. Bars are gross, "
        "gains to the right and losses to the left; the mark is the net, which is their sum. "
        "Fills are what trades earned against the fair value then, drift what it moved while "
        "lots were held."
    )
    drawn = [Drawn("terms", "mean PnL by class, cell and term", plots.terms(one.dataset))]
    return Section("terms", "What is won and paid", caption, drawn)


def _ends(one: Bundle) -> Section | None:
    if ENDS not in one.dataset or not bool(one.dataset[ENDS].notnull().any()):
        return None
    caption = (
        "What became of what takers wanted to trade, by class: a share of their intents, which sum "
        "to one. Filled means any lot of it was; self trade that two orders of one account met; "
        "priced out that it had to trade at once, and nothing was inside its limit."
    )
    drawn = [Drawn("ends", "share of intents by how they ended", plots.ends(one.dataset))]
    return Section("ends", "How intents end", caption, drawn)
