"""Constraints: what may be sent of what a trader wants, apart from its strategy."""
