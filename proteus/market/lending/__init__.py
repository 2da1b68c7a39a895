"""Lending: pure rules of pools, apart from the ledger and from every mechanism.

Each preset is a state of arrays, lanes first, and one kernel ``act_*`` that takes one message: it
returns ACCEPTED or a refusal, and a refused message leaves the lane as it was, accrual included.
"""
