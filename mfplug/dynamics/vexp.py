"""An exponential that vectorises, and the settings of every compiled function.

``math.exp`` is a call of the C library, which keeps a loop scalar. This one is a few
multiplications, so LLVM turns the pair loop into vector instructions (three to four
times faster), and the result does not depend on the C library.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

#: Rewriting that may reorder sums, but must keep NaN and infinity: a plugin's NaN has
#: to be seen. Never ``nnan`` or ``ninf``.
FAST = {"reassoc", "contract", "arcp", "nsz"}
#: A call left in the inner loop would keep it scalar, so all parts are inlined. Only
#: compiled code calls them (Python would crash): two entries for others, with one more
#: copy each, would take half of the time to compile.
INLINE: dict[str, Any] = {
    "fastmath": FAST, "error_model": "numpy", "forceinline": True,
    "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip
#: For arithmetic that rounds on purpose: reordering would remove the rounding.
EXACT: dict[str, Any] = {**INLINE, "fastmath": {"contract", "nsz"}}

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
#: Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
MAGIC = 6755399441055744.0
#: Below and above, 2^k is 0 and infinity as the bits have it.
_LOWEST = -709.3
_HIGHEST = 710.0
#: (exp(r) - 1 - r) / r^2 on abs(r) <= 0.3467 as a polynomial in r, interpolated at ten
#: Chebyshev nodes: relative error of exp 1.7e-17.
_C2, _C3 = 0.5000000000000001, 0.16666666666666669
_C4, _C5 = 0.04166666666662399, 0.008333333333330051
_C6, _C7 = 0.0013888888917281794, 0.00019841269863105968
_C8, _C9 = 2.480152119021773e-05, 2.7557268378684192e-06
_C10, _C11 = 2.7620138719733994e-07, 2.5100424157005067e-08


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

    exp(x) = 2^k P(r) with k = round(x / ln 2), r = x - k ln 2 in two parts, and P a
    polynomial of degree 11. Below -708.74 the result is 0 (the true value is under
    1.7e-308), above 709.43 infinity; NaN stays NaN.
    """
    clamped = _LOWEST if x < _LOWEST else x
    clamped = _HIGHEST if clamped > _HIGHEST else clamped
    shifted = clamped * _LOG2_E + MAGIC
    k = shifted - MAGIC
    r = (clamped - k * _LN2_HIGH) - k * _LN2_LOW
    tail = _C8 + r * (_C9 + r * (_C10 + r * _C11))
    tail = _C4 + r * (_C5 + r * (_C6 + r * (_C7 + r * tail)))
    polynomial = 1.0 + r * (1.0 + r * (_C2 + r * (_C3 + r * tail)))
    # The exponent's field is 0 for k = -1023, and 2047 for k = 1024: zero and infinity.
    return polynomial * from_bits((bits_of(shifted) << 52) + 4607182418800017408)


@njit(**EXACT)
def nearest(x: float) -> float:
    """Return the integer nearest to x, halves to even, for abs(x) < 2^51.

    It is odd, so that nearest images obey Newton's third law to the bit.
    """
    return (x + MAGIC) - MAGIC
