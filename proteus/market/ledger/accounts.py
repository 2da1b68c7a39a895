"""Who can hold what: assets, accounts, and the balances of a lane with their totals by code.

Money is int64 nano-currency, quantity int64 lots, so every identity holds exactly. Balances are
written by ``entries.transfer`` alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.ledger.codes import CREDIT_CODES, FILL, PAYOFF, POSTINGS

# Assets: the last axis of balances. Totals have a third number, for contracts that moved.
CASH = 0
CONTRACT = 1
ASSET_NAMES = {CASH: "cash", CONTRACT: "contract"}
VALUE_THEN = 2  # v of these contracts when they moved, nano

# Accounts after the traders, in this order.
VENUE = 0  # fees
ISSUER = 1  # endowments and the payoff
NETWORK = 2  # gas that is burned
PROPOSER = 3  # tips
POOL = 4  # incentives
STAKES = 5
TREASURY = 6  # reserves of lending
LENDING = 7  # cash of the lending pool, offers in escrow
DUST_ACCOUNT = 8  # what rounding leaves over
ACCOUNT_NAMES = {
    VENUE: "venue",
    ISSUER: "issuer",
    NETWORK: "network",
    PROPOSER: "proposer",
    POOL: "pool",
    STAKES: "stakes",
    TREASURY: "treasury",
    LENDING: "lending",
    DUST_ACCOUNT: "dust",
}

# What lanes carry of the two tables: without rules, and with them. Totals of codes that nothing can
# book would take a lane's memory for nothing.
PLAIN_ACCOUNTS = (VENUE, ISSUER)
PLAIN_CODES = (FILL, PAYOFF)
RULE_CODES = tuple(code for code in POSTINGS if code not in CREDIT_CODES)
NOT_CARRIED = -1

# Causes of entries that no entry of the queue leads to.
BEFORE_FIRST = -1
AFTER_LAST = -2

# Cash is int64: half of it is for fills and the payoff, half for all other entries. A contract is
# worth at most one currency, so who bought and sold no more lots than this has room in any case.
MOST_CASH = 2**62 - 1  # nano-currency that all other entries may leave with an account
MOST_TRADED = MOST_CASH // NANO  # lots that a trader may buy, and may sell

NO_LIMIT = -1  # capital of a trader who has none set: it can always pay

# What a posting or an audit can find.
LEDGER_OK = 0
FILL_NOT_POSITIVE = 1
FILL_WRONG_SIDE = 2
FILL_OFF_TICK = 3
FILL_BEYOND_LIMIT = 4
ORDER_NOT_CONSERVED = 5
ASSET_NOT_CONSERVED = 6
INVENTORY_NOT_FILLS = 7
BOOK_NOT_ORDERS = 8
BOOK_CROSSED = 9
PNL_NOT_DECOMPOSED = 10
FILL_SAME_ROLE = 11
ENTRY_NOT_CARRIED = 12
ENTRY_OUT_OF_ORDER = 13
CLEAR_NOT_LATER = 14
TIMER_NOT_LATER = 15
AMOUNT_TOO_LARGE = 16
SETTLED_NOT_WHOLE = 17
INTENT_IMPOSSIBLE = 18
INTENTS_TOO_MANY = 19
FUNDS_NOT_ORDERS = 20
CREDIT_NOT_WHOLE = 21
LEDGER_CODES = {
    FILL_NOT_POSITIVE: "fill_not_positive",
    FILL_WRONG_SIDE: "fill_on_wrong_side",
    FILL_OFF_TICK: "fill_price_off_tick",
    FILL_BEYOND_LIMIT: "fill_price_beyond_limit",
    ORDER_NOT_CONSERVED: "order_lots_not_conserved",
    ASSET_NOT_CONSERVED: "asset_not_conserved",
    INVENTORY_NOT_FILLS: "inventory_is_not_the_sum_of_fills",
    BOOK_NOT_ORDERS: "book_is_not_the_open_orders",
    BOOK_CROSSED: "book_crossed",
    PNL_NOT_DECOMPOSED: "pnl_does_not_decompose",
    FILL_SAME_ROLE: "fill_within_one_role",
    ENTRY_NOT_CARRIED: "entry_of_unknown_code_or_account",
    ENTRY_OUT_OF_ORDER: "entry_out_of_order",
    CLEAR_NOT_LATER: "next_clear_not_later_than_this",
    TIMER_NOT_LATER: "next_timer_not_later_than_now",
    AMOUNT_TOO_LARGE: "amount_overflow",
    SETTLED_NOT_WHOLE: "settled_is_not_what_is_held",
    INTENT_IMPOSSIBLE: "intent_without_side_price_or_size",
    INTENTS_TOO_MANY: "more_intents_than_four_at_a_wake_up",
    FUNDS_NOT_ORDERS: "capital_promised_is_not_that_of_open_orders",
    CREDIT_NOT_WHOLE: "credit_is_not_what_the_ledger_has",
}


@state
class Ledger(NamedTuple):
    """What everyone holds. L lanes, A traders, B accounts, C codes carried, P codes there are."""

    balance: np.ndarray  # int64 [L, B, 2] nano-currency; lots. Traders come first
    total: np.ndarray  # int64 [L, B, C, 3] the same by code; v of these lots when they moved, nano
    bought: np.ndarray  # int64 [L, A] lots bought, counted fill by fill
    sold: np.ndarray  # int64 [L, A] lots sold
    cause: np.ndarray  # int64 [L] of the newest entry
    place: np.ndarray  # int64 [P] of each code in the totals, or NOT_CARRIED
    term: np.ndarray  # int64 [C] TERM_* of each code carried
    tick_nano: np.ndarray  # int64 [1] nano-currency per tick


def allocate_ledger(
    lanes: int, traders: int, tick_nano: int, is_rich: bool, codes: tuple[int, ...] = ()
) -> Ledger:
    """Allocate a ledger of zeros.

    Parameters
        is_rich: all accounts and the codes that rules book are carried, and not only those of
            fills and the payoff.
        codes: that are carried besides.
    """
    accounts = tuple(ACCOUNT_NAMES) if is_rich else PLAIN_ACCOUNTS
    codes = (*(RULE_CODES if is_rich else PLAIN_CODES), *codes)
    place = np.full(len(POSTINGS), NOT_CARRIED)
    place[list(codes)] = np.arange(len(codes))
    return allocate(
        Ledger, L=lanes, A=traders, B=traders + len(accounts), C=len(codes), P=len(POSTINGS),
        cause=BEFORE_FIRST, place=place, term=[POSTINGS[code].term for code in codes],
        tick_nano=tick_nano,
    )  # fmt: skip


@inline_kernel
def account_of(ledger, which):
    """Return the index of an account that is no trader's, VENUE and so on."""
    return ledger.bought.shape[1] + which


@inline_kernel
def nano(value):
    """Round a value in currency to nano-currency, once."""
    return np.int64(np.rint(value * NANO))
