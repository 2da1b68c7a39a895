"""The independent twin: a slow market in plain Python, written to be read.

``replay`` runs messages through a market; ``simulation`` runs a whole lane: traders, links, order
of events, ledger. Of ``proteus`` it reads the configuration and draws random words by address;
everything else it works out by itself. Lists are sorted again for every question, demand and
supply are counted at every tick, and every number of the market is an integer. The kernels are
compared with it.
"""
