"""Lanes in which some traders are decided for by the caller, in NumPy alone."""
