"""Arithmetic that must be the same everywhere: amounts in integers, and log and exp of our own."""
