"""Filters: what a maker believes the contract is worth, one file each.

``tape`` is the belief of ``agents.maker`` itself, and ``tape_only`` the same without a signal.
"""
