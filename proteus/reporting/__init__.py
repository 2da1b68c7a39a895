"""What ``python -m proteus.report`` writes: bundles read, drawn, tabulated and put on a page."""
