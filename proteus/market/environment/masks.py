"""Where the masks lie that a design of seeds lays over words of the news, by exclusive or.

A whole complement mirrors a draw: u becomes 1 - u and a normal -z, so of the diffusion a sign is
all there is to change.
"""

import numpy as np

from proteus.compiler.jit import inline_kernel

MASK_PAYOFF = 0
MASK_DIFFUSION = 1
MASK_JUMPS = 2  # of jump 0: its time, component and size; then of the next
MASKED_JUMPS = 9  # the last of them stands for all that follow
MASKS = MASK_JUMPS + 3 * MASKED_JUMPS


@inline_kernel
def mask_of_jump(number):
    """Return the first column of the masks of a jump."""
    return MASK_JUMPS + 3 * min(np.int64(number), MASKED_JUMPS - 1)
