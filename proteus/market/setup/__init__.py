"""From the configuration of a cell to the state of a block of lanes."""
