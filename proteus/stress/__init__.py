"""The stress pack: scenarios over mechanisms and makers, paired by seed, as one page."""
