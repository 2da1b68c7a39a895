"""From datasets to answers: contrasts, verdicts, levels, precision."""
