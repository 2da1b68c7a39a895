"""Faults of fitting a population to recorded orders."""

from tests.faults.fault import Fault

ESTIMATES, NEWS, RECORDED = "fit/estimates.py", "fit/news.py", "fit/recorded.py"

FIT = (
    Fault(
        "an order that was cut counts as large as what it took", ESTIMATES,
        "known = max(int((~is_cut).sum()), 1)", "known = len(lots)",
    ),
    Fault(
        "a lifetime is the mean of those that were seen to end", ESTIMATES,
        "mean = float(age_s.sum()) / ends", "mean = float(age_s[is_cancelled].sum()) / ends",
    ),
    Fault(
        "an order that traded was cancelled", RECORDED,
        "np.where(is_clear[end], False, lives.cause[at] == CANCELLED)",
        "np.where(is_clear[end], False, end != NO_ROW)",
    ),
    Fault(
        "who comes could trade with each side in all of the time", RECORDED,
        "is_open = (lives.bid != NO_LEVEL) * 0.5 + (lives.ask != NO_LEVEL) * 0.5",
        "is_open = (lives.bid != NO_LEVEL) * 1.0 + (lives.ask != NO_LEVEL) * 1.0",
    ),
    Fault(
        "an order to buy stands behind the other side of the reference", RECORDED,
        "np.where(side == BUY, twice[at] // 2 - price, price - -(-twice[at] // 2))",
        "np.where(side == BUY, price - twice[at] // 2, price - -(-twice[at] // 2))",
    ),
    Fault(
        "what a price does in a step grows with its length", NEWS,
        "volatility * np.sqrt(self._grid) * self._moves", "volatility * self._grid * self._moves",
    ),
    Fault(
        "jumps are seen wherever they are looked for", NEWS,
        "seen = still.fit.p < 0.05 and rate.value > 2 * rate.error", "seen = True",
    ),
    Fault(
        "the grid is twice as coarse as it says", NEWS,
        "max(int(grid_s * 1e9), 1)", "max(int(grid_s * 2e9), 1)",
    ),
    Fault(
        "moments of changes that overlap are independent", NEWS,
        "lags = max(2 * _WINDOW, round(count ** (1 / 3)))", "lags = 0",
    ),
    Fault(
        "one more piece of distances costs nothing", "fit/distances.py",
        "worth = best[steps] - (many - 1) * np.log(total)", "worth = best[steps]",
    ),
    Fault(
        "an order that is amended lives on from its beginning", "fit/following.py",
        "resting.since[at] = now\n", "resting.since[at] = resting.since[at]\n",
    ),
    Fault(
        "the population lives a thousand times too short", "fit/written.py",
        'f"    lifetime_ms: {1000 * mean.value:.6g}"', 'f"    lifetime_ms: {mean.value:.6g}"',
    ),
)  # fmt: skip
