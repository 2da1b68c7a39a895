"""Settlement: when a fill is final, and what happens where it cannot be.

A fill moves *economic* balances, those of the ledger, at once. Here each fill is a leg that is
pending until it is settled; what an account has settled is its economic balance less what is
pending. The kernels know no ledger: they are told of fills and balances, change the legs, and say
what is to be posted. Of the legs of a lane they change statuses, and ``legs.release`` lets those go
that are over, once the caller has posted them.

    traded -> pending -> settled
                      -> failed -> pending ... -> closed out
                      -> reverted

``lane`` is a row, times are ns, cash is nano-currency. Both legs of a fill, contracts one way and
cash the other, always move together: delivery versus payment.
"""
