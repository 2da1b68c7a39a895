"""What trading costs: fees, rebates and gas, as pure functions of a fill or a message.

A model says in plain Python what a lot costs (``models``); ``tables`` makes integers of it, and
kernels charge by these (``charging``). Nothing here knows a ledger, a mechanism or a trader.
"""
