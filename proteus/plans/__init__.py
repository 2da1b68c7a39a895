"""The grid of a sweep, its cells, what they share, and what they need."""
