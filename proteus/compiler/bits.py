"""Bits of machine words, as single instructions where the compiler has them."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload

from proteus.compiler.private import types


def highest_bit(word: int) -> int:
    """Return the index of the highest set bit of a non-zero uint64."""
    return int(word).bit_length() - 1


@intrinsic
def _leading_zeros(typingcontext, word):
    def codegen(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), codegen


@overload(highest_bit, jit_options={"forceinline": True})
def _highest_bit(word):
    return lambda word: 63 - np.int64(_leading_zeros(word))
