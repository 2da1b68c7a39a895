"""Credit bound to the twin of a lane: what is posted, told, pledged, owed and lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.reference import rules, settling
from tests.reference.desk import nano
from tests.reference.environment import reported
from tests.reference.pool import NANO, Pool

if TYPE_CHECKING:
    from tests.reference.world import Trader, World

INDEX_ONE = 10**12


class Credit:
    """The pool of a lane, what the ledger has of it, and what is measured."""

    def __init__(self, world: World) -> None:
        self.rules: Any = world.cell.credit
        count = len(world.traders)
        self.pool = Pool(self.rules, world.cell.tick_nano, count)
        self.debt, self.claim, self.under_way = [0] * count, [0] * count, [0] * count
        self.reserves = self.lost = self.unhealthy = self.by_jump = 0
        self.index, self.least = INDEX_ONE, 2**63 - 1
        self.buffer, self.jump = [0] * count, [0] * count
        self.seized: list[tuple[int, int, int, int]] = []  # time, owner, lots, worth
        self.uids = settling.uids(world.cell)
        kinds = [trader.group.kind for trader in world.traders]
        self.desk = kinds.index("treasury") if "treasury" in kinds else None
        self.event: int | None = None  # of rows, once trading has ended


def start(world: World) -> None:
    """Open what goes on from the day before, and expect the first accrual."""
    if world.cell.credit.is_used:
        world.credit = Credit(world)
        if world.past.credit is not None:
            reopen(world, world.past.credit)
        world.push_before_end(world.credit.pool.grid_ns, "accrual", None)


def reopen(world: World, before: Credit) -> None:
    """Lend and supply again what was owed and owned, so that all are as rich as before."""
    credit, pool = world.credit, before.pool
    credit.pool, credit.index, credit.event = pool, before.index, rules.BEFORE_FIRST
    credit.buffer, credit.jump = before.buffer, before.jump
    pool.accrued_ns = pool.interest = pool.bad_debt = pool.price = 0
    for trader in world.traders:
        number, account = trader.number, pool.accounts[trader.number]
        lots = world.past.lots.get(number, 0) if borrows(trader) else 0
        account.lots, account.is_short = abs(lots), lots < 0
        credit.debt[number], credit.claim[number] = pool.owed(number), pool.claim(number)
        post(world, 0, "lending", number, credit.debt[number], "borrow")
        post(world, 0, number, "lending", credit.claim[number], "supply")
    credit.reserves = pool.treasury
    post(world, 0, "treasury", "lending", credit.reserves, "supply")
    pool.cash = pool.supply + pool.treasury - pool.debt
    given = sum(credit.claim) + credit.reserves - sum(credit.debt)
    post(world, 0, "dust", "lending", pool.cash - given, "dust")
    credit.event = None


def borrows(trader: Trader) -> bool:
    return trader.group.target_leverage is not None


# --- rows and postings ----------------------------------------------------------------------------


def event_of(world: World) -> int:
    return world.events if world.credit.event is None else world.credit.event


def post(world: World, time: int, giver: Any, receiver: Any, amount: int, code: str) -> None:
    """Move cash; what is negative, by rounding, goes the other way."""
    if amount < 0:
        giver, receiver, amount = receiver, giver, -amount
    rules.post(world, time, event_of(world), giver, receiver, amount, code)


def note(
    world: World, time: int, source: str, kind: str, trader: int, amount: int | None, **more: Any
) -> None:
    """Write a row about an account, and what it has then."""
    credit = world.credit
    account, debt = credit.pool.accounts[trader], credit.debt[trader]
    world.rows.append({
        "event": event_of(world), "time_ns": time, "source": source, "kind": f"credit_{kind}",
        "trader": trader, "amount": amount, "cash": world.ledger.cash[trader],
        "collateral": -account.lots if account.is_short else account.lots, "debt": debt,
        "health_factor": credit.pool.health(trader, debt), **more,
    })  # fmt: skip


def book(world: World, time: int, trader: int) -> None:
    """Bring the ledger up to the pool: what a debt or claim grew by is interest, and lent again."""
    credit, pool = world.credit, world.credit.pool
    grown = pool.owed(trader) - credit.debt[trader]
    credit.debt[trader] += grown
    post(world, time, trader, "lending", grown, "interest")
    post(world, time, "lending", trader, grown, "borrow")
    grown = pool.claim(trader) - credit.claim[trader]
    credit.claim[trader] += grown
    post(world, time, "lending", trader, grown, "interest")
    post(world, time, trader, "lending", grown, "supply")


def book_all(world: World, time: int) -> None:
    """The same of everybody, and of the treasury."""
    credit = world.credit
    for trader in world.traders:
        book(world, time, trader.number)
    grown = credit.pool.treasury - credit.reserves
    credit.reserves += grown
    post(world, time, "lending", "treasury", grown, "interest")
    post(world, time, "treasury", "lending", grown, "supply")


# --- interest and health --------------------------------------------------------------------------


def accrue(world: World, time: int) -> None:
    """Charge a step's interest, look at everybody, and expect the next step."""
    credit = world.credit
    charge(world, time)
    mark(world)
    if watch(world) and credit.rules.keeper == "auto":
        world.push_before_end(time, "liquidation", None)
    world.push_before_end(credit.pool.accrued_ns + credit.pool.grid_ns, "accrual", None)


def charge(world: World, time: int) -> None:
    """Charge the interest of the steps that are over, if any, and book what it makes of all."""
    credit, pool = world.credit, world.credit.pool
    if pool.accrued_ns + pool.grid_ns > time:
        return
    before, rate = pool.debt, pool.rate
    pool.accrue(time)
    if before:
        credit.index = credit.index * pool.debt // before
    world.rows.append({
        "event": event_of(world), "time_ns": time, "source": "rules", "kind": "credit_accrual",
        "amount": pool.debt - before, "debt_before": before, "debt": pool.debt, "rate": rate,
        "index": credit.index,
    })  # fmt: skip
    book_all(world, time)


def mark(world: World) -> None:
    """Read the price of collateral: the oracle's last report, or the public reference."""
    price = reported(world) if world.credit.rules.price == "oracle" else None
    if price is None:
        price = world.public.reference_doubled() * world.cell.tick_nano // 2
    world.credit.pool.price = price


def watch(world: World) -> bool:
    """Note the least health; tell whether anybody fails who has something to seize."""
    credit, fails = world.credit, False
    for trader, debt in enumerate(credit.debt):
        health = credit.pool.health(trader, debt)
        if health is None:
            continue
        credit.least = min(credit.least, health)
        if health < NANO:
            credit.unhealthy += 1
            fails |= credit.pool.accounts[trader].lots > 0
        else:
            note_buffer(world, trader)
    return fails


def note_buffer(world: World, trader: int) -> None:
    """By how much a lot is worth more than its part of the debt, of who is healthy."""
    credit, account = world.credit, world.credit.pool.accounts[trader]
    value = credit.pool.worth(account.is_short, credit.pool.price)
    credit.buffer[trader] = value - credit.debt[trader] // account.lots
    credit.jump[trader] = 0


def at_jump(world: World, time: int) -> None:
    """The value has jumped, against long lots or against short ones."""
    if world.credit is None:
        return
    before, after = (nano(world.news.value_at(each)) for each in (time - 1, time))
    for trader, account in enumerate(world.credit.pool.accounts):
        against = after - before if account.is_short else before - after
        world.credit.jump[trader] = max(world.credit.jump[trader], against)


# --- collateral -----------------------------------------------------------------------------------


def at_fill(world: World, trader: Trader, side: str, price: int, lots: int, time: int) -> None:
    """Pledge what a borrower got, or repay with what the lots that it gave back bring."""
    credit = world.credit
    if credit is None or not borrows(trader):
        return
    number, sign = trader.number, 1 if side == "buy" else -1
    account = credit.pool.accounts[number]
    before = -account.lots if account.is_short else account.lots
    after = before + sign * lots
    given = min(lots, abs(before)) if sign * before < 0 else 0
    if given:
        brings = given * (price if side == "sell" else NANO - price)
        book(world, time, number)
        amount = min(brings, means(world, number), credit.debt[number])
        if amount > 0:
            repay(world, number, amount, max(world.ledger.cash[number], 0), time)
    account.lots, account.is_short = abs(after), after < 0
    for kind, moved in (("collateral_out", given), ("collateral_in", lots - given)):
        if moved:
            note(world, time, "rules", kind, number, moved)


def at_final(world: World, time: int) -> None:
    """The same when fills are final, if they are not when they happen."""
    settlement = world.settlement
    finals, settlement.finals = settlement.finals, []
    for trade in sorted(finals, key=lambda trade: trade.number):
        price = trade.cash // trade.lots
        for number, side in ((trade.buyer, "buy"), (trade.seller, "sell")):
            if trade.buyer != trade.seller:
                at_fill(world, world.traders[number], side, price, trade.lots, time)


def means(world: World, trader: int) -> int:
    """Cash that is there whatever comes of fills that are not final, and that no short locks."""
    cash, lots = world.ledger.cash[trader], world.ledger.lots[trader]
    if world.settlement is not None:
        cash -= world.settlement.coming("cash", trader)
        lots -= world.settlement.coming("lots", trader)
    return cash + min(lots, 0) * NANO


def repay(world: World, trader: int, amount: int, means: int, time: int) -> None:
    """Repay at most an amount, if it is a share."""
    paid = world.credit.pool.repays(trader, amount, means)
    if paid:
        world.credit.debt[trader] -= paid
        post(world, time, trader, "lending", paid, "repay")
        book(world, time, trader)
        note(world, time, "rules", "repay", trader, paid)


# --- losses ---------------------------------------------------------------------------------------


def bear(world: World, trader: int, lost: int, borne: int, time: int) -> None:
    """A debt is lost: the treasury bears it as far as it can, then the lenders by their claims."""
    credit = world.credit
    credit.debt[trader] -= lost
    if credit.jump[trader] > credit.buffer[trader]:
        credit.by_jump += lost
    forgive(world, "lending", trader, lost, "repay", time)
    bear_by_claims(world, lost - borne, time)
    credit.reserves -= borne
    forgive(world, "treasury", "lending", borne, "redeem", time)
    note(world, time, "rules", "bad_debt", trader, lost)


def bear_by_claims(world: World, lost: int, time: int) -> None:
    credit = world.credit
    credit.lost += lost
    for lender in range(len(world.traders)):
        fallen = credit.claim[lender] - credit.pool.claim(lender)
        credit.claim[lender] -= fallen
        forgive(world, lender, "lending", fallen, "redeem", time)


def forgive(world: World, loser: Any, winner: Any, amount: int, code: str, time: int) -> None:
    """The loser gives up what the winner owes it: a loss, and a claim less."""
    post(world, time, loser, winner, amount, "bad_debt")
    post(world, time, winner, loser, amount, code)


# --- the end --------------------------------------------------------------------------------------


def charge_last(world: World) -> None:
    """The first that is due at T: interest of a step that ends there."""
    if world.credit is not None:
        world.credit.event = rules.AFTER_LAST
        charge(world, world.cell.horizon_ns)
        book_all(world, world.cell.horizon_ns)


def end(world: World) -> None:
    """Debts are repaid from cash and lots at v, the rest is lost; then lenders have theirs back."""
    credit = world.credit
    if credit is None:
        return
    ledger, pool, time = world.ledger, credit.pool, world.cell.horizon_ns
    value = nano(world.news.value_at(time))
    goes_on = world.cell.episodes.boundary == "continue"
    for trader in range(len(world.traders)):
        means = ledger.cash[trader] + ledger.lots[trader] * value
        if goes_on and means >= credit.debt[trader]:
            continue  # its loans go on
        book(world, time, trader)
        paid = min(credit.debt[trader], max(means, 0))
        if paid:
            repay(world, trader, paid, paid, time)
    for trader, account in enumerate(pool.accounts):
        means = ledger.cash[trader] + ledger.lots[trader] * value
        if account.borrowed and not (goes_on and means >= credit.debt[trader]):
            book_all(world, time)
            bear(world, trader, *pool.writes_off(trader), time)
        account.lots = 0
    if credit.desk is not None:
        settle_desk(world, credit.desk, value, time)
    if goes_on:
        book_all(world, time)
        return
    for trader in range(len(world.traders)):
        book(world, time, trader)
        paid = pool.withdraws(trader)
        credit.claim[trader] -= paid
        post(world, time, "lending", trader, paid, "redeem")
    post(world, time, "lending", "treasury", credit.reserves, "redeem")
    post(world, time, "lending", "dust", pool.cash - pool.treasury, "dust")


def settle_desk(world: World, desk: int, value: int, time: int) -> None:
    """What the desk gained or lost is the treasury's, and what that cannot bear the lenders'."""
    credit, pool = world.credit, world.credit.pool
    gained = world.ledger.cash[desk] + world.ledger.lots[desk] * value
    gained = max(gained, -pool.treasury - pool.supply)
    borne = max(gained, -pool.treasury)
    post(world, time, desk, "treasury", borne, "liquidation_fee")
    post(world, time, "treasury", "lending", borne, "supply")
    pool.treasury += borne
    credit.reserves += borne
    pool.cash += gained
    if gained < borne:
        post(world, time, desk, "lending", gained - borne, "liquidation_fee")
        pool.supply -= borne - gained
        bear_by_claims(world, borne - gained, time)
