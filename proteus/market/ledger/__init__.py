"""Accounts and entries, and their audit.

``ledger`` is written, ``lane`` is its row. Money and values are int64 nano-currency, ``lots`` and
contracts int64 lots; accounts are numbered traders first (``accounts.account_of``). What can be
refused returns a code of ``accounts.LEDGER_CODES``, and then nothing was written.
"""
