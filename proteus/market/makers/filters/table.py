"""The filters there are: the switch between them, by the code in their state."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.makers.filters import ewma, imbalance, kalman, microprice, oracle
from proteus.market.makers.filters.added import is_added_ready, observe_added
from proteus.market.makers.filters.codes import EWMA, FIRST_ADDED, IMBALANCE, KALMAN, ORACLE

_SECONDS = 1e-9


@inline_kernel
def update(filters, view, seen, has_signal, lane, trader):
    """Bring the estimate of one trader up to what it is shown; its estimate and readiness change.

    Parameters
        filters: written. view: time, new prints of others, signal and look. seen: ``Seen``.
        has_signal: whether the view has one.
    """
    code = filters.parameters.code[trader]
    if code == EWMA:
        _update_ewma(filters, view, has_signal, lane, trader)
    elif code == KALMAN:
        _update_kalman(filters, view, has_signal, lane, trader)
    elif code == ORACLE:
        filters.is_ready[lane, trader] = oracle.ready(seen.report[lane])
        if filters.is_ready[lane, trader]:
            filters.estimate[lane, trader] = oracle.update(seen.report[lane])
    elif code >= FIRST_ADDED:
        _update_added(filters, view, has_signal, lane, trader)
    else:
        _update_from_book(filters, seen, lane, trader)


@inline_kernel
def hear(filters, lane, trader, price):
    """Let a filter of prints observe a price in ticks that its trader was told, as from a print."""
    parameters = filters.parameters
    code, told = parameters.code[trader], price / parameters.n_ticks[0]
    if code == EWMA:
        mean, weight = filters.estimate[lane, trader], filters.weight[lane, trader]
        gain, is_corrected = parameters.gain[trader], parameters.is_corrected[trader]
        mean, weight = ewma.update(mean, weight, told, gain, is_corrected)
        filters.estimate[lane, trader], filters.weight[lane, trader] = mean, weight
    elif code == KALMAN:
        _observe(filters, lane, trader, told, parameters.trade_variance[trader])
    elif code >= FIRST_ADDED:
        observe_added(filters.added, filters, lane, trader, told, False, 0.0)


@inline_kernel
def _is_new_look(filters, view, has_signal, lane, trader):
    """Tell whether the signal is a draw that was not used yet, and remember that it is used."""
    if not has_signal or view.look[lane] == filters.look[lane, trader]:
        return False
    filters.look[lane, trader] = view.look[lane]
    return True


@inline_kernel
def _update_ewma(filters, view, has_signal, lane, trader):
    parameters = filters.parameters
    gain, is_corrected = parameters.gain[trader], parameters.is_corrected[trader]
    mean, weight = filters.estimate[lane, trader], filters.weight[lane, trader]
    for i in range(view.n_prints[lane]):
        price = view.print_price[lane, i] / parameters.n_ticks[0]
        mean, weight = ewma.update(mean, weight, price, gain, is_corrected)
    if _is_new_look(filters, view, has_signal, lane, trader):
        mean, weight = ewma.update(mean, weight, view.signal[lane], gain, is_corrected)
    filters.estimate[lane, trader], filters.weight[lane, trader] = mean, weight
    filters.is_ready[lane, trader] = ewma.ready(weight)


@inline_kernel
def _update_kalman(filters, view, has_signal, lane, trader):
    parameters, now = filters.parameters, view.time[lane]
    elapsed_s = (now - filters.updated_ns[lane, trader]) * _SECONDS
    filters.updated_ns[lane, trader] = now
    filters.variance[lane, trader] = kalman.predict(
        filters.variance[lane, trader], parameters.process[trader], elapsed_s
    )
    for i in range(view.n_prints[lane]):
        price = view.print_price[lane, i] / parameters.n_ticks[0]
        _observe(filters, lane, trader, price, parameters.trade_variance[trader])
    if _is_new_look(filters, view, has_signal, lane, trader):
        signal = view.signal[lane]
        _observe(filters, lane, trader, signal, parameters.signal_variance[trader])
    least = 1.0 / parameters.n_ticks[0]
    filters.estimate[lane, trader] = kalman.price_of(filters.level[lane, trader], least)
    filters.is_ready[lane, trader] = kalman.ready(filters.weight[lane, trader])


@inline_kernel
def _observe(filters, lane, trader, price, variance):
    """Update level and variance of the log-odds with an observed price, both in currency."""
    least = 1.0 / filters.parameters.n_ticks[0]
    level = filters.level[lane, trader]
    noise = kalman.noise_in_log_odds(variance, kalman.price_of(level, least))
    filters.level[lane, trader], filters.variance[lane, trader] = kalman.update(
        level, filters.variance[lane, trader], kalman.log_odds(price, least), noise
    )
    filters.weight[lane, trader] += 1.0


@inline_kernel
def _update_added(filters, view, has_signal, lane, trader):
    for i in range(view.n_prints[lane]):
        price = view.print_price[lane, i] / filters.parameters.n_ticks[0]
        elapsed_s = _since_the_last(filters, view, lane, trader)
        observe_added(filters.added, filters, lane, trader, price, False, elapsed_s)
    if _is_new_look(filters, view, has_signal, lane, trader):
        signal, elapsed_s = view.signal[lane], _since_the_last(filters, view, lane, trader)
        observe_added(filters.added, filters, lane, trader, signal, True, elapsed_s)
    code = filters.parameters.code[trader]
    filters.is_ready[lane, trader] = is_added_ready(filters.added, code, lane, trader)


@inline_kernel
def _since_the_last(filters, view, lane, trader):
    """Return the seconds since the wake-up of the last observation, which is this one from now."""
    elapsed_s = (view.time[lane] - filters.updated_ns[lane, trader]) * _SECONDS
    filters.updated_ns[lane, trader] = view.time[lane]
    return elapsed_s


@inline_kernel
def _update_from_book(filters, seen, lane, trader):
    parameters = filters.parameters
    bid_lots, ask_lots = seen.bid_lots[lane], seen.ask_lots[lane]
    is_ready = microprice.ready(seen.has_bid[lane], seen.has_ask[lane], bid_lots + ask_lots)
    filters.is_ready[lane, trader] = is_ready
    if not is_ready:
        return
    bid, ask = seen.bid[lane] / parameters.n_ticks[0], seen.ask[lane] / parameters.n_ticks[0]
    if parameters.code[trader] == IMBALANCE:
        slope = parameters.slope[trader]
        estimate = imbalance.update(bid, ask, bid_lots, ask_lots, slope)
        filters.estimate[lane, trader] = min(max(estimate, 0.0), 1.0)
    else:
        filters.estimate[lane, trader] = microprice.update(bid, ask, bid_lots, ask_lots)
