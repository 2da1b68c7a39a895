"""The orders of a recorded file through other mechanisms than the venue's own.

``words`` reads a command, ``recording`` a file, ``cells`` runs the message door, ``measures`` sums
what came out by block of time, ``judging`` compares it with the record, ``page`` writes.
"""
