"""Recorded messages to a mechanism, without traders."""
