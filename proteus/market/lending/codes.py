"""Names of actions, of refusals in the words of each protocol, and of what is stored how."""

from __future__ import annotations

LOAN = 0  # assets of a pool of one market: what is lent
COLLATERAL = 1
ASSET_C = 0  # assets of a pool of two reserves: C is collateral, D is lent
ASSET_D = 1
ASSETS = ("C", "D")

NOBODY = -1  # an account that a message does not name
ALL = -2  # an amount: everything
LARGEST = 2**63 - 1

# Actions.
SUPPLY = 0
WITHDRAW = 1
BORROW = 2
REPAY = 3
ADD_COLLATERAL = 4
WITHDRAW_COLLATERAL = 5
LIQUIDATE = 6
PRICE = 7
ACCRUE = 8
SET_FEE = 9
REDEEM = 10  # claims, by their number
HEAL = 11
MINT_TO_TREASURY = 12

ACTIONS = {
    "proteus": {
        "supply": SUPPLY, "withdraw": WITHDRAW, "borrow": BORROW, "repay": REPAY,
        "add_collateral": ADD_COLLATERAL, "withdraw_collateral": WITHDRAW_COLLATERAL,
        "liquidate": LIQUIDATE, "price": PRICE, "accrue": ACCRUE,
    },
    "morpho": {
        "supply": SUPPLY, "withdraw": WITHDRAW, "borrow": BORROW, "repay": REPAY,
        "add_collateral": ADD_COLLATERAL, "withdraw_collateral": WITHDRAW_COLLATERAL,
        "liquidate": LIQUIDATE, "price": PRICE, "accrue": ACCRUE, "set_fee": SET_FEE,
    },
    "compound": {
        "mint": SUPPLY, "redeem": REDEEM, "redeem_underlying": WITHDRAW, "borrow": BORROW,
        "repay": REPAY, "liquidate": LIQUIDATE, "heal": HEAL, "price": PRICE, "accrue": ACCRUE,
    },
    "aave": {
        "supply": SUPPLY, "withdraw": WITHDRAW, "borrow": BORROW, "repay": REPAY,
        "liquidate": LIQUIDATE, "price": PRICE, "mint_to_treasury": MINT_TO_TREASURY,
    },
}  # fmt: skip

# Refusals; 0 is none.
ACCEPTED = 0
AMOUNT_LEAVES_INT64 = 1
UNDERFLOW = 2
DIVISION_BY_ZERO = 3
WALLET_SHORT = 4
POOL_SHORT = 5
INCONSISTENT_INPUT = 6
ZERO_ASSETS = 7
INSUFFICIENT_COLLATERAL = 8
INSUFFICIENT_LIQUIDITY = 9
HEALTHY = 10
ALREADY_SET = 11
MAX_FEE_EXCEEDED = 12
REDEEM_ZERO = 20
REDEEM_NO_CASH = 21
BORROW_NO_CASH = 22
SHORT_OF_LIQUIDITY = 23
NO_SHORTFALL = 24
BELOW_MINIMAL_COLLATERAL = 25  # the results say: the minimum, the collateral
ABOVE_THRESHOLD = 26  # the results say: the threshold, the collateral
TOO_MUCH_REPAY = 27
OWN_LIQUIDATION = 28
CLOSE_ZERO = 29
CLOSE_ALL = 30
SEIZE_TOO_MUCH = 31
NOT_COLLATERAL = 32
OWN_SEIZURE = 33
MINT_ROUNDS_TO_ZERO = 40
BURN_ROUNDS_TO_ZERO = 41
INVALID_AMOUNT = 42
BORROWING_OFF = 43
BALANCE_SHORT = 44
COLLATERAL_ZERO = 45
HEALTH_TOO_LOW = 46
CANNOT_COVER = 47
NO_DEBT = 48
HEALTH_NOT_BELOW = 49
NOT_LIQUIDATABLE = 50
DEBT_NOT_OWED = 51
LTV_ZERO = 52
REPAY_ZERO = 60
DUST_LEFT = 61

_SHARED = {
    AMOUNT_LEAVES_INT64: "amount_overflow",
    UNDERFLOW: "Panic(0x11)",
    DIVISION_BY_ZERO: "Panic(0x12)",
    WALLET_SHORT: "ERC20: transfer amount exceeds balance",
    POOL_SHORT: "ERC20: transfer amount exceeds balance",
}
_MORPHO = {
    **_SHARED,
    WALLET_SHORT: "transferFrom reverted",
    POOL_SHORT: "transfer reverted",
    INCONSISTENT_INPUT: "inconsistent input",
    ZERO_ASSETS: "zero assets",
    INSUFFICIENT_COLLATERAL: "insufficient collateral",
    INSUFFICIENT_LIQUIDITY: "insufficient liquidity",
    HEALTHY: "position is healthy",
    ALREADY_SET: "already set",
    MAX_FEE_EXCEEDED: "max fee exceeded",
}
_COMPOUND = {
    **_SHARED,
    REDEEM_ZERO: "redeemAmount is zero",
    REDEEM_NO_CASH: "RedeemTransferOutNotPossible",
    BORROW_NO_CASH: "BorrowCashNotAvailable",
    SHORT_OF_LIQUIDITY: "InsufficientLiquidity",
    NO_SHORTFALL: "InsufficientShortfall",
    BELOW_MINIMAL_COLLATERAL: "MinimalCollateralViolated",
    ABOVE_THRESHOLD: "CollateralExceedsThreshold",
    TOO_MUCH_REPAY: "TooMuchRepay",
    OWN_LIQUIDATION: "LiquidateLiquidatorIsBorrower",
    CLOSE_ZERO: "LiquidateCloseAmountIsZero",
    CLOSE_ALL: "LiquidateCloseAmountIsUintMax",
    SEIZE_TOO_MUCH: "LIQUIDATE_SEIZE_TOO_MUCH",
    NOT_COLLATERAL: "MarketNotCollateral",
    OWN_SEIZURE: "LiquidateSeizeLiquidatorIsBorrower",
}
_AAVE = {
    **_SHARED,
    MINT_ROUNDS_TO_ZERO: "24",
    BURN_ROUNDS_TO_ZERO: "25",
    INVALID_AMOUNT: "26",
    BORROWING_OFF: "30",
    BALANCE_SHORT: "32",
    COLLATERAL_ZERO: "34",
    HEALTH_TOO_LOW: "35",
    CANNOT_COVER: "36",
    NO_DEBT: "39",
    HEALTH_NOT_BELOW: "45",
    NOT_LIQUIDATABLE: "46",
    DEBT_NOT_OWED: "47",
    LTV_ZERO: "57",
}
_PROTEUS = {
    AMOUNT_LEAVES_INT64: "amount_overflow",
    UNDERFLOW: "more_than_held",
    DIVISION_BY_ZERO: "no_price",
    WALLET_SHORT: "wallet_short",
    POOL_SHORT: "pool_short",
    INCONSISTENT_INPUT: "inconsistent_input",
    ZERO_ASSETS: "zero_amount",
    INSUFFICIENT_COLLATERAL: "below_ltv",
    INSUFFICIENT_LIQUIDITY: "pool_short",
    HEALTHY: "healthy",
    REPAY_ZERO: "repays_nothing",
    DUST_LEFT: "dust",
}
REASONS = {"proteus": _PROTEUS, "morpho": _MORPHO, "compound": _COMPOUND, "aave": _AAVE}
WITH_NUMBERS = (BELOW_MINIMAL_COLLATERAL, ABOVE_THRESHOLD)
