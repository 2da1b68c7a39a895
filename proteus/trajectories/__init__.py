"""Data sets of episodes for learners who do not simulate: written, read, and given to others."""
