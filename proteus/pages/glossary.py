"""The words of a report that a newcomer may not know, each explained where it is first used."""

from __future__ import annotations

import html
import re
from typing import NamedTuple


class Term(NamedTuple):
    """A word, how it is found in a text, and what it means."""

    name: str
    pattern: str  # a regular expression, whatever its case
    meaning: str


TERMS = (
    Term("seed", r"\bseeds?\b",
         "one draw of news, arrivals and latencies; cells are compared on the same draws"),
    Term("cell", r"\bcells?\b", "one complete configuration, run once with every seed"),
    Term("lane", r"\blanes?\b", "one cell with one seed"),
    Term("adverse-selection loss", r"adverse-selection loss",
         "what makers lose because the fair value has moved beyond what they believed when they "
         "sent the quote"),
    Term("at 0 ms", r"\bat \d+ ms\b", "measured so long after the fill"),
    Term("95 % interval", r"95 % (t )?interval",
         "made by a rule that holds the true value in 95 of 100 such studies"),
    Term("Holm", r"\bHolm\b",
         "p values are adjusted for how many cells are judged: a single false finding among all "
         "has a chance of 5 % at most"),
    Term("budget", r"\bbudgets?\b", "what was declared that a better endpoint may cost"),
    Term("PnL", r"\bPnL\b",
         "profit and loss: cash and the lots held, at the fair value when trading ends (v_T)"),
    Term("sniper", r"\bsnipers?('|\b)", "a trader who takes quotes that news have made stale"),
    Term("spoofer", r"\bspoof(ers?|ing)\b",
         "a trader who shows a large order to move makers, trades with them and cancels it"),
    Term("noise", r"\bnoise\b", "traders who trade for reasons of their own, without a signal"),
    Term("informed", r"\binformed\b", "traders with a signal of the fair value"),
    Term("intent", r"\bintents?\b", "one wish to trade: a side, lots and a limit"),
    Term("fill probability", r"fill probability",
         "share of intents of which any lot is filled by tau, the longest wait that is measured"),
    Term("restricted mean wait", r"unfilled counts as|time to execution",
         "intents that never fill count as if they had waited until tau"),
    Term("execution error", r"execution error", "price paid beyond the fair value at the fill"),
    Term("slippage", r"\bslippage\b",
         "price paid beyond the public reference price just before the intent"),
    Term("quoted spread", r"quoted spread", "best ask less best bid, while both are there"),
    Term("effective spread", r"effective spread",
         "twice what takers pay beyond the public reference price just before the intent"),
    Term("realised spread", r"realised spread",
         "twice what makers keep of it against the reference price a while later"),
    Term("price impact", r"price impact",
         "how far a fill moves the reference price, twice: effective less realised spread"),
    Term("markout", r"\bmarkouts?\b", "what a fill is worth a while later"),
    Term("RMSE", r"\bRMSE\b",
         "root mean square error: how far the public price typically is from the fair value"),
    Term("mean of lanes", r"mean of lanes",
         "computed in each lane, then averaged; all other ratios are total over total"),
    Term("realised volatility", r"realised volatility",
         "size of the moves of the mid, per square root of a second"),
    Term("final", r"\b(is|are|became|not) final\b",
         "settled for good: a fill that can no longer fail or be taken back"),
    Term("fork", r"\bforks?\b", "a block after which those before it no longer count"),
    Term("oracle", r"\boracle\b", "what reads a price and reports it, a while later"),
    Term("drawdown", r"\bdrawdown\b", "largest fall from an earlier peak"),
    Term("Sharpe", r"\bsharpe\b", "mean gain over its standard deviation, per second"),
    Term("CVaR", r"\bCVaR\b", "mean of the worst outcomes: expected shortfall"),
    Term("half-life", r"half[- ]life", "time in which half of a shock is made good"),
    Term("exploratory", r"\bexploratory\b",
         "not what the study was declared to judge: a hint, no verdict"),
    Term("power 0.8", r"power 0\.8", "found in 80 of 100 such studies"),
)  # fmt: skip


class Glossary:
    """Which words a page has still to explain."""

    def __init__(self) -> None:
        """Start with all of them."""
        self._left = list(TERMS)

    def used(self, part: str) -> list[Term]:
        """Return the words not explained so far that a part of a page, as HTML, uses."""
        text = visible(part)
        return [term for term in self._left if re.search(term.pattern, text, re.IGNORECASE)]

    def first_used(self, part: str) -> list[Term]:
        """Return the same, after which they count as explained."""
        found = self.used(part)
        self._left = [term for term in self._left if term not in found]
        return found


def visible(part: str) -> str:
    """Return what a reader sees of HTML in one line, but for commands and configuration."""
    bare = re.sub(r"<style.*?</style>|<pre.*?</pre>|<[^>]*>", " ", part, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", bare))
