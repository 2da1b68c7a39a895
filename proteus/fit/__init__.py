"""A population that sends what was recorded: rates, sizes, distances and lifetimes of orders.

``words`` reads a command, ``recorded`` a file, ``following`` (compiled) the best prices and the
life of every order, ``estimates`` and ``distances`` are maximum likelihood, ``news`` simulated
moments, ``fitting`` puts them together, ``written`` makes the files of configuration.
"""
