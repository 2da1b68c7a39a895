"""What ``make bench`` measures: one module per measurement, one figure per line of the table."""
