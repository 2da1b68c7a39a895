"""Entries on hand-made ledgers: both sides and their totals by code, what is refused and found.

Codes and their terms are those of MODEL2, A3 and A4.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from proteus.market.ledger import codes
from proteus.market.ledger.accounts import (
    ACCOUNT_NAMES,
    AFTER_LAST,
    AMOUNT_TOO_LARGE,
    ASSET_NOT_CONSERVED,
    BEFORE_FIRST,
    CASH,
    CONTRACT,
    ENTRY_NOT_CARRIED,
    ENTRY_OUT_OF_ORDER,
    INVENTORY_NOT_FILLS,
    ISSUER,
    LEDGER_OK,
    PNL_NOT_DECOMPOSED,
    POOL,
    TREASURY,
    VALUE_THEN,
    VENUE,
    account_of,
    allocate_ledger,
)
from proteus.market.ledger.audit import audit_entries
from proteus.market.ledger.codes import (
    CREDIT_CODES,
    ENDOW,
    FEE,
    FILL,
    PAYOFF,
    POSTINGS,
    REBATE,
    REWARD,
    SEIZE,
    TERM_CLAIMS,
    TERM_DRIFT,
    TERM_NAMES,
)
from proteus.market.ledger.entries import (
    drift_of,
    equity_of,
    settle,
    transfer,
    transfer_cash,
    transfer_contracts,
    worth_of_term,
)

pytestmark = pytest.mark.plain

ALICE, BOB = 0, 1
NANO = 10**9
NAMES = (
    "fill, endow, fund, fee, rebate, gas_burned, gas_tip, rounding, settle, fail_penalty, "
    "close_out, revert, reward, penalty, slash, stake, unstake, supply, redeem, borrow, repay, "
    "repay_by_liquidator, interest, loan_fee, seize, liquidation_fee, bad_debt, default, carry, "
    "dust, payoff"
)
TERMS = {
    "fills": "fill", "fees": "fee rounding dust carry", "rebates": "rebate",
    "gas": "gas_burned gas_tip", "rewards": "reward",
    "penalties": "penalty fail_penalty close_out slash", "interest": "interest loan_fee",
    "liquidation": "seize repay_by_liquidator liquidation_fee", "defaults": "bad_debt default",
    "reverted": "revert", "drift": "payoff",
    "claims": "endow fund stake unstake supply redeem borrow repay settle",
}  # fmt: skip


@pytest.fixture
def ledger():
    return allocate_ledger(2, 2, 10**6, is_rich=True, codes=CREDIT_CODES)


def everything(ledger):
    return [field.tolist() for field in ledger]


def test_codes_and_their_numbers_stay():
    assert ", ".join(POSTINGS[number].name for number in range(len(POSTINGS))) == NAMES
    constants = {name: value for name, value in vars(codes).items() if name in NAMES.upper()}
    assert all(POSTINGS[value].name == name.lower() for name, value in constants.items())
    assert len(constants) == len(POSTINGS)


def test_each_code_has_the_one_term_of_the_model():
    found = {}
    for posting in POSTINGS.values():
        found.setdefault(TERM_NAMES[posting.term], set()).add(posting.name)
    assert found == {term: set(names.split()) for term, names in TERMS.items()}


def test_an_entry_is_on_both_sides_and_under_its_code(ledger):
    venue = account_of(ledger, VENUE)
    assert transfer(ledger, 1, CASH, ALICE, venue, 30, FEE, BEFORE_FIRST) == LEDGER_OK
    assert transfer(ledger, 1, CASH, venue, ALICE, 12, REBATE, 5) == LEDGER_OK
    assert transfer_contracts(ledger, 1, ALICE, BOB, 3, 40, SEIZE, 5) == LEDGER_OK
    expected = np.zeros((2 + len(ACCOUNT_NAMES), 2))
    expected[[ALICE, BOB, venue]] = [-18, -3], [0, 3], [18, 0]
    assert ledger.balance[1].tolist() == expected.tolist()
    by_code = {
        POSTINGS[code].name: ledger.total[1, :, ledger.place[code]] for code in (FEE, REBATE, SEIZE)
    }
    assert by_code["fee"][[ALICE, venue], CASH].tolist() == [-30, 30]
    assert by_code["rebate"][[ALICE, venue], CASH].tolist() == [12, -12]
    assert by_code["seize"][[ALICE, BOB]].tolist() == [[0, -3, -120], [0, 3, 120]]
    assert np.count_nonzero(ledger.total) == 4 + 4
    assert not ledger.balance[0].any()
    assert audit_entries(ledger, 1) == LEDGER_OK
    assert ledger.cause.tolist() == [BEFORE_FIRST, 5]


@pytest.mark.parametrize(
    ("receiver", "code", "cause", "refusal"),
    [
        (BOB, FEE, 7, LEDGER_OK),
        (BOB, FEE, 8, LEDGER_OK),
        (BOB, FEE, AFTER_LAST, LEDGER_OK),
        (BOB, FEE, 6, ENTRY_OUT_OF_ORDER),
        (BOB, FEE, BEFORE_FIRST, ENTRY_OUT_OF_ORDER),
        (2 + len(ACCOUNT_NAMES), FEE, 7, ENTRY_NOT_CARRIED),
    ],
)
def test_what_is_refused_is_not_written(ledger, receiver, code, cause, refusal):
    assert transfer(ledger, 0, CASH, ALICE, BOB, 1, FEE, 7) == LEDGER_OK
    before = everything(ledger)
    assert transfer(ledger, 0, CASH, ALICE, receiver, 9, code, cause) == refusal
    assert (everything(ledger) == before) == (refusal != LEDGER_OK)


BEYOND = 2 + len(ACCOUNT_NAMES)


@pytest.mark.parametrize(
    ("asset", "giver", "receiver", "code"),
    [
        *((CASH, wrong, BOB, FEE) for wrong in (-1, -BEYOND, BEYOND)),  # NO_TRADER is -1
        *((CASH, ALICE, wrong, FEE) for wrong in (-1, -BEYOND, BEYOND)),
        *((CASH, ALICE, BOB, wrong) for wrong in (-1, len(POSTINGS), 10**6)),
        *((wrong, ALICE, BOB, FEE) for wrong in (-1, VALUE_THEN, 3)),
    ],
)
def test_numbers_of_nothing_are_refused_and_not_taken_from_the_end(
    ledger, asset, giver, receiver, code
):
    before = everything(ledger)
    assert transfer(ledger, 1, asset, giver, receiver, 9, code, 0) == ENTRY_NOT_CARRIED
    if asset == CASH:
        refused = transfer_contracts(ledger, 1, giver, receiver, 9, 5, code, 0)
        assert refused == ENTRY_NOT_CARRIED
    assert everything(ledger) == before


MOST = 2**62 - 1


@pytest.mark.parametrize(
    ("before", "amount", "refusal"),
    [
        (0, MOST, LEDGER_OK),
        (0, MOST + 1, AMOUNT_TOO_LARGE),
        (0, -MOST, LEDGER_OK),
        (0, -MOST - 1, AMOUNT_TOO_LARGE),
        (0, -(2**63), AMOUNT_TOO_LARGE),
        (MOST, 1, AMOUNT_TOO_LARGE),
        (MOST, -MOST, LEDGER_OK),
        (-MOST, -1, AMOUNT_TOO_LARGE),
        (MOST - 5, 5, LEDGER_OK),
    ],
)
@pytest.mark.parametrize("of_fills", [0, MOST, -MOST])
def test_cash_has_room_beside_that_of_fills(ledger, before, amount, refusal, of_fills):
    """Fills may take half of int64; so whatever else moves, a balance is never cut to 64 bits."""
    transfer(ledger, 0, CASH, ALICE, BOB, of_fills, FILL, 0)
    assert transfer_cash(ledger, 0, ALICE, BOB, before, FEE, 1) == LEDGER_OK
    assert transfer_cash(ledger, 0, ALICE, BOB, np.int64(amount), FEE, 2) == refusal
    held = of_fills + before + (amount if refusal == LEDGER_OK else 0)
    assert ledger.balance[0, [ALICE, BOB], CASH].tolist() == [-held, held]
    assert transfer_cash(ledger, 0, -1, BOB, 1, FEE, 3) == ENTRY_NOT_CARRIED


def test_nothing_comes_after_the_payoff(ledger):
    settle(ledger, 0, NANO)
    transfer(ledger, 0, CASH, ALICE, BOB, 1, FEE, AFTER_LAST)
    assert transfer(ledger, 0, CASH, ALICE, BOB, 1, FEE, 10**6) == ENTRY_OUT_OF_ORDER
    assert transfer_contracts(ledger, 0, ALICE, BOB, 1, 5, SEIZE, 9) == ENTRY_OUT_OF_ORDER
    assert not ledger.total[0, :, ledger.place[SEIZE]].any()


def test_a_plain_ledger_carries_fills_and_the_payoff():
    plain = allocate_ledger(1, 2, 10**6, is_rich=False)
    before = everything(plain)
    for code in set(POSTINGS) - {FILL, PAYOFF}:
        assert transfer(plain, 0, CASH, ALICE, BOB, 9, code, 0) == ENTRY_NOT_CARRIED
        assert transfer_contracts(plain, 0, ALICE, BOB, 9, 5, code, 0) == ENTRY_NOT_CARRIED
    pool = account_of(plain, POOL)
    assert transfer(plain, 0, CASH, ALICE, pool, 9, FILL, 0) == ENTRY_NOT_CARRIED
    assert everything(plain) == before
    per_lane = plain.balance, plain.total, plain.bought, plain.sold, plain.cause
    assert sum(field.nbytes for field in per_lane) < 600


def test_lanes_without_credit_carry_no_totals_of_it():
    rich = allocate_ledger(1, 2, 10**6, is_rich=True)
    refused = {code for code in POSTINGS if transfer(rich, 0, CASH, ALICE, BOB, 9, code, 0)}
    assert refused == set(CREDIT_CODES)
    assert rich.total.shape[2] == len(POSTINGS) - len(CREDIT_CODES)


def booked_at_random(ledger, seed):
    """Book 200 entries of all codes; return cash, lots and, by term, worth, counted by hand."""
    random = np.random.default_rng(seed)
    accounts = ledger.balance.shape[1]
    cash, lots = [0] * accounts, [0] * accounts
    worth = [dict.fromkeys(TERM_NAMES, 0) for _ in range(accounts)]
    for cause in range(200):
        giver, receiver = random.choice(accounts, 2, replace=False)
        code, amount = int(random.integers(len(POSTINGS))), int(random.integers(-50, 10**6))
        value = int(random.integers(NANO))
        moves_contracts = cause % 3 == 0
        if moves_contracts:
            transfer_contracts(ledger, 1, giver, receiver, amount, value, code, cause)
        else:
            transfer(ledger, 1, CASH, giver, receiver, amount, code, cause)
        for account, sign in ((giver, -1), (receiver, 1)):
            (lots if moves_contracts else cash)[account] += sign * amount
            worth[account][POSTINGS[code].term] += sign * amount * (value if moves_contracts else 1)
        if code == FILL and moves_contracts:
            for account, count in ((giver, ledger.sold), (receiver, ledger.bought)):
                if account < 2:
                    count[1, account] += amount
    return cash, lots, worth


@pytest.mark.parametrize("seed", range(5))
def test_pnl_is_the_sum_of_its_terms_and_drift(ledger, seed):
    cash, lots, worth = booked_at_random(ledger, seed)
    assert audit_entries(ledger, 1) == LEDGER_OK
    value = 123_456_789
    for account in range(len(cash)):
        pnl = equity_of(ledger, 1, account, value)
        assert pnl == cash[account] + lots[account] * value - worth[account][TERM_CLAIMS]
        terms = {term: worth_of_term(ledger, 1, account, term) for term in TERM_NAMES}
        assert terms == worth[account]
        drift = drift_of(ledger, 1, account, value)
        assert pnl == drift + sum(terms.values()) - terms[TERM_CLAIMS]
    settle(ledger, 1, NANO)
    assert audit_entries(ledger, 1) == LEDGER_OK
    for account in range(len(cash)):
        if account != account_of(ledger, ISSUER):
            pnl = equity_of(ledger, 1, account, 0)
            assert pnl == cash[account] + lots[account] * NANO - worth[account][TERM_CLAIMS]
            assert worth_of_term(ledger, 1, account, TERM_DRIFT) == worth[account][TERM_DRIFT]


def test_whoever_holds_contracts_is_paid(ledger):
    treasury, issuer = account_of(ledger, TREASURY), account_of(ledger, ISSUER)
    transfer_contracts(ledger, 0, ALICE, treasury, 4, 600_000_000, SEIZE, 3)
    settle(ledger, 0, NANO)
    assert not ledger.balance[0, :, CONTRACT].any()
    assert ledger.balance[0, [ALICE, treasury], CASH].tolist() == [-4 * NANO, 4 * NANO]
    assert ledger.balance[0, issuer, CASH] == 0


# --- what the audit finds -------------------------------------------------------------------------


def one_sided(ledger):
    """An entry without a receiver, in balance and total."""
    ledger.balance[0, ALICE, CASH] -= 7
    ledger.total[0, ALICE, ledger.place[FEE], CASH] -= 7


def another_code_at_the_other_side(ledger):
    ledger.total[0, BOB, ledger.place[FEE], CASH] += 7
    ledger.total[0, BOB, ledger.place[REWARD], CASH] -= 7


def cash_without_entry(ledger):
    ledger.balance[0, [ALICE, BOB], CASH] += [7, -7]


def contracts_without_entry(ledger):
    ledger.balance[0, [ALICE, BOB], CONTRACT] += [7, -7]


def entry_without_cash(ledger):
    ledger.total[0, [ALICE, BOB], ledger.place[FEE], CASH] += [7, -7]


def entry_without_contracts(ledger):
    ledger.total[0, [ALICE, BOB], ledger.place[SEIZE], CONTRACT] += [7, -7]


def contracts_seized_as_if_filled(ledger):
    """The sums are right, but these are no fills."""
    for code, lots in ((SEIZE, 7), (FILL, -7)):
        ledger.total[0, [ALICE, BOB], ledger.place[code], CONTRACT] += [lots, -lots]


def value_at_one_side(ledger):
    ledger.total[0, ALICE, ledger.place[SEIZE], VALUE_THEN] += 7


WRONG = {
    one_sided: ASSET_NOT_CONSERVED,
    another_code_at_the_other_side: ASSET_NOT_CONSERVED,
    cash_without_entry: PNL_NOT_DECOMPOSED,
    contracts_without_entry: INVENTORY_NOT_FILLS,
    entry_without_cash: PNL_NOT_DECOMPOSED,
    entry_without_contracts: INVENTORY_NOT_FILLS,
    contracts_seized_as_if_filled: INVENTORY_NOT_FILLS,
    value_at_one_side: ASSET_NOT_CONSERVED,
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_an_audit_finds_a_wrong_entry(ledger, change):
    transfer(ledger, 0, CASH, account_of(ledger, ISSUER), ALICE, 100, ENDOW, BEFORE_FIRST)
    transfer(ledger, 0, CASH, ALICE, account_of(ledger, VENUE), 30, FEE, 1)
    transfer_contracts(ledger, 0, ALICE, BOB, 3, 40, SEIZE, 2)
    assert audit_entries(ledger, 0) == LEDGER_OK
    change(ledger)
    assert audit_entries(ledger, 0) == WRONG[change]


def test_only_the_door_writes_balances_and_moves_contracts():
    package = Path(codes.__file__).parents[2]
    for path in package.rglob("*.py"):
        if path.name != "entries.py":
            text = path.read_text()
            assert not re.search(r"ledger\.(balance|total)\[[^]]*\](\[[^]]*\])? [-+]?= ", text), (
                path
            )
            assert not re.search(r"\btransfer\([^)]*\bCONTRACT\b", text), path
