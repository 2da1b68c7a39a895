"""Figures of a dataset, in one look: ``matplotlib.figure.Figure`` objects without pyplot.

from proteus import plots

plots.curves(ds, ["effective_spread", "price_rmse"], axis="delta")
plots.forest(ds, [plots.PROTECTION, "price_rmse"], baseline="clob")
plots.frontiers(ds, [(plots.DISCOVERY, plots.PROTECTION)])
plots.heat(ds, "maker_pnl_marked", x="delta", y="mechanism")
plots.save(figure, Path("figure.pdf"))
"""

from proteus.analysis.levels import Quantity
from proteus.plots.cells import distributions, forest, welfare
from proteus.plots.curves import curves, heat
from proteus.plots.ends import ends
from proteus.plots.lives import movers, survivors
from proteus.plots.style import save
from proteus.plots.terms import terms
from proteus.plots.trade_offs import frontiers

PROTECTION = Quantity("maker_adverse_selection", "maker_volume_lots")  # of makers, from others
DISCOVERY = Quantity("price_rmse")
SPEED = Quantity("taker_wait_filled")

__all__ = [
    "DISCOVERY",
    "PROTECTION",
    "SPEED",
    "Quantity",
    "curves",
    "distributions",
    "ends",
    "forest",
    "frontiers",
    "heat",
    "movers",
    "save",
    "survivors",
    "terms",
    "welfare",
]
