"""Everything compiled, and what is declared beside it."""
