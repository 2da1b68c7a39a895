"""What ``python -m proteus.watch`` shows: one recorded lane, found, told and drawn."""
