"""How the orders of one price level share lots that are too few for all of them."""

from collections.abc import Callable

from tests.reference.orders import Order

Rank = Callable[[Order], int]


def by_id(order: Order) -> int:
    """The rank of an order in a replay."""
    return order.order_id


def allocate(rule: str, lots: int, level: list[Order], rank: Rank = by_id) -> list[int]:
    """Share ``lots`` among the orders of a level, given in arrival order; the lots of each.

    ``time``: first come, first served. ``pro_rata``: in proportion to open quantity, rounded
    down, the leftover one lot each by largest remainder, ties to the lower rank.
    ``pro_rata_fifo``: rounded down, the leftover by time. ``earlier_batches_first``: older
    batches in full, the batch that cannot be filled in full by ``pro_rata_fifo``. ``random``:
    in full, the lower rank first.
    """
    open_lots = [order.quantity for order in level]
    if lots >= sum(open_lots):
        return open_lots
    if rule == "time":
        return by_time(lots, open_lots)
    if rule == "pro_rata":
        return by_largest_remainder(lots, level, rank)
    if rule == "random":
        return by_rank(lots, level, rank)
    if rule == "pro_rata_fifo":
        return by_proportion_then_time(lots, open_lots)
    assert rule == "earlier_batches_first", rule
    return by_batch(lots, level)


def by_time(lots: int, open_lots: list[int]) -> list[int]:
    """Each takes as much as it can, the earliest first."""
    shares = []
    for quantity in open_lots:
        shares.append(min(quantity, lots))
        lots -= shares[-1]
    return shares


def by_rank(lots: int, level: list[Order], rank: Rank) -> list[int]:
    """Each takes as much as it can, the lowest rank first."""
    places = sorted(range(len(level)), key=lambda i: rank(level[i]))
    shares = [0] * len(level)
    for place, share in zip(
        places, by_time(lots, [level[i].quantity for i in places]), strict=True
    ):
        shares[place] = share
    return shares


def by_largest_remainder(lots: int, level: list[Order], rank: Rank) -> list[int]:
    """Proportions rounded down; the leftover one lot each, largest remainder first."""
    total = sum(order.quantity for order in level)
    shares = [lots * order.quantity // total for order in level]
    leftover = lots - sum(shares)
    places = range(len(level))
    by_remainder = sorted(
        places, key=lambda i: (-(lots * level[i].quantity % total), rank(level[i]))
    )
    for place in by_remainder[:leftover]:
        shares[place] += 1
    return shares


def by_proportion_then_time(lots: int, open_lots: list[int]) -> list[int]:
    """Proportions rounded down; the leftover by time."""
    total = sum(open_lots)
    shares = [lots * quantity // total for quantity in open_lots]
    still_open = [quantity - share for quantity, share in zip(open_lots, shares, strict=True)]
    extra = by_time(lots - sum(shares), still_open)
    return [share + more for share, more in zip(shares, extra, strict=True)]


def by_batch(lots: int, level: list[Order]) -> list[int]:
    """Older batches in full; the first batch that does not fit shares what is left."""
    shares = {order.order_id: 0 for order in level}
    for batch in sorted({order.batch for order in level}):
        members = [order for order in level if order.batch == batch]
        for order, share in zip(members, allocate("pro_rata_fifo", lots, members), strict=True):
            shares[order.order_id] = share
            lots -= share
    return [shares[order.order_id] for order in level]
