"""Stress of a market: windows of time in which some of its keys have another value.

Knows no ledger and no loop; ``market.rules.stress`` binds it.
"""
