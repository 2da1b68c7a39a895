"""Accounts and entries, and their audit."""
