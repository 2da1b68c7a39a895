"""Event logs and traces: which lanes are recorded, what is written, and how it is read again."""

from __future__ import annotations

EVENTS = "events.parquet"
FILLS = "fills.parquet"
LEDGER = "ledger.parquet"
ENVIRONMENT = "environment.parquet"
