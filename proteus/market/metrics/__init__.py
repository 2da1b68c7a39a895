"""What is measured while the engine runs: one file per family, ``sums.py`` brings them together."""
