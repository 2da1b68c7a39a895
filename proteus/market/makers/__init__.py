"""Parts of market makers: what they believe (``filters``), and what they quote (``quoting``).

A filter makes an estimate of the fair value out of what a maker sees; a quoting rule makes a
reservation price and a half-spread out of the estimate, the inventory, the volatility, the fill
rate and the time left. Each is a file of kernels that are pure functions of a state of its own and
of numbers: they know no trader, no book and no world. Which of them a maker has is data, a code in
its state, so another choice compiles nothing. Money is in currency, time in seconds, inventory in
lots; arithmetic of decisions is portable (``arithmetic.elementary``).
"""
