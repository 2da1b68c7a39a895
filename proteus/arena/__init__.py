"""Seasons: makers compete in the same markets on the same seeds, and are ranked."""
