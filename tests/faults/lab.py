"""Faults of the laboratory of makers."""

from tests.faults.fault import Fault

FILTERS, QUOTING = "market/makers/filters", "market/makers/quoting"
INTENSITY, TABLE = "market/makers/intensity.py", "market/makers/quoting/table.py"
MAKER = "market/agents/lab_maker.py"

LAB = (
    Fault(
        "a Kalman filter updates with the gain of the variance after it", f"{FILTERS}/kalman.py",
        "gain = variance / (variance + noise)",
        "gain = variance / (2.0 * variance + noise)",
    ),
    Fault(
        "a Kalman filter does not age between looks", f"{FILTERS}/kalman.py",
        "return variance + process * elapsed_s", "return variance + process",
    ),
    Fault(
        "the noise of log-odds is that of the price", f"{FILTERS}/kalman.py",
        "return variance / (slope * slope)", "return variance / slope",
    ),
    Fault(
        "the two conventions of an EWMA are exchanged", f"{FILTERS}/ewma.py",
        "1.0 / total if is_corrected else gain", "gain if is_corrected else 1.0 / total",
    ),
    Fault(
        "the microprice leans to the thick side", f"{FILTERS}/microprice.py",
        "bid * ask_lots + ask * bid_lots", "bid * bid_lots + ask * ask_lots",
    ),
    Fault(
        "a one-sided book is ready", f"{FILTERS}/microprice.py",
        "has_bid and has_ask and lots > 0", "lots > 0",
    ),
    Fault(
        "a filter uses a look at the signal again and again", f"{FILTERS}/table.py",
        "filters.look[lane, trader] = view.look[lane]", "pass",
    ),
    Fault(
        "Avellaneda-Stoikov has sigma instead of its square",
        f"{QUOTING}/avellaneda_stoikov.py", "risk_aversion * volatility * volatility",
        "risk_aversion * volatility",
    ),
    Fault(
        "Avellaneda-Stoikov quotes half of the half-spread", f"{QUOTING}/avellaneda_stoikov.py",
        "least = log_ratio(risk_aversion / fill_decay) / fill_decay",
        "least = 0.5 * log_ratio(risk_aversion / fill_decay) / fill_decay",
    ),
    Fault(
        "GLFT forgets the size of its quotes", f"{QUOTING}/glft.py",
        "first + 0.5 * size * skew", "first + 0.5 * skew",
    ),
    Fault(
        "the volatility of GLFT does nothing", f"{QUOTING}/glft.py",
        "skew = volatility * second", "skew = second",
    ),
    Fault(
        "Cartea-Jaimungal bids for what it would sell", f"{QUOTING}/cartea_jaimungal.py",
        "bid += here - value(tables, number, horizon_s, remaining_s, row + 1)",
        "bid += value(tables, number, horizon_s, remaining_s, row + 1) - here",
    ),
    Fault(
        "at its bound Cartea-Jaimungal quotes the side that is full",
        f"{QUOTING}/cartea_jaimungal.py", "return estimate, ask, NO_BID",
        "return estimate, ask, NO_ASK",
    ),
    Fault(
        "a fit takes the far end of a class for its middle", INTENSITY,
        "(at + 0.5) * width", "(at + 1.0) * width",
    ),
    Fault(
        "a fit walks away from the root", INTENSITY,
        "if excess > 0.0:", "if excess < 0.0:",
    ),
    Fault(
        "volatility is not multiplied by p (1 - p)", "market/makers/volatility.py",
        "math.sqrt(variance) * price * (1.0 - price)", "math.sqrt(variance)",
    ),
    Fault(
        "the time without quotes counts as exposure", TABLE,
        "at = intensity.class_of(distance, width) if is_quoted else NO_CLASS",
        "at = intensity.class_of(distance, width)",
    ),
    Fault(
        "a maker quotes before its filter is ready", MAKER,
        "return policy.filters.is_ready[lane, trader]", "return True",
    ),
    Fault(
        "the largest half-spread is no bound of the rules", MAKER,
        "half_spread = min(max(half_spread, least), most)",
        "half_spread = max(half_spread, least)",
    ),
    Fault(
        "a price that a maker is told is not heard", MAKER,
        "hear(policy.filters, lane, trader, price)", "pass",
    ),
)  # fmt: skip
