"""Names of actions, refusals and events of fixed-term loans, and of what is stored how."""

from __future__ import annotations

from proteus.market.lending import codes

STEPS_A_YEAR = 1_000  # of a rate: the grid is a thousandth of the principal a year
MOST_STEPS = 5_000  # the highest rate, five times the principal a year

NO_NUMBER = -1  # an order or loan that a message does not name

# Actions, besides those of pools.
OFFER = 20
REQUEST = 21
CANCEL = 22
ACTIONS = {
    "offer": OFFER,
    "request": REQUEST,
    "cancel": CANCEL,
    "repay": codes.REPAY,
    "add_collateral": codes.ADD_COLLATERAL,
    "withdraw_collateral": codes.WITHDRAW_COLLATERAL,
    "liquidate": codes.LIQUIDATE,
    "price": codes.PRICE,
    "accrue": codes.ACCRUE,
}

# Refusals, and why an order ends, besides those of pools.
EXPIRED = 80
UNKNOWN_ORDER = 81
UNKNOWN_LOAN = 82
WITHDRAWN = 83
LIQUIDATED = 84
REASONS = {
    **codes.REASONS["proteus"],
    EXPIRED: "expired",
    UNKNOWN_ORDER: "unknown_order",
    UNKNOWN_LOAN: "unknown_loan",
    WITHDRAWN: "withdrawn",
    LIQUIDATED: "liquidated",
}

# States of a loan.
RUNNING = 0
OVERDUE = 1
REPAID = 2
WRITTEN_OFF = 3
STATUS = {RUNNING: "running", OVERDUE: "overdue", REPAID: "repaid", WRITTEN_OFF: "written_off"}

# Events.
CREDIT_OFFER = 1
CREDIT_REQUEST = 2
CREDIT_OPEN = 3
CREDIT_ACCRUAL = 4
CREDIT_REPAY = 5
CREDIT_EXPIRE = 6  # an offer or request ends, or the term of a loan that is not paid
CREDIT_REJECT = 7
CREDIT_COLLATERAL_IN = 8
CREDIT_COLLATERAL_OUT = 9
CREDIT_LIQUIDATION = 10
CREDIT_BAD_DEBT = 11
CREDIT_NAMES = {
    CREDIT_OFFER: "credit_offer",
    CREDIT_REQUEST: "credit_request",
    CREDIT_OPEN: "credit_open",
    CREDIT_ACCRUAL: "credit_accrual",
    CREDIT_REPAY: "credit_repay",
    CREDIT_EXPIRE: "credit_expire",
    CREDIT_REJECT: "credit_reject",
    CREDIT_COLLATERAL_IN: "credit_collateral_in",
    CREDIT_COLLATERAL_OUT: "credit_collateral_out",
    CREDIT_LIQUIDATION: "credit_liquidation",
    CREDIT_BAD_DEBT: "credit_bad_debt",
}
