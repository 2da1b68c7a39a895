"""The message door of the reference market: rows in, rows out."""

from collections.abc import Iterable
from typing import Any

from proteus.market.rng import STREAM_ALLOCATION
from tests.reference.auction import Auction
from tests.reference.book import Book
from tests.reference.draws import Draws
from tests.reference.dual_flow import DualFlow
from tests.reference.orders import Replayed, Row, read_messages
from tests.reference.rfq import replay_rfq

NS_PER_MS = 1_000_000


def replay(messages: Iterable[Row], mechanism: str, **parameters: Any) -> Replayed:
    """Feed messages to a market and return its fills, book, clears, rejects and cancels.

    ``messages``: rows with the columns of the message door (times in ns, prices in ticks,
    quantities in lots); missing or None means the default. ``mechanism``: clob, fba, dual_flow
    or rfq. ``parameters``: those of the function that is named after it.

    An auction runs on until the first clear after the last message.
    """
    if mechanism == "clob":
        return replay_clob(messages, **parameters)
    if mechanism == "fba":
        return replay_fba(messages, **parameters)
    if mechanism == "rfq":
        return replay_rfq(messages, **parameters)
    assert mechanism == "dual_flow", mechanism
    return replay_dual_flow(messages, **parameters)


def replay_clob(
    messages: Iterable[Row],
    n_ticks: int = 1000,
    allocation: str = "time",
    self_trade: str = "none",
) -> Replayed:
    """Replay through a continuous limit order book."""
    book = Book(n_ticks, allocation, self_trade)
    for message in read_messages(messages):
        book.apply(message)
    book.out.book = book.book_rows()
    return book.out


def replay_fba(
    messages: Iterable[Row],
    n_ticks: int = 1000,
    reference_ticks: int | None = None,
    delta: int = 250,
    price_rule: str = "midpoint",
    allocation: str = "earlier_batches_first",
    self_trade: str = "none",
    seed: int = 0,
) -> Replayed:
    """Replay through a frequent batch auction with a batch interval of ``delta`` ms."""
    reference = n_ticks // 2 if reference_ticks is None else reference_ticks
    auction = Auction(n_ticks, reference, delta * NS_PER_MS, price_rule, allocation, self_trade)
    deal_lots(auction, seed)
    return run(auction, messages)


def replay_dual_flow(
    messages: Iterable[Row],
    n_ticks: int = 1000,
    reference_ticks: int | None = None,
    delta: int = 250,
    price_rule: str = "midpoint",
    allocation: str = "pro_rata",
    self_trade: str = "none",
    seed: int = 0,
) -> Replayed:
    """Replay through a dual-flow batch auction with a batch interval of ``delta`` ms."""
    reference = n_ticks // 2 if reference_ticks is None else reference_ticks
    auction = DualFlow(n_ticks, reference, delta * NS_PER_MS, price_rule, allocation, self_trade)
    deal_lots(auction, seed)
    return run(auction, messages)


def deal_lots(auction: Auction, seed: int) -> None:
    """Let random allocation rank orders by the word at the address that is their id."""
    if auction.allocation == "random":
        draws = Draws(seed, 0)
        auction.rank = lambda order: draws.words(
            STREAM_ALLOCATION, order.order_id >> 32, order.order_id
        )[0]


def run(auction: Auction, messages: Iterable[Row]) -> Replayed:
    """Feed messages to an auction, then let the open batch clear."""
    for message in read_messages(messages):
        auction.close_before(message.time_ns)
        auction.apply(message)
    auction.clear(auction.batch * auction.delta_ns)
    auction.out.book = auction.book_rows()
    return auction.out
