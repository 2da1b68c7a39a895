"""Why something moves between accounts: posting codes, each with its term of the decomposition.

PnL marked at v is the sum of the terms, exactly and for every account (``entries.worth_of_term``),
plus the drift of what is held:

    PnL = captured + adverse + fees + ... + reverted + drift

A term is cash, plus contracts at v of when they moved; what they gain or lose after that is drift.
Amounts keep their sign: a fee counts negative for who pays it and positive for the venue. What a
code of no term (claims) gives or takes is owed or owned elsewhere, so it is no PnL.

The numbers and names of codes are part of file formats: neither is ever changed.
"""

from __future__ import annotations

from typing import NamedTuple

# Terms of the decomposition of PnL. The first is measured apart, as captured and adverse.
TERM_FILLS = 0
TERM_FEES = 1
TERM_REBATES = 2
TERM_GAS = 3
TERM_REWARDS = 4
TERM_PENALTIES = 5
TERM_INTEREST = 6  # received if positive, paid if negative
TERM_LIQUIDATION = 7
TERM_DEFAULTS = 8
TERM_REVERTED = 9
TERM_DRIFT = 10
TERM_CLAIMS = 11  # no part of PnL
TERM_NAMES = {
    TERM_FILLS: "fills",
    TERM_FEES: "fees",
    TERM_REBATES: "rebates",
    TERM_GAS: "gas",
    TERM_REWARDS: "rewards",
    TERM_PENALTIES: "penalties",
    TERM_INTEREST: "interest",
    TERM_LIQUIDATION: "liquidation",
    TERM_DEFAULTS: "defaults",
    TERM_REVERTED: "reverted",
    TERM_DRIFT: "drift",
    TERM_CLAIMS: "claims",
}
PNL_TERMS = tuple(term for term in TERM_NAMES if term != TERM_CLAIMS)  # they add up to it

FILL = 0
ENDOW = 1  # capital of a trader
FUND = 2  # means of a pool
FEE = 3
REBATE = 4
GAS_BURNED = 5
GAS_TIP = 6
ROUNDING = 7
SETTLE = 8  # a leg of a delayed settlement
FAIL_PENALTY = 9
CLOSE_OUT = 10
REVERT = 11
REWARD = 12
PENALTY = 13
SLASH = 14
STAKE = 15
UNSTAKE = 16
SUPPLY = 17
REDEEM = 18
BORROW = 19
REPAY = 20
REPAY_BY_LIQUIDATOR = 21
INTEREST = 22
LOAN_FEE = 23
SEIZE = 24
LIQUIDATION_FEE = 25
BAD_DEBT = 26
DEFAULT = 27
CARRY = 28
DUST = 29
PAYOFF = 30


class Posting(NamedTuple):
    """What an entry of a code is."""

    name: str
    term: int


POSTINGS = {
    FILL: Posting("fill", TERM_FILLS),
    ENDOW: Posting("endow", TERM_CLAIMS),
    FUND: Posting("fund", TERM_CLAIMS),
    FEE: Posting("fee", TERM_FEES),
    REBATE: Posting("rebate", TERM_REBATES),
    GAS_BURNED: Posting("gas_burned", TERM_GAS),
    GAS_TIP: Posting("gas_tip", TERM_GAS),
    ROUNDING: Posting("rounding", TERM_FEES),
    SETTLE: Posting("settle", TERM_CLAIMS),
    FAIL_PENALTY: Posting("fail_penalty", TERM_PENALTIES),
    CLOSE_OUT: Posting("close_out", TERM_PENALTIES),
    REVERT: Posting("revert", TERM_REVERTED),
    REWARD: Posting("reward", TERM_REWARDS),
    PENALTY: Posting("penalty", TERM_PENALTIES),
    SLASH: Posting("slash", TERM_PENALTIES),
    STAKE: Posting("stake", TERM_CLAIMS),
    UNSTAKE: Posting("unstake", TERM_CLAIMS),
    SUPPLY: Posting("supply", TERM_CLAIMS),
    REDEEM: Posting("redeem", TERM_CLAIMS),
    BORROW: Posting("borrow", TERM_CLAIMS),
    REPAY: Posting("repay", TERM_CLAIMS),
    REPAY_BY_LIQUIDATOR: Posting("repay_by_liquidator", TERM_LIQUIDATION),
    INTEREST: Posting("interest", TERM_INTEREST),
    LOAN_FEE: Posting("loan_fee", TERM_INTEREST),
    SEIZE: Posting("seize", TERM_LIQUIDATION),
    LIQUIDATION_FEE: Posting("liquidation_fee", TERM_LIQUIDATION),
    BAD_DEBT: Posting("bad_debt", TERM_DEFAULTS),
    DEFAULT: Posting("default", TERM_DEFAULTS),
    CARRY: Posting("carry", TERM_FEES),
    DUST: Posting("dust", TERM_FEES),
    PAYOFF: Posting("payoff", TERM_DRIFT),
}

CREDIT_CODES = (*range(SUPPLY, DEFAULT), DUST)  # booked where there is credit
