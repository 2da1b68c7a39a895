"""Incentives bound to a market: policies look at the book, pay and charge.

One entry of the queue waits for the first policy that has something to do. At its time each policy,
in the order of their names, ends its epoch, if that ends, and then looks at the book, if it does.
Epochs that end at T are paid in the closing; stakes are given back there.

Every entry of the ledger has a row of the log beside it that says for which policy and epoch, and
what was scored. ``rules`` is written, and so are the queue, what traders know of their rewards
(``private``), and through ``posting`` the ledger and the log; the rest is read.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, FLOOR, multiply_divide
from proteus.market.book.codes import (
    EPOCH_SHORT,
    EVENT_POLICY_EPOCH,
    EVENT_POLICY_PENALTY,
    EVENT_POLICY_REWARD,
    NO_TRADER,
)
from proteus.market.events.log import MISSING, NO_ROW, SOURCE_RULES, is_recorded, start_row
from proteus.market.events.queue import KIND_INCENTIVE, NEVER_NS, push
from proteus.market.incentives.codes import (
    FINES,
    MEASURE_UPTIME,
    PAYS,
    SCORE_UPTIME,
    SHARE_ONE,
    UNLIMITED,
)
from proteus.market.incentives.pass_through import learn_worth
from proteus.market.incentives.payments import (
    fine_of,
    open_epoch,
    pay_epoch,
    payable,
    share_of_fees,
    slash_of,
    units_missed,
)
from proteus.market.incentives.sampling import epoch_end, first_interval, sample_time
from proteus.market.incentives.scores import sample
from proteus.market.ledger.accounts import (
    AFTER_LAST,
    AMOUNT_TOO_LARGE,
    BEFORE_FIRST,
    CASH,
    ISSUER,
    POOL,
    STAKES,
    VENUE,
    account_of,
)
from proteus.market.ledger.codes import (
    DEFAULT,
    FEE,
    FUND,
    PENALTY,
    REWARD,
    SLASH,
    STAKE,
    UNSTAKE,
)
from proteus.market.rules import posting
from proteus.market.rules.constraints import unreserved
from proteus.market.rules.counting import look


@deferred_kernel()
def start_incentives(rules, ledger, log, queue, private, keys, lane):
    """Fund pools, put stakes aside, and expect the first thing that a policy does."""
    incentives, table = rules.incentives, rules.incentives.table
    issuer, pool = account_of(ledger, ISSUER), account_of(ledger, POOL)
    stakes = account_of(ledger, STAKES)
    for policy in range(table.score.shape[0]):
        funded = table.funded[policy]
        posting.pay(rules, ledger, log, lane, 0, BEFORE_FIRST, issuer, pool, funded, FUND)
        incentives.pool[lane, policy] = funded
        for trader in range(table.takes_part.shape[1]):
            if not table.takes_part[policy, trader]:
                continue
            staked = incentives.put_aside[lane, policy, trader]
            if rules.has_capital[trader]:
                staked = min(staked, max(ledger.balance[lane, trader, CASH], 0))
            posting.pay(rules, ledger, log, lane, 0, BEFORE_FIRST, trader, stakes, staked, STAKE)
            incentives.stake[lane, policy, trader] = staked
            if table.act[policy] == PAYS:
                least = private.least_lots[lane, trader]
                private.least_lots[lane, trader] = max(least, table.min_lots[policy])
        if table.sample_ns[policy] > 0:
            incentives.interval[lane, policy] = first_interval(table, policy)
            _expect_sample(incentives, keys, lane, policy)
    _expect_next(incentives, queue, lane)


@inline_kernel
def _expect_sample(incentives, keys, lane, policy):
    interval = incentives.interval[lane, policy]
    time = sample_time(incentives.table, keys, lane, policy, interval)
    incentives.next_sample[lane, policy] = time


@inline_kernel
def _expect_next(incentives, queue, lane):
    """Wait for the first thing that a policy does before T."""
    table, first = incentives.table, np.int64(NEVER_NS)
    for policy in range(table.score.shape[0]):
        ends = epoch_end(table, policy, incentives.epoch[lane, policy])
        first = min(first, ends, incentives.next_sample[lane, policy])
    if first < table.horizon_ns[0]:
        push(queue, lane, first, KIND_INCENTIVE, 0)


@deferred_kernel()
def run_incentives(
    rules, ledger, log, queue, orders, private, keys, lane, public_before, time, event
):
    """Do what policies do at a time.

    Parameters
        public_before: orders that joined an earlier batch than this have been published.
    """
    incentives, table, has_looked = rules.incentives, rules.incentives.table, False
    for policy in range(table.score.shape[0]):
        if epoch_end(table, policy, incentives.epoch[lane, policy]) == time:
            _end_epoch(rules, ledger, log, private, lane, policy, time, event)
        if incentives.next_sample[lane, policy] == time:
            if not has_looked:
                look(incentives, orders, lane, public_before)
                has_looked = True
            sample(incentives, lane, policy)
            incentives.interval[lane, policy] += 1
            _expect_sample(incentives, keys, lane, policy)
    _expect_next(incentives, queue, lane)


@deferred_kernel()
def end_incentives(rules, ledger, log, private, lane, time):
    """End the epochs that end with trading, and give stakes back."""
    incentives, table = rules.incentives, rules.incentives.table
    stakes = account_of(ledger, STAKES)
    for policy in range(table.score.shape[0]):
        if epoch_end(table, policy, incentives.epoch[lane, policy]) == time:
            _end_epoch(rules, ledger, log, private, lane, policy, time, AFTER_LAST)
        for trader in range(table.takes_part.shape[1]):
            left = incentives.stake[lane, policy, trader]
            posting.pay(rules, ledger, log, lane, time, AFTER_LAST, stakes, trader, left, UNSTAKE)
            incentives.stake[lane, policy, trader] = 0
            incentives.put_aside[lane, policy, trader] = left


# --- the end of an epoch --------------------------------------------------------------------------


@cold_kernel
def _end_epoch(rules, ledger, log, private, lane, policy, time, event):
    """Pay or charge the epoch that ends, let traders learn from it, and begin the next."""
    incentives, act = rules.incentives, rules.incentives.table.act[policy]
    short_before = incentives.short[lane, policy]
    _note_shares(incentives, lane, policy)
    if act == PAYS:
        _take_fees(rules, ledger, log, lane, policy, time, event)
        _pay_rewards(rules, ledger, log, lane, policy, time, event)
    elif act == FINES:
        _fine(rules, ledger, log, lane, policy, time, event)
    else:
        _slash(rules, ledger, log, lane, policy, time, event)
    is_short = incentives.short[lane, policy] > short_before
    _note_epoch(incentives, log, lane, policy, time, event, is_short)
    _learn(incentives, private, lane, policy)
    open_epoch(incentives, lane, policy)


@deferred_kernel()
def _take_fees(rules, ledger, log, lane, policy, time, event):
    """Let the share of the fees since the last epoch flow into the pool."""
    incentives, table = rules.incentives, rules.incentives.table
    if table.fee_share[policy] == 0:
        return
    venue, pool = account_of(ledger, VENUE), account_of(ledger, POOL)
    fees = ledger.total[lane, venue, ledger.place[FEE], CASH]
    amount = share_of_fees(table, policy, fees - incentives.fees_seen[lane, policy])
    incentives.fees_seen[lane, policy] = fees
    incentives.pool[lane, policy] += amount
    posting.pay(rules, ledger, log, lane, time, event, venue, pool, amount, FUND)


@deferred_kernel()
def _pay_rewards(rules, ledger, log, lane, policy, time, event):
    incentives, pool = rules.incentives, account_of(ledger, POOL)
    pay_epoch(incentives, lane, policy)
    for trader in range(incentives.due.shape[1]):
        amount = incentives.due[lane, trader]
        if amount > 0:
            posting.pay(rules, ledger, log, lane, time, event, pool, trader, amount, REWARD)
            score = incentives.score[lane, policy, trader]
            _note_policy(
                incentives, log, lane, policy, time, event, EVENT_POLICY_REWARD, trader, score,
                amount,
            )  # fmt: skip


@deferred_kernel()
def _fine(rules, ledger, log, lane, policy, time, event):
    """Fine everybody; what there is no cash for is a default."""
    incentives, pool = rules.incentives, account_of(ledger, POOL)
    for trader in range(incentives.due.shape[1]):
        amount = fine_of(incentives, lane, policy, trader)
        incentives.due[lane, trader] = 0
        if amount == AMOUNT_OVERFLOW:
            rules.refused[lane] = AMOUNT_TOO_LARGE
        elif amount > 0:
            unpaid = amount - payable(amount, _means_of(rules, ledger, lane, trader))
            posting.pay(rules, ledger, log, lane, time, event, trader, pool, amount, PENALTY)
            posting.pay(rules, ledger, log, lane, time, event, pool, trader, unpaid, DEFAULT)
            incentives.due[lane, trader] = -amount
            incentives.unpaid[lane, trader] += unpaid
            incentives.pool[lane, policy] += amount - unpaid
            missed = units_missed(incentives, lane, policy, trader)
            _note_policy(
                incentives, log, lane, policy, time, event, EVENT_POLICY_PENALTY, trader, missed,
                amount,
            )  # fmt: skip


@deferred_kernel()
def _slash(rules, ledger, log, lane, policy, time, event):
    """Take from stakes: a part comes back to its trader, who loses it to the pool.

    So the loss is the trader's, and what is left of the stake is still its own.
    """
    incentives, pool = rules.incentives, account_of(ledger, POOL)
    stakes = account_of(ledger, STAKES)
    for trader in range(incentives.due.shape[1]):
        amount = slash_of(incentives, lane, policy, trader)
        incentives.due[lane, trader] = -amount
        if amount > 0:
            posting.pay(rules, ledger, log, lane, time, event, stakes, trader, amount, UNSTAKE)
            posting.pay(rules, ledger, log, lane, time, event, trader, pool, amount, SLASH)
            incentives.stake[lane, policy, trader] -= amount
            incentives.pool[lane, policy] += amount
            missed = units_missed(incentives, lane, policy, trader)
            _note_policy(
                incentives, log, lane, policy, time, event, EVENT_POLICY_PENALTY, trader, missed,
                amount,
            )  # fmt: skip


@inline_kernel
def _means_of(rules, ledger, lane, trader):
    """Return the cash of a trader that nothing reserves, nano; UNLIMITED without capital."""
    if not rules.has_capital[trader]:
        return np.int64(UNLIMITED)
    return unreserved(rules.constraints, rules.settlement.legs, ledger, lane, trader)


@deferred_kernel()
def _learn(incentives, private, lane, policy):
    """Let traders who know of their rewards think again about what a lot of theirs earns."""
    table = incentives.table
    for trader in range(table.takes_part.shape[1]):
        if table.decay[trader] == 0.0 or not table.takes_part[policy, trader]:
            continue
        lots = incentives.lots[lane, policy, trader]
        net = incentives.waiting[lane, policy, trader] + incentives.due[lane, trader]
        incentives.waiting[lane, policy, trader] = net if lots == 0 else 0
        if lots > 0:
            before = incentives.worth[lane, policy, trader]
            after = learn_worth(before, net, lots, table.decay[trader])
            incentives.worth[lane, policy, trader] = after
            private.rewarded[lane, trader] = _worth_of_lot(incentives, lane, trader)


@inline_kernel
def _worth_of_lot(incentives, lane, trader):
    """Return what a lot of a trader earns under all policies, as it thinks, currency."""
    worth = 0.0
    for policy in range(incentives.worth.shape[1]):
        worth += incentives.worth[lane, policy, trader]
    return worth


@inline_kernel
def _note_shares(incentives, lane, policy):
    """Add to what is measured of an epoch: shares of what all scored, and presence."""
    table, total = incentives.table, np.int64(0)
    code = table.score[policy]
    for trader in range(table.takes_part.shape[1]):
        total += incentives.score[lane, policy, trader]
    for trader in range(table.takes_part.shape[1]):
        if table.takes_part[policy, trader]:
            score = incentives.score[lane, policy, trader]
            if code == SCORE_UPTIME or code == MEASURE_UPTIME:
                incentives.met[lane, trader] += score
                incentives.could[lane, trader] += incentives.samples[lane, policy]
            if table.act[policy] == PAYS and total > 0:
                incentives.scored[lane, trader] += 1
                incentives.shares[lane, trader] += multiply_divide(score, SHARE_ONE, total, FLOOR)


# --- the log --------------------------------------------------------------------------------------


@cold_kernel
def _note_policy(incentives, log, lane, policy, time, event, kind, trader, score, amount):
    """Record what a policy did; returns the row, or NO_ROW.

    Parameters
        score: of the trader in the epoch, or what it lacked. amount: nano-currency.
    """
    if not is_recorded(log):
        return NO_ROW
    at = start_row(log, lane, event, time, SOURCE_RULES, kind)
    if at != NO_ROW:
        log.trader[lane, at] = trader
        log.slot[lane, at] = policy
        log.other[lane, at] = incentives.epoch[lane, policy]
        log.more[lane, at] = score
        log.value[lane, at] = amount
    return at


@inline_kernel
def _note_epoch(incentives, log, lane, policy, time, event, is_short):
    """Record the end of an epoch: the scores of all, and what was paid or charged together."""
    total, moved = np.int64(0), np.int64(0)
    for trader in range(incentives.due.shape[1]):
        total += incentives.score[lane, policy, trader]
        moved += abs(incentives.due[lane, trader])
    at = _note_policy(
        incentives, log, lane, policy, time, event, EVENT_POLICY_EPOCH, NO_TRADER, total, moved
    )
    if at != NO_ROW:
        log.code[lane, at] = EPOCH_SHORT if is_short else MISSING
