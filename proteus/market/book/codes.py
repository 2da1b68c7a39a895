"""Stable codes: sides, lifetimes, event types, reasons.

The codes are part of the file formats: a value is never renumbered.
"""

from __future__ import annotations

# Sides index arrays; the sign of a signed quantity is +1 for a buy, -1 for a sell.
BUY = 0
SELL = 1

# Lifetimes of an order.
GTC = 0  # rests until filled or cancelled
IOC = 1  # what does not trade at once (in a batch: at the next clear) is cancelled
FOK = 2  # trades in full at once or not at all

# Event types, by their stable names.
EVENT_NEWS = 1
EVENT_ORDER = 2
EVENT_CANCEL = 3
EVENT_REPLACE = 4
EVENT_ACK = 5
EVENT_REJECT = 6
EVENT_FILL = 7
EVENT_BATCH_CLEAR = 8
EVENT_RFQ_REQUEST = 9
EVENT_RFQ_QUOTE = 10
EVENT_RFQ_ACCEPT = 11  # a taker's acceptance; from a dealer: a last look confirms it
EVENT_RFQ_EXPIRE = 12  # a request or quote, or what is left of it, ends without a trade
EVENT_RFQ_REJECT = 13  # a quote or acceptance is refused; from a dealer: by its last look
EVENT_BOOK = 14  # a new public state
EVENT_INTENT = 15  # a trader decides to send a new order, which may never arrive
EVENT_END = 16  # trading has ended, or the lane was stopped
EVENT_WAIT = 17  # the venue keeps an order for a while before it takes it
EVENT_POSTING = 18  # an entry of the ledger that is no fill
EVENT_SETTLEMENT_PENDING = 19  # a fill waits for its settlement
EVENT_SETTLEMENT_FINAL = 20
EVENT_SETTLEMENT_FAILED = 21  # it could not be paid when it was due
EVENT_SETTLEMENT_REVERTED = 22  # a fork dropped it
EVENT_POLICY_REWARD = 23  # what an epoch of a policy pays a trader
EVENT_POLICY_PENALTY = 24  # what it charges one, or takes of its stake
EVENT_POLICY_EPOCH = 25  # an epoch has ended
EVENT_ENVIRONMENT_BLOCK = 26  # a block is made
EVENT_ENVIRONMENT_REPORT = 27  # an oracle issues a report, which arrives later
EVENT_ENVIRONMENT_WAIT = 28  # a message comes, and waits for a block
EVENT_ENVIRONMENT_FORK = 29  # a block belongs to another branch, which drops blocks before it
EVENT_CUT = 30  # a constraint lets less of an intent be sent than its trader wants
EVENT_CREDIT_OFFER = 31  # a lender's message to supply cash arrives
EVENT_CREDIT_REQUEST = 32  # a trader's message to borrow arrives
EVENT_CREDIT_OPEN = 33  # the pool lends
EVENT_CREDIT_REPAY = 34
EVENT_CREDIT_REJECT = 35  # an offer or request is refused
EVENT_CREDIT_COLLATERAL_IN = 36  # lots are pledged: a count, no posting
EVENT_CREDIT_COLLATERAL_OUT = 37
EVENT_CREDIT_ACCRUAL = 38  # interest is charged on all debts
EVENT_CREDIT_BAD_DEBT = 39  # a debt is written off
EVENT_CREDIT_LIQUIDATION = 40  # lots of a failing account are seized, or a trader asks for them
EVENT_NAMES = {
    EVENT_NEWS: "news",
    EVENT_ORDER: "order",
    EVENT_CANCEL: "cancel",
    EVENT_REPLACE: "replace",
    EVENT_ACK: "ack",
    EVENT_REJECT: "reject",
    EVENT_FILL: "fill",
    EVENT_BATCH_CLEAR: "batch_clear",
    EVENT_RFQ_REQUEST: "rfq_request",
    EVENT_RFQ_QUOTE: "rfq_quote",
    EVENT_RFQ_ACCEPT: "rfq_accept",
    EVENT_RFQ_EXPIRE: "rfq_expire",
    EVENT_RFQ_REJECT: "rfq_reject",
    EVENT_BOOK: "book",
    EVENT_INTENT: "intent",
    EVENT_END: "end",
    EVENT_WAIT: "wait",
    EVENT_POSTING: "posting",
    EVENT_SETTLEMENT_PENDING: "settlement_pending",
    EVENT_SETTLEMENT_FINAL: "settlement_final",
    EVENT_SETTLEMENT_FAILED: "settlement_failed",
    EVENT_SETTLEMENT_REVERTED: "settlement_reverted",
    EVENT_POLICY_REWARD: "policy_reward",
    EVENT_POLICY_PENALTY: "policy_penalty",
    EVENT_POLICY_EPOCH: "policy_epoch",
    EVENT_ENVIRONMENT_BLOCK: "environment_block",
    EVENT_ENVIRONMENT_REPORT: "environment_report",
    EVENT_ENVIRONMENT_WAIT: "environment_wait",
    EVENT_ENVIRONMENT_FORK: "environment_fork",
    EVENT_CUT: "constraint_cut",
    EVENT_CREDIT_OFFER: "credit_offer",
    EVENT_CREDIT_REQUEST: "credit_request",
    EVENT_CREDIT_OPEN: "credit_open",
    EVENT_CREDIT_REPAY: "credit_repay",
    EVENT_CREDIT_REJECT: "credit_reject",
    EVENT_CREDIT_COLLATERAL_IN: "credit_collateral_in",
    EVENT_CREDIT_COLLATERAL_OUT: "credit_collateral_out",
    EVENT_CREDIT_ACCRUAL: "credit_accrual",
    EVENT_CREDIT_BAD_DEBT: "credit_bad_debt",
    EVENT_CREDIT_LIQUIDATION: "credit_liquidation",
}

# Why a message was rejected.
REJECT_INVALID_PRICE = 1
REJECT_INVALID_QUANTITY = 2
REJECT_DUPLICATE_ORDER_ID = 3
REJECT_UNKNOWN_ORDER = 4
REJECT_POST_ONLY_WOULD_CROSS = 5
REJECT_FOK_NOT_FILLED = 6
REJECT_NOT_IN_BATCH = 7
REJECT_NO_FUNDS = 8
REJECT_NAMES = {
    REJECT_INVALID_PRICE: "invalid_price",
    REJECT_INVALID_QUANTITY: "invalid_quantity",
    REJECT_DUPLICATE_ORDER_ID: "duplicate_order_id",
    REJECT_UNKNOWN_ORDER: "unknown_order",
    REJECT_POST_ONLY_WOULD_CROSS: "post_only_would_cross",
    REJECT_FOK_NOT_FILLED: "fok_not_filled",
    REJECT_NOT_IN_BATCH: "not_in_batch",
    REJECT_NO_FUNDS: "no_funds",
}

# Why a message about a request was rejected.
RFQ_REQUEST_OVER = 1
RFQ_QUOTE_OVER = 2
RFQ_IN_LAST_LOOK = 3
RFQ_BEYOND_LIMIT = 4
RFQ_PART_TOO_SMALL = 5
RFQ_WRONG_SIDE = 6
RFQ_ALREADY_QUOTED = 7
RFQ_OWN_REQUEST = 8
RFQ_NOT_YOURS = 9
RFQ_FIRM_QUOTE = 10
RFQ_UNKNOWN_REQUEST = 11
RFQ_INVALID_TTL = 12
RFQ_NO_QUOTE = 13
RFQ_NO_FUNDS = 14
RFQ_REJECT_NAMES = {
    RFQ_REQUEST_OVER: "request_over",
    RFQ_QUOTE_OVER: "quote_over",
    RFQ_IN_LAST_LOOK: "in_last_look",
    RFQ_BEYOND_LIMIT: "beyond_limit",
    RFQ_PART_TOO_SMALL: "part_too_small",
    RFQ_WRONG_SIDE: "wrong_side",
    RFQ_ALREADY_QUOTED: "already_quoted",
    RFQ_OWN_REQUEST: "own_request",
    RFQ_NOT_YOURS: "not_yours",
    RFQ_FIRM_QUOTE: "firm_quote",
    RFQ_UNKNOWN_REQUEST: "unknown_request",
    RFQ_INVALID_TTL: "invalid_ttl",
    RFQ_NO_QUOTE: "no_quote",
    RFQ_NO_FUNDS: "rfq_no_funds",  # a name says its code
}

# Why a request or quote ended without a trade.
EXPIRE_REQUEST_TTL = 1
EXPIRE_QUOTE_TTL = 2
EXPIRE_REQUEST_CLOSED = 3
EXPIRE_REST = 4
EXPIRE_WITHDRAWN = 5
EXPIRE_LAST_LOOK = 6
EXPIRE_NAMES = {
    EXPIRE_REQUEST_TTL: "request_ttl",
    EXPIRE_QUOTE_TTL: "quote_ttl",
    EXPIRE_REQUEST_CLOSED: "request_closed",
    EXPIRE_REST: "rest_unfilled",
    EXPIRE_WITHDRAWN: "withdrawn",
    EXPIRE_LAST_LOOK: "last_look",
}

# Why open lots were cancelled.
CANCEL_REQUESTED = 1
CANCEL_IMMEDIATE = 2
CANCEL_SELF_TRADE = 3
CANCEL_NAMES = {
    CANCEL_REQUESTED: "requested",
    CANCEL_IMMEDIATE: "immediate_or_cancel",
    CANCEL_SELF_TRADE: "self_trade",
}

# How a fill goes on whose settlement failed.
FAILED_AGAIN = 0
FAILED_CLOSED_OUT = 1
FAILED_NAMES = {FAILED_AGAIN: "again", FAILED_CLOSED_OUT: "closed_out"}

# Why an epoch of a policy is not paid in full.
EPOCH_SHORT = 0
EPOCH_NAMES = {EPOCH_SHORT: "pool_short"}

# What stands where there is nothing. Arrays are never indexed by it (``compiler.fields``).
NO_ORDER = -1  # a slot of an order, request or quote
NO_OWNER = -1  # of an order that is the only one of its owner
NO_RANK = -1  # a level of the book
NO_PRICE = -1  # ticks
NO_ENVELOPE = -1
NO_TRADER = -1
NO_ID = -1  # an id or agent that a message at the door does not name
