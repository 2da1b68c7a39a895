"""What a market adds to trading: who pays and owes what, bound to the ledger and the queue."""
