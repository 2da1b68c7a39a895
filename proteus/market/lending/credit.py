"""Lending in a market: the terms and the pool, and what the ledger has of it so far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import currency_to_nano
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.lending.accrual import ACCRUALS
from proteus.market.lending.codes import LARGEST
from proteus.market.lending.collateral import Collateral
from proteus.market.lending.curves import CURVE_FIXED, YEAR_S
from proteus.market.lending.liquidation import FULL, POLICIES, Policy
from proteus.market.lending.models import Credit as CreditConfig
from proteus.market.lending.models import PoolCredit, wad
from proteus.market.lending.pool import POOL_CURVES, Pool, PoolTerms

DEBT = 0  # of the last axis of what the ledger has
CLAIM = 1
MILLION = 1_000_000
NOWHERE = -1  # of places in the order: it owes nothing, or holds nothing
INDEX_ONE = 10**12


@state
class Liquidations(NamedTuple):
    """Who liquidates, and what was liquidated. L lanes, A traders."""

    is_auto: bool  # the treasury seizes, and its desk sells
    desk: int  # the trader that does, or NO_TRADER
    uid: np.ndarray  # int64 [A] who each trader is: of equal healths the smaller comes first
    is_done: np.ndarray  # bool [L, A] looked at, of the accounts that fail now
    order: np.ndarray  # int64 [L, 2, A] who owes against long, against short lots: who fails first
    in_order: np.ndarray  # int64 [L, 2] how many they are
    place: np.ndarray  # int64 [L, A] twice where one stands there, and 1 on the short side
    count: np.ndarray  # int64 [L] liquidations so far
    value: np.ndarray  # int64 [L] what the seized lots were worth, nano
    last: np.ndarray  # int64 [L] time of the last, ns
    run: np.ndarray  # int64 [L] of those that follow each other, the last included
    run_lots: np.ndarray  # int64 [L] their lots
    most: np.ndarray  # int64 [L] the longest run so far
    most_lots: np.ndarray  # int64 [L] its lots; of equally long ones the most
    buffer: np.ndarray  # int64 [L, A] worth of a lot less its debt when last found healthy, nano
    jump: np.ndarray  # int64 [L, A] largest jump of v against the account since, nano
    by_jump: np.ndarray  # int64 [L] bad debt of accounts that a jump beyond the buffer met, nano


@state
class Liquidators(NamedTuple):
    """Traders who liquidate with their own capital, and what they know. L lanes, A traders."""

    calls: np.ndarray  # bool [A] it is one
    margin: np.ndarray  # float64 [A] least gain of a lot that it acts for, currency
    memory: np.ndarray  # float64 [A] weight of what a sale shows in what it knows of the slope
    slope: np.ndarray  # float64 [L, A] expected cost of selling, per lot and lot sold, currency
    reference: np.ndarray  # int64 [L, A] public price when it last looked, nano
    half_spread: np.ndarray  # int64 [L, A] that it was shown then, nano
    tip_share: np.ndarray  # int64 [A] of its gain that a call offers (``mempool.see_gain``)


@state
class Credit(NamedTuple):
    """Lending in a market. L lanes, A traders; of both there are none where nothing is lent."""

    terms: PoolTerms
    pool: Pool
    goes_on: bool  # debts, claims and pledges go on into the next episode
    reads_oracle: bool  # its price is the oracle's last report, and not the public reference
    horizon_ns: int  # the end of trading
    leverage: np.ndarray  # int64 [A] ppm of its wealth that a trader borrows up to, or 0
    deposit: np.ndarray  # int64 [A] nano that a lender supplies at a wake-up, or 0
    reservation: np.ndarray  # int64 [A] 1e18 a year, least rate of the pool at which it does
    asks: np.ndarray  # bool [A] it may have something to ask of the pool
    debtors: np.ndarray  # int64 [L, A] the traders who owe something, each once, and some who did
    n_debtors: np.ndarray  # int64 [L]
    is_stale: np.ndarray  # bool [L] the pool has changed since all accounts were last booked
    under_way: np.ndarray  # int64 [L, A] nano that its messages ask for or bring
    booked: np.ndarray  # int64 [L, A, 2] nano of debt and claims, as the ledger has them
    opened: np.ndarray  # int64 [L] nano of debts that the episode began with
    reserves: np.ndarray  # int64 [L] nano of the treasury's claim, as the ledger has it
    lost: np.ndarray  # int64 [L] nano of bad debt that lenders bear
    index: np.ndarray  # int64 [L] what a debt of INDEX_ONE from the start owes now
    least: np.ndarray  # int64 [L] health factor of 1e9, the least at an accrual so far
    looks: np.ndarray  # int64 [L] times that health was looked at: accruals before the end
    unhealthy: np.ndarray  # int64 [L] accounts below 1 at accruals so far
    held_area: np.ndarray  # float64 [L] worth of lots of who owes, summed over these, nano
    owed_area: np.ndarray  # float64 [L] their debts
    debt_area: np.ndarray  # int64 [L] sum of debts over accruals, nano
    claim_area: np.ndarray  # int64 [L] sum of the supply
    used_area: np.ndarray  # int64 [L] sum of the utilisation, of 1e9
    rate_area: np.ndarray  # int64 [L] sum of the rate a year, of 1e9
    steps: np.ndarray  # int64 [L] accruals so far
    liquidations: Liquidations
    liquidators: Liquidators


_NO_TERMS = PoolTerms(
    CURVE_FIXED, 0, 0, 0, 0, False, 0, 1, 1, 0, Collateral(1, 0, 0, 1, 0, 0),
    Policy(FULL, 0, 0, 0, 0, 0),
)  # fmt: skip


class Callers(NamedTuple):
    """Who liquidates, and what it knows at the start: arrays [A] as in ``Liquidators``."""

    calls: NDArray[np.bool_]
    margin: NDArray[np.float64]
    memory: NDArray[np.float64]
    slope: NDArray[np.float64]
    tip_share: NDArray[np.int64]


def terms_of(config: CreditConfig, tick_nano: int, payoff_nano: int) -> PoolTerms:
    """Return the numbers of a configuration; those of no credit are never read."""
    if not isinstance(config, PoolCredit):
        return _NO_TERMS
    collateral = Collateral(
        payoff=payoff_nano, tick=tick_nano, ltv=wad(config.ltv), threshold=wad(config.threshold),
        bonus=wad(config.bonus), bonus_least=currency_to_nano(config.bonus_least),
    )  # fmt: skip
    policy = Policy(
        kind=POLICIES[config.policy], close_factor=wad(config.close_factor),
        close_health=wad(config.close_health), target=wad(config.target),
        protocol_share=wad(config.protocol_share), dust=currency_to_nano(config.dust),
    )  # fmt: skip
    return PoolTerms(
        curve=POOL_CURVES[config.curve], base=wad(config.base), slope_1=wad(config.slope_1),
        slope_2=wad(config.slope_2), kink=wad(config.kink), normalised=config.normalised,
        accrual=ACCRUALS[config.accrual], grid=config.grid_ns, year=config.year_ns,
        reserve_factor=wad(config.reserve_factor), collateral=collateral, policy=policy,
    )  # fmt: skip


def allocate_credit(
    config: CreditConfig,
    lanes: int,
    goes_on: bool,
    horizon_ns: int,
    tick_nano: int,
    payoff_nano: int,
    leverage: NDArray[np.int64],
    deposit: NDArray[np.int64],
    reservation: NDArray[np.int64],
    desk: int,
    callers: Callers,
    uid: NDArray[np.int64],
) -> Credit:
    """Allocate a pool in which nothing is lent.

    Parameters
        goes_on: as in ``Credit``. horizon_ns: the end of trading. tick_nano: price step.
        payoff_nano: of a lot.
        leverage, deposit, reservation: int64 [A], as in ``Credit``. desk, uid: as in
        ``Liquidations``. callers: who liquidates.
    """
    is_pool = isinstance(config, PoolCredit)
    at_target = wad(config.at_target) // YEAR_S if isinstance(config, PoolCredit) else 0
    rows, traders = (lanes, len(leverage)) if is_pool else (0, 0)
    return allocate(
        Credit, L=rows, A=traders, terms=terms_of(config, tick_nano, payoff_nano),
        pool=allocate(Pool, L=rows, A=traders, at_target=at_target),
        goes_on=goes_on, reads_oracle=isinstance(config, PoolCredit) and config.price == "oracle",
        horizon_ns=horizon_ns, index=INDEX_ONE, least=LARGEST,
        leverage=leverage[:traders], deposit=deposit[:traders],
        reservation=reservation[:traders],
        asks=((leverage > 0) | (deposit > 0) | callers.calls)[:traders],
        liquidations=allocate(
            Liquidations, L=rows, A=traders, desk=desk, uid=uid[:traders], place=NOWHERE,
            is_auto=isinstance(config, PoolCredit) and config.keeper == "auto",
        ),
        liquidators=allocate(
            Liquidators, L=rows, A=traders, calls=callers.calls[:traders],
            margin=callers.margin[:traders], memory=callers.memory[:traders],
            slope=callers.slope[:traders], tip_share=callers.tip_share[:traders],
        ),
    )  # fmt: skip


@inline_kernel
def lends(credit):
    """Tell whether there is a pool."""
    return credit.booked.shape[0] > 0
