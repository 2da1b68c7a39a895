"""Finished lanes and the labelled arrays they become."""
