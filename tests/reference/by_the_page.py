"""Every variable of docs/metrics.md from what a run recorded, by the text of that page alone.

NumPy and pandas, and nothing of the engine: events, fills and traces of one lane come in, numbers
come out, NaN where a file lacks what is needed.
"""

from tests.reference.page_data import Recorded as Recorded
from tests.reference.page_market import pnl, quality, risk
from tests.reference.page_requests import requests
from tests.reference.page_rules import (
    amounts,
    costs,
    cuts,
    environment,
    policies,
    settlement,
)
from tests.reference.page_trades import intents, makers, paid, spreads


def everything(lane):
    """Return every variable by name; without rules those that need some are left out."""
    parts = [pnl, risk, quality, makers, spreads, paid, intents, requests]
    if lane.rules:
        parts += [amounts, costs, cuts, settlement, policies, environment]
    return {name: value for part in parts for name, value in part(lane).items()}
