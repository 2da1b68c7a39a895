"""What a venue pays and charges for behaviour: scores, epochs, pools, penalties and stakes.

The pure part: models of the configuration, tables made of them on the host, and kernels over
sub-states and numbers. It knows no ledger, no world and no mechanism.
"""
