"""The page of all measured variables: ``make docs`` writes it to ``docs/metrics.md``.

A test checks that the file is up to date.
"""

from __future__ import annotations

from proteus.market.variables import variables_of
from proteus.market.variables.base import (
    CREDIT,
    EPISODE,
    GROUP,
    LOTS_END,
    REASON,
    TERM,
    TRADER,
    Variable,
    long_name_of,
)
from proteus.market.variables.dimensions import ABSENT, OPTIONAL_DIMENSIONS
from proteus.market.variables.sources import SOURCES

_HEAD = """# Measured variables

Written by `make docs` from the registry, `proteus/variables/`. Every variable has the dims of the
sweep, `seed`, and those named here: `horizon` (time after a fill, `metrics.horizons_ms`), `elapsed`
(time since an intent, `metrics.elapsed_ms`), `trader_class` (maker, informed, noise, sniper, and
spoofer where some cell has one), `quote_rank` (of a quote for a request, the accepted one first:
1), `intent_end` (how an intent ended), `group` (of the population, whatever the class of its
traders); with `record.per_trader=true` also `trader`; `reason` (of a cut: constraint, `no_gas`,
`no_funds`) where some cell has rules; `lots_end` (what became of lots) where some cell has a
spoofer; `docs/dataset.md` has the whole layout. A value that does not exist is NaN, never zero; the
variable's attributes count why (`missing_<reason>`), and `missing_violation` counts lanes that
broke an invariant: there `violation` is the code of the reason, else 0.

Notation: a fill has q lots (bought: q > 0) at price P at time t; d = +1 bought, -1 sold; m is the
maker's belief when it sent the filled quote (makers), or the public reference price just before
the intent (takers); v is the fair value; X the payoff, v_T where positions go on; T the end of
trading. The reference price is
the mid of the published two-sided book, else the last public trade or clear, else p0; what the
leakage table hides, or shows to parties only, is not public (`docs/leakage.md`). Spread, depth and
mid are those of the book, shown or not. The first `record.warmup_s` seconds are left out of market
quality, never of PnL, markouts or execution. p0 is `contract.initial_probability`, from one tick to
one tick below 1.

At one instant news come first, then blocks and reports, settlement, what policies do, the samples
of equity and mid, a clear, and messages; what ends with trading (cause -2) counts at T. What is
taken at t + h is what holds after all that happens then, and v in an amount is to the nearest
nano-currency. In a clear the lots of one side of an auction met each class of the other side in
proportion to the lots of that class in it. The book is what rests after a message (`clob`), or
after a clear; that of makers alone under `dual_flow`. A latency is base (`constant`), base + U, U
uniform on 0 .. spread (`uniform`), base + E, E of an exponential law with mean spread
(`shifted_exponential`), or base + spread exp(shape z), z standard normal (`lognormal`), and at
least 1 ns.

Every variable can be computed from `events.parquet`, `fills.parquet`, `ledger.parquet`,
`environment.parquet` and the traces of a lane (`docs/events.md`), and a test does so; only v after
T is in no file, nor, under policies that charge for absence, who was there at addressed instants.
There m of a maker is the `value_nano` of the order or quote that filled, the reference before an
intent is half of its `reference_half_ticks`, and an intent has the `order_id` of its order or
request. Cash and lots of PnL are the entries of `ledger.parquet` but those of the codes `endow`,
`fund`, `stake` and `unstake`, and up to T of `payoff`; who receives has more, who gives less. A
fill is pending from its `settlement_pending` row to its `settlement_final` or
`settlement_reverted` one, or to the `settlement_failed` one with the reason `closed_out`.

What always holds: effective = realised + impact, fill by fill; maker PnL marked = spread captured
+ adverse selection at h = 0 + drift after the fills + what rules add (the further labels of
`pnl_by_term`), in whole nano-currency; all `pnl_*` of classes and accounts sum to zero; lots
bought = lots sold. v is a martingale, so the mean of
`maker_markout` is the same at every horizon; the curve that carries information is
`maker_markout_public`.
"""

_CLASSIC = {
    "maker PnL": ("maker_pnl_settled", "maker_pnl_marked"),
    "Sharpe ratio": ("maker_sharpe",),
    "drawdown": ("maker_max_drawdown",),
    "inventory variance": ("maker_inventory_variance", "maker_inventory_square"),
    "inventory limit": ("maker_inventory_most",),
    "adverse-selection loss": ("maker_adverse_selection", "maker_adverse_selection_by_class"),
    "execution error": ("taker_execution_error",),
    "slippage": ("taker_slippage",),
    "fill probability": ("taker_fill_probability", "taker_fill_incidence"),
    "time to execution": (
        "taker_unfilled_share",
        "taker_wait_filled",
        "taker_wait_filled_median",
        "taker_wait_marketable",
        "taker_end_share",
        "taker_time_to_execution",
        "taker_end_incidence",
    ),
    "taker surplus": ("pnl_noise", "pnl_informed", "pnl_sniper"),
    "price RMSE": ("price_rmse",),
    "spread": ("quoted_spread", "effective_spread", "realised_spread", "price_impact"),
    "depth": ("depth_best", "depth_near"),
    "realised volatility": ("realised_volatility", "volatility_ratio"),
    "shock-resilience half-life": ("shock_half_life",),
    "latency arbitrage": ("pnl_sniper", "sniper_race_share"),
    "requests for quotes": ("rfq_response_rate", "rfq_win_rate", "rfq_cover_gap"),
    "welfare": ("pnl_noise", "pnl_informed", "pnl_maker", "pnl_sniper", "pnl_venue"),
}


def page() -> str:
    """Return the page in Markdown.

    Raises
        KeyError: the classic list names a variable that is not declared.
    """
    listed = [  # the dim that all of them may have is none of theirs
        variable._replace(dims=tuple(dim for dim in variable.dims if dim != EPISODE))
        for variable in variables_of(OPTIONAL_DIMENSIONS)
    ]
    known = {variable.name: variable for variable in listed}
    classic = "\n".join(
        f"| {idea} | {', '.join(f'`{known[name].name}`' for name in names)} |"
        for idea, names in _CLASSIC.items()
    )
    parts = [
        _HEAD,
        "## The classic list\n",
        "| idea | our names |\n| --- | --- |",
        classic + "\n",
        "## All variables\n",
        "\n".join(_entry(variable) for variable in listed),
        "## Sources\n",
        "\n".join(f"- {name}: {where}" for name, where in SOURCES.items()) + "\n",
    ]
    return "\n".join(parts)


def _entry(variable: Variable) -> str:
    name = long_name_of(variable, ())
    dims = f" by {', '.join(variable.dims)}" if variable.dims else ""
    lines = [
        f"### `{variable.name}`{dims}\n",
        f"{name[0].upper()}{name[1:]}, in {_unit(variable)}.",
        f"{_sentence(variable.sign)}\n",
        f"- Formula: {variable.formula}",
        f"- Source: {variable.source}",
    ]
    if TRADER in variable.dims:
        lines.append("- Measured with `record.per_trader=true`")
    if {TERM, REASON} & {*variable.dims, variable.needs}:
        lines.append("- Measured in sweeps in which some cell has capital or other rules")
    if CREDIT in {*variable.dims, variable.needs}:
        lines.append("- Measured in sweeps in which some cell has credit")
    if LOTS_END in (*variable.dims, variable.needs):
        lines.append("- Measured in sweeps in which some cell has a spoofer")
    if variable.needs == EPISODE:
        lines.append("- Measured where lanes are of episodes")
    if variable.missing:
        lines.append(f"- NaN: {variable.missing.replace('_', ' ')} (`missing_{variable.missing}`)")
    for dim in variable.dims:
        if dim in (GROUP, TRADER):
            lines.append(f"- NaN: in cells without that {dim} (`missing_{ABSENT}`)")
    return "\n".join(lines) + "\n"


def _unit(variable: Variable) -> str:
    return "pure numbers" if variable.unit == "1" else f"`{variable.unit}`"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""


def main() -> None:
    """Print the page."""
    print(page(), end="")


if __name__ == "__main__":
    main()
