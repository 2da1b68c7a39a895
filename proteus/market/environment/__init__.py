"""The news and fair value."""
