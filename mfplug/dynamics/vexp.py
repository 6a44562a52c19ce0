"""An exponential that vectorises, and the settings of every compiled function.

``math.exp`` is a call of the C library, which keeps a loop scalar. This one is a few
multiplications, so LLVM turns the pair loop into vector instructions (three to four
times faster), and the result does not depend on the C library.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

#: Rewriting that may reorder sums, but must keep NaN and infinity: a plugin's NaN has
#: to be seen. Never ``nnan`` or ``ninf``.
FAST = {"reassoc", "contract", "arcp", "nsz"}
#: A call left in the inner loop would keep it scalar, so all parts are inlined.
INLINE: dict[str, Any] = {
    "fastmath": FAST, "error_model": "numpy", "forceinline": True
}  # fmt: skip
#: For arithmetic that rounds on purpose: reordering would remove the rounding.
EXACT: dict[str, Any] = {**INLINE, "fastmath": {"contract", "nsz"}}

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
#: Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
MAGIC = 6755399441055744.0
_LOWEST = -708.0
_HIGHEST = 709.782712893384
#: 1/2!, 1/3!, ..., 1/13!
_C2, _C3, _C4, _C5 = 0.5, 1 / 6, 1 / 24, 1 / 120
_C6, _C7, _C8, _C9 = 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880
_C10, _C11, _C12, _C13 = 1 / 3628800, 1 / 39916800, 1 / 479001600, 1 / 6227020800


def _bits_of(context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _from_bits(context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


#: The bits of a float as an integer, and back; for compiled code.
bits_of: Any = intrinsic(_bits_of)
from_bits: Any = intrinsic(_from_bits)


@njit(**EXACT)
def vexp(x: float) -> float:
    """Return exp(x) to about 1 unit in the last place.

    exp(x) = 2^k P(r) with k = round(x / ln 2), r = x - k ln 2 in two parts, and P the
    Taylor polynomial of degree 13 in Estrin's order. Below -708 the result is 0 (the
    true value is under 3.4e-308), above 709.78 infinity; NaN stays NaN.
    """
    clamped = _LOWEST if x < _LOWEST else x
    shifted = clamped * _LOG2_E + MAGIC
    k = shifted - MAGIC
    r = (clamped - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    low = (_C2 + _C3 * r) + (_C4 + _C5 * r) * r2
    middle = (_C6 + _C7 * r) + (_C8 + _C9 * r) * r2
    high = (_C10 + _C11 * r) + (_C12 + _C13 * r) * r2
    polynomial = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)))
    # 2^(k-1), then twice that: 2^1024 itself would not be representable.
    half_scale = from_bits((bits_of(shifted) << 52) + 4602678819172646912)
    value = polynomial * half_scale * 2.0
    value = 0.0 if x < _LOWEST else value
    return np.inf if x > _HIGHEST else value


@njit(**EXACT)
def nearest(x: float) -> float:
    """Return the integer nearest to x, halves to even, for abs(x) < 2^51.

    It is odd, so that nearest images obey Newton's third law to the bit.
    """
    return (x + MAGIC) - MAGIC
