"""Recorded messages and logs, run again."""
