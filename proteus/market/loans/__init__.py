"""Fixed-term loans: lenders and borrowers meet by rate, in a book or in a batch auction.

The mechanisms are those of the market, whose price is here a rate and whose lot a nano: who borrows
buys. What they tell in their outbox becomes loans. Nothing here knows the ledger of a market.
"""
