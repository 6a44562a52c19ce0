"""Logarithm and power that vectorise, for potentials of any exponent."""

from __future__ import annotations

import math

from numba import njit

from mfplug.dynamics.vexp import EXACT, MAGIC, bits_of, from_bits, nearest, vexp

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
#: Bits of sqrt(1/2) and of MAGIC.
_ROOT_HALF = 4604544271217802189
_MAGIC_BITS = 4843621399236968448
_SMALLEST_NORMAL = 2.2250738585072014e-308
#: (atanh(f) / f - 1) / f^2 as a polynomial in f^2, for f up to that of m = sqrt(2),
#: interpolated at seven Chebyshev nodes: relative error of atanh 4.3e-18.
_Q0, _Q1, _Q2 = 0.3333333333333335, 0.19999999999949444, 0.14285714313126918
_Q3, _Q4 = 0.11111105544689748, 0.09091446216268435
_Q5, _Q6 = 0.07665805861027504, 0.07308903576708663


@njit(**EXACT)
def vlog(x: float) -> float:
    """Return log(x) to about 2 units in the last place.

    log(2^e m) = e log 2 + 2 atanh(f), f = (m - 1) / (m + 1), sqrt(1/2) <= m < sqrt(2).
    Minus infinity at 0, NaN below.
    """
    tiny = x < _SMALLEST_NORMAL
    bits = bits_of(x * 18014398509481984.0 if tiny else x)  # times 2^54
    exponent = (bits - _ROOT_HALF) >> 52
    m = from_bits(bits - (exponent << 52))
    e = from_bits(exponent + _MAGIC_BITS) - MAGIC
    e = e - 54.0 if tiny else e
    f = (m - 1.0) / (m + 1.0)
    s = f * f
    tail = _Q3 + s * (_Q4 + s * (_Q5 + s * _Q6))
    series = s * (_Q0 + s * (_Q1 + s * (_Q2 + s * tail)))
    value = e * _LN2_HIGH + (2.0 * f + (2.0 * f * series + e * _LN2_LOW))
    value = value if x < math.inf else x
    below = -math.inf if x == 0.0 else math.nan
    return value if x > 0.0 else below


@njit(**EXACT)
def vpow(x: float, y: float) -> float:
    """Return x^y, to about 2e-16 (1 + abs(y log x)).

    As in C: x^0 is 1, and a negative x has whole powers only, otherwise NaN.
    """
    value = vexp(y * vlog(abs(x)))
    value = 1.0 if y == 0.0 else value
    whole = nearest(y)
    odd = nearest(0.5 * whole) * 2.0 != whole
    signed = -value if odd else value
    signed = signed if whole == y else math.nan
    return signed if x < 0.0 else value
