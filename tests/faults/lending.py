"""Faults of lending: the rules of each preset, the door's roll back, wide numbers."""

from tests.faults.fault import Fault

LENDING = (
    Fault(
        "a product of wide numbers loses what its words carry",
        "market/arithmetic/wide.py",
        "    return top + over_3 + over_4 + over_5 + over_6, upper, lower, bottom\n",
        "    return top + over_3 + over_4, upper, lower, bottom\n",
    ),
    Fault(
        "a half of a wide quotient is rounded down",
        "market/arithmetic/wide.py",
        "rounding == CEIL or not is_less(rest, subtract(c, rest))",
        "rounding == CEIL or is_less(subtract(c, rest), rest)",
    ),
    Fault(
        "a refused action keeps its accrual",
        "market/lending/morpho_door.py",
        "        copy_lane(kept, pool, lane)\n",
        "        pass\n",
    ),
    Fault(
        "pledging collateral accrues interest in Morpho",
        "market/lending/morpho_door.py",
        "        refusal = take_in(pool, lane, account, 1, amount)\n",
        "        accrue(terms, pool, lane, time_s)\n"
        "        refusal = take_in(pool, lane, account, 1, amount)\n",
    ),
    Fault(
        "the fee buys shares at the price before the interest",
        "market/lending/morpho.py",
        "    before = pool.supply_assets[lane] - fee\n",
        "    before = pool.supply_assets[lane] - interest\n",
    ),
    Fault(
        "a lender's shares are rounded for the lender",
        "market/lending/morpho.py",
        "        shares = _supply_shares(pool, lane, assets, FLOOR)\n",
        "        shares = _supply_shares(pool, lane, assets, CEIL)\n",
    ),
    Fault(
        "a debt without collateral is not written off",
        "market/lending/morpho.py",
        "    if pool.collateral[lane, borrower] == 0:\n",
        "    if False:\n",
    ),
    Fault(
        "the curve's exponential is a line",
        "market/lending/curves.py",
        "multiply_divide(rate << powers, WAD + rest + square, WAD, FLOOR)",
        "multiply_divide(rate << powers, WAD + rest, WAD, FLOOR)",
    ),
    Fault(
        "slopes are per unit of utilisation, whatever the curve",
        "market/lending/pool.py",
        "        width = terms.kink if terms.normalised else WAD\n",
        "        width = WAD\n",
    ),
    Fault(
        "healed debt leaves the rate of the tokens",
        "market/lending/compound_actions.py",
        "    pool.bad_debt[lane, market] += debt - repaid\n",
        "    pool.bad_debt[lane, market] += 0\n",
    ),
    Fault(
        "reserves never leave the market",
        "market/lending/compound.py",
        "        swept = min(cash, pool.reserves[lane, market])\n",
        "        swept = min(cash, 0)\n",
    ),
    Fault(
        "an account at its limit has a shortfall",
        "market/lending/compound.py",
        "    return is_less(weighted, owed)\n",
        "    return not is_less(owed, weighted)\n",
    ),
    Fault(
        "a health of exactly 0.95 leaves half of the debt",
        "market/lending/aave_actions.py",
        "    is_half = is_less(widen(_CLOSE_FACTOR_HEALTH), health)\n",
        "    is_half = not is_less(health, widen(_CLOSE_FACTOR_HEALTH))\n",
    ),
    Fault(
        "claims taken in a liquidation update the collateral reserve",
        "market/lending/aave_actions.py",
        "    if takes_claims:\n",
        "    if takes_claims and update(terms, pool, lane, ASSET_C, time_s) == ACCEPTED:\n",
    ),
    Fault(
        "a withdrawal of collateral is not checked",
        "market/lending/aave_actions.py",
        "    if was_collateral and pool.is_borrowing[lane, account]:\n",
        "    if False:\n",
    ),
    Fault(
        "Aave keeps the third digit of rate cubed",
        "market/lending/accrual.py",
        "ray_multiply(square, rate), widen(1), _YEAR_WIDE, FLOOR)",
        "ray_multiply(square, rate), widen(1), _YEAR_WIDE, HALF_UP)",
    ),
    Fault(
        "a health of exactly one is liquidated",
        "market/lending/collateral.py",
        "    return not is_product_less(counted, widen(share), widen(debt), WAD_WIDE)\n",
        "    return is_product_less(widen(debt), WAD_WIDE, counted, widen(share))\n",
    ),
    Fault(
        "a short lot is worth the price",
        "market/lending/collateral.py",
        "    return terms.payoff - clipped if is_short else clipped\n",
        "    return clipped\n",
    ),
    Fault(
        "interest below a nano is lost",
        "market/lending/pool.py",
        "    pool.rest[lane, 0], pool.rest[lane, 1] = carried\n",
        "    pool.rest[lane, 0], pool.rest[lane, 1] = widen(np.int64(0))\n",
    ),
    Fault(
        "interest is charged ahead of the grid",
        "market/lending/pool.py",
        "    while pool.accrued_to[lane] + terms.grid <= time:\n",
        "    while pool.accrued_to[lane] + 1 <= time:\n",
    ),
    Fault(
        "lenders bear a loss before the treasury",
        "market/lending/pool.py",
        "    borne = min(lost, pool.treasury[lane])\n",
        "    borne = max(lost - pool.supply_assets[lane], 0)\n",
    ),
    Fault(
        "the last debt leaves a unit behind",
        "market/lending/pool.py",
        "    if shares == pool.borrow_shares[lane]:\n",
        "    if False:\n",
    ),
    Fault(
        "a recorded number that differs by a unit agrees",
        "validation/lending/comparing.py",
        "    return not form.is_exact and (distance",
        "    return (distance",
    ),
)
