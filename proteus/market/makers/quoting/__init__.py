"""Quoting rules: reservation price and half-spread from an estimate, one file each.

``linear`` is the rule of ``agents.maker`` itself.
"""
